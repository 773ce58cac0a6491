# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# A container set-up: secrets for each service in a folder of its own, the first keys and files of the store, and the
# `mailkeep` command as a one-shot container that gets just the keys that the command needs.
#
# Every function works with: secrets (the folder for MAILKEEP_SECRETS), project (compose's project name).

store_gid=10000
declare -A service_uid=([smtp-inbound]=10001 [smtp-outbound]=10002 [mail-access]=10003 [redis]=10004 [dav-access]=10006 [control]=10009)
declare -A service_secrets=(
  [smtp-inbound]="configuration.key accounts.key spool.key tls.crt tls.key redis-password"
  [smtp-outbound]="configuration.key spool.key signing.key tls.crt tls.key redis-password"
  [mail-access]="configuration.key accounts.key tls.crt tls.key redis-password"
  [dav-access]="configuration.key accounts.key tls.crt tls.key redis-password"
  [redis]="redis.conf redis-password"
  [control]="configuration.key accounts.key spool.key signing.key redis-password"
)

# make_secrets CERTIFICATE KEY   fills $secrets from scratch: the master key (root's alone), the purpose keys by
# `mailkeep keys derive`, the Redis password; then each service's folder with what it may know, 0400, owned by its uid.
make_secrets() {
  local certificate=$1 key=$2 all=$secrets/all
  mkdir -p "$secrets"
  chmod 0700 "$secrets"
  mkdir -p "$all"
  chmod 0700 "$all"
  if [[ ! -f $all/master.key ]]; then
    (umask 0077 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$all/master.key" && echo >>"$all/master.key")
  fi
  control_container --network none --user 0:0 -v "$all:/run/mailkeep" -- keys derive --master /run/mailkeep/master.key --output /run/mailkeep
  if [[ ! -f $all/redis-password ]]; then (umask 0077 && make_password >"$all/redis-password"); fi
  (
    umask 0077
    cat >"$all/redis.conf" <<CONF
requirepass $(<"$all/redis-password")
save ""
appendonly no
dir /data
maxmemory 64mb
maxmemory-policy noeviction
CONF
  )
  cp "$certificate" "$all/tls.crt"
  (umask 0077 && cp "$key" "$all/tls.key")
  share_secrets
}

share_secrets() {
  local service file folder
  for service in "${!service_secrets[@]}"; do
    folder=$secrets/$service
    mkdir -p "$folder"
    for file in ${service_secrets[$service]}; do
      install -o "${service_uid[$service]}" -g "$store_gid" -m 0400 "$secrets/all/$file" "$folder/$file.new"
      mv -f "$folder/$file.new" "$folder/$file"
    done
    chown "${service_uid[$service]}:$store_gid" "$folder"
    chmod 0500 "$folder"
  done
}

# control_container docker-run-arguments… -- mailkeep-arguments…
control_container() {
  local -a run=()
  while [[ $# -gt 0 && $1 != -- ]]; do run+=("$1") && shift; done
  shift
  docker run --rm -i --read-only --tmpfs /tmp:size=16m --cap-drop ALL --security-opt no-new-privileges \
    "${run[@]}" "mailkeep/control:${MAILKEEP_VERSION:-latest}" "$@"
}

# mailkeep_container ARGUMENTS…   the operator's command on the store of the compose project, with just the keys that the
# command needs (docs/mailkeep-command.md has the table); only `health` is on a network.
mailkeep_container() {
  local -a keys=() run=(-v "${project}_store:/data" -v "${project}_accounts:/data/accounts")
  case "${1:-} ${2:-}" in
    "domain add") keys=(configuration signing) ;;
    "account add" | "account key" | "account check" | "account salvage") keys=(configuration accounts) ;;
    "domain "* | "account "* | "alias "*) keys=(configuration) ;;
    "queue "*) keys=(spool) ;;
    "init "* | "health "*) keys=(configuration spool) ;;
  esac
  local key
  for key in "${keys[@]}"; do run+=(-v "$secrets/control/$key.key:/run/mailkeep/$key.key:ro"); done
  if [[ ${1:-} == health ]]; then
    run+=(--network "${project}_back" -e MAILKEEP_REDIS_HOST=redis -e MAILKEEP_REDIS_PORT=6379
      -v "$secrets/control/redis-password:/run/mailkeep/redis-password:ro"
      -e MAILKEEP_REDIS_PASSWORD_FILE=/run/mailkeep/redis-password)
  else
    run+=(--network none)
  fi
  if [[ -t 0 && -t 1 ]]; then run+=(-t); fi
  control_container "${run[@]}" -- "$@"
}

# write_container_wrapper FILE   makes the operator's `mailkeep` for this set-up, to be called by root.
write_container_wrapper() {
  cat >"$1" <<WRAPPER
#!/usr/bin/env bash
# The operator's command for the containers of $project: one container for one command, with just the keys that it needs.
set -euo pipefail
secrets='$secrets' project='$project' MAILKEEP_VERSION='${MAILKEEP_VERSION:-latest}'
source '$setup/containers.sh'
mailkeep_container "\$@"
WRAPPER
  chmod 0700 "$1"
}
