# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# A container set-up: secrets for each service in a folder of its own, the first keys and files of the store, and the
# `mailkeep` command as a one-shot container that gets just the keys that the command needs.
#
# Every function works with what `use_settings` (settings.sh) leaves: secrets, project, version, `setting`.

# shellcheck source=Services/Setup/settings.sh
source "$setup/settings.sh"
# shellcheck source=Services/Setup/repository.sh
source "$setup/repository.sh"

# More docker arguments for every one-shot container.
control_arguments=()

store_gid=10000
declare -A service_uid=([smtp-inbound]=10001 [smtp-outbound]=10002 [mail-access]=10003 [redis]=10004 [dav-access]=10006 [web-admin]=10007 [backup]=10008 [control]=10009)
declare -A service_secrets=(
  [smtp-inbound]="configuration.key accounts.key spool.key tls.crt tls.key redis-password"
  [smtp-outbound]="configuration.key spool.key signing.key tls.crt tls.key redis-password"
  [mail-access]="configuration.key accounts.key tls.crt tls.key redis-password"
  [dav-access]="configuration.key accounts.key tls.crt tls.key redis-password"
  [web-admin]="configuration.key accounts.key spool.key signing.key tls.crt tls.key redis-password"
  [backup]="repository.key recovery.sealed rclone.conf settings.env tls.crt tls.key redis-password"
  [redis]="redis.conf redis-password"
  [control]="configuration.key accounts.key spool.key signing.key redis-password tls.crt"
)

