# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# `./setup.sh keys rotate`: a new master key in the place of the old, while every service runs.

for part in options engine containers; do
  # shellcheck disable=SC1090  # the files beside this one
  source "$setup/$part.sh"
done

keys_usage() {
  cat <<'TEXT'
./setup.sh keys rotate: makes a new master key, wraps every key of the store by what is derived from it, and gives each service its
new keys. Services go on meanwhile, no session ends, no mail is touched. Cut off anywhere, the same command finishes it. The
recovery key of the backups stays.

  --recovery-key-file FILE   the recovery key of the backups: needed once where it was made before there was this command
  --recovery-key-output FILE without it there: where to write the new one that is then made (otherwise it is shown once)
  --settings FILE            the server's settings (default: .env beside compose.yaml)
  --yes                      ask nothing
  --help                     this text
TEXT
}

keys_main() {
  local command=${1:-} project version hostname domain addresses secrets started=$EPOCHREALTIME
  [[ $command == rotate || $command == --help || $command == -h ]] || fail "keys: say what: ./setup.sh keys rotate"
  if [[ $command == rotate ]]; then shift; fi
  take_options keys "recovery-key-file recovery-key-output settings" "" "$@"
  begin_change
  say "Mailkeep: a new master key"
  use_settings
  [[ -n $secrets && -f $secrets/all/master.key ]] || fail "there is no server yet (no secrets in $settings); set one up with ./setup.sh install"
  ensure_engine
  ask "Rotate the master key of $hostname now?" || fail "nothing was changed"
  rotate_master
  say "The old master key is gone; everything is wrapped by the new one, $secrets/all/master.key. Done in $(seconds_since "$started") s."
}

# The new one is master.next.key until everything is wrapped by what comes from it; then it takes the old one's place.
rotate_master() {
  local service
  local -a rotate=(--master /secrets/all/master.key --to /secrets/all/master.next.key --data /data --keys /secrets/all) run=()
  for service in "${!service_secrets[@]}"; do
    if [[ ${service_secrets[$service]} == *configuration.key* && -d $secrets/$service ]]; then
      rotate+=(--folder "/secrets/$service")
    fi
  done
  if [[ -f $secrets/all/repository.key ]]; then rotate+=(--backup-keys /secrets/all); fi
  if [[ -f $secrets/backup/repository.key ]]; then rotate+=(--backup-keys /secrets/backup); fi
  if [[ -n ${given[recovery-key-file]:-} ]]; then
    run+=(-v "$(realpath "${given[recovery-key-file]}"):/run/recovery-key:ro")
    rotate+=(--recovery-key-file /run/recovery-key)
  fi
  step "Every key of the store wrapped anew, every service's keys exchanged" rotate_container ||
    fail "the rotation did not come to its end. Run this again: it goes on from there"
  tell_recovery_key
  mv -f "$secrets/all/master.next.key" "$secrets/all/master.key" && sync "$secrets/all"
}

# Files that it replaces keep their owners. A new recovery key is not for the log.
rotate_container() {
  control_container --network none --user "0:$store_gid" --cap-add DAC_OVERRIDE --cap-add CHOWN --cap-add FOWNER "${run[@]}" \
    -v "${project}_store:/data" -v "${project}_accounts:/data/accounts" -v "$secrets:/secrets" -- \
    keys rotate "${rotate[@]}" </dev/null >>"$secrets/all/recovery-key.new"
}

# A new recovery key, where one was made: the last one, when runs before were cut off.
tell_recovery_key() {
  local new=$secrets/all/recovery-key.new output=${given[recovery-key-output]:-} key
  if [[ -s $new ]]; then
    key=$(tail -n 1 "$new")
    if [[ -n $output ]]; then
      (umask 0077 && set -C && printf '%s\n' "$key" >"$output") || fail "cannot write $output; the new recovery key is in $new"
      say "  The new recovery key is in $output: move it away from this server, and keep it."
    else
      say "  The new recovery key of the backups; write it down and keep it away from this server. It is not shown again:"
      say "      $key"
    fi
  fi
  rm -f "$new"
}