# make_secrets CERTIFICATE KEY   fills $secrets, what is there stays: the master key (root's alone), the purpose keys by
# `mailkeep keys derive`, the Redis password; then each service's folder with what it may know, 0400, owned by its uid.
make_secrets() {
  local certificate=$1 key=$2 all=$secrets/all
  mkdir -p "$all" && chmod 0700 "$secrets" "$all" || return
  if [[ ! -f $all/master.key ]]; then
    # Whole or not at all: half a key would be taken for one by the next run.
    (umask 0077 && { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' && echo; } >"$all/master.key.new") &&
      sync "$all/master.key.new" && mv "$all/master.key.new" "$all/master.key" || return
  fi
  control_container --network none --user 0:0 -v "$all:/run/mailkeep" -- \
    keys derive --master /run/mailkeep/master.key --output /run/mailkeep </dev/null || return
  if [[ ! -f $all/redis-password ]]; then (umask 0077 && make_password >"$all/redis-password") || return; fi
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
  ) || return
  if [[ $certificate != "$all/tls.crt" ]]; then
    (umask 0077 && cp "$certificate" "$all/tls.crt" && cp "$key" "$all/tls.key") || return
  fi
  share_secrets
}

# share_secrets   what each service may know, of $secrets/all, goes into its folder.
share_secrets() {
  local service file folder all=$secrets/all
  # A backup has the settings, too. Without a remote there is nothing to tell rclone.
  install -m 0600 "$settings" "$all/settings.env" || return
  [[ -f $all/rclone.conf ]] || (umask 0077 && : >"$all/rclone.conf") || return
  for service in "${!service_secrets[@]}"; do
    folder=$secrets/$service
    mkdir -p "$folder"
    for file in ${service_secrets[$service]}; do
      # Backup keys are there when the recovery key has been told.
      [[ -e $all/$file ]] || continue
      # Services take a changed certificate anew; what is the same stays.
      if cmp -s "$all/$file" "$folder/$file" &&
        [[ $(stat -c '%u:%g %a' "$folder/$file") == "${service_uid[$service]}:$store_gid 400" ]]; then continue; fi
      install -o "${service_uid[$service]}" -g "$store_gid" -m 0400 "$all/$file" "$folder/$file.new" &&
        mv -f "$folder/$file.new" "$folder/$file" || return
    done
    chown "${service_uid[$service]}:$store_gid" "$folder" && chmod 0500 "$folder" || return
  done
}

# control_container docker-run-arguments… -- mailkeep-arguments…
control_container() {
  local -a run=()
  while [[ $# -gt 0 && $1 != -- ]]; do run+=("$1") && shift; done
  shift
  docker run --rm -i --read-only --tmpfs /tmp:size=16m --cap-drop ALL --security-opt no-new-privileges \
    "${control_arguments[@]}" "${run[@]}" "mailkeep/${control_image:-control}:$version" "$@"
}

# mailkeep_container ARGUMENTS…   the operator's command on the store of the compose project, with just the keys that the
# command needs (docs/mailkeep-command.md has the table). `health` and `backup now` are on the services' inner network, `dns`
# on the one that leads out; repository.sh has those that work on the backups; the others are on none.
mailkeep_container() {
  case "${1:-} ${2:-}" in
    "backup run" | "backup list" | "backup verify" | "backup tidy")
      backup_container "$@"
      return
      ;;
    "restore account")
      restore_account_container "$@"
      return
      ;;
    "keys rotate") fail "that concerns every container's keys: use $root/setup.sh keys rotate" ;;
    "backup keys" | "restore all") fail "that concerns secrets and containers: use $root/setup.sh, entries 2 and 5" ;;
  esac
  local -a keys=() run=(-v "${project}_store:/data" -v "${project}_accounts:/data/accounts")
  case "${1:-} ${2:-}" in
    "domain add") keys=(configuration signing) ;;
    "account add" | "account key" | "account check" | "account show" | "account salvage") keys=(configuration accounts) ;;
    "domain "* | "account "* | "alias "* | "dns "*) keys=(configuration) ;;
    "queue "*) keys=(spool) ;;
    "init "* | "health "*) keys=(configuration spool) ;;
  esac
  local key
  for key in "${keys[@]}"; do
    run+=(-v "$secrets/control/$key.key:/run/mailkeep/$key.key:ro")
    # While the master key is rotated.
    if [[ -e $secrets/control/$key.next.key ]]; then
      run+=(-v "$secrets/control/$key.next.key:/run/mailkeep/$key.next.key:ro")
    fi
  done
  case ${1:-} in
    health | backup)
      run+=(--network "${project}_back" -e MAILKEEP_REDIS_HOST=redis -e MAILKEEP_REDIS_PORT=6379
        -v "$secrets/control/redis-password:/run/mailkeep/redis-password:ro"
        -e MAILKEEP_REDIS_PASSWORD_FILE=/run/mailkeep/redis-password)
      local service
      if [[ $1 == health && $* != *--service* ]]; then
        for service in $(our_services); do set -- "$@" --service "http://$service:8080"; done
      fi
      ;;
    dns)
      if [[ " $* " == *" --offline "* ]]; then run+=(--network none); else run+=(--network "${project}_outgoing"); fi
      run+=(-v "$secrets/control/tls.crt:/run/mailkeep/tls.crt:ro"
        -e MAILKEEP_TLS_CERTIFICATE=/run/mailkeep/tls.crt -e "MAILKEEP_HOSTNAME=${setting[MAILKEEP_HOSTNAME]:-}"
        -e "MAILKEEP_ADDRESSES=${setting[MAILKEEP_ADDRESSES]:-}" -e "MAILKEEP_DNS_FORWARD=${setting[MAILKEEP_DNS_FORWARD]:-}"
        -e "MAILKEEP_DNS_ANCHOR_FILE=${setting[MAILKEEP_DNS_ANCHOR_FILE]:-}")
      ;;
    *) run+=(--network none) ;;
  esac
  if [[ -t 0 && -t 1 ]]; then run+=(-t); fi
  control_container "${run[@]}" -- "$@"
}

# make_volumes   the store's, with the labels that Compose gives its own.
make_volumes() {
  local name
  for name in store accounts; do
    docker volume create --label "com.docker.compose.project=$project" --label "com.docker.compose.volume=$name" \
      "${project}_$name" || return
  done
}

# write_container_wrapper FILE   makes the operator's `mailkeep` for this set-up, to be called by root.
write_container_wrapper() {
  mkdir -p "$(dirname "$1")"
  cat >"$1.new" <<WRAPPER
#!/usr/bin/env bash
# The operator's command for Mailkeep's containers: one container for one command, with just the keys that it needs.
set -euo pipefail
setup='$setup' root='$root' settings='$settings'
source "\$setup/common.sh"
source "\$setup/containers.sh"
[[ \$EUID == 0 ]] || fail "the secrets are root's; call it with sudo"
use_settings
mailkeep_container "\$@"
WRAPPER
  chmod 0755 "$1.new"
  mv "$1.new" "$1"
}
