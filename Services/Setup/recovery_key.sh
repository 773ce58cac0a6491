# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# The backup keys, and the recovery key that is shown once and kept away from the server.

has_backup_keys() { [[ -f $secrets/all/repository.key ]]; }

# check_recovery_output   before anything is done: can the key be told at all?
check_recovery_output() {
  if has_backup_keys; then return; fi
  if [[ -n $recovery_key_output ]]; then
    [[ ! -e $recovery_key_output ]] || fail "--recovery-key-output: $recovery_key_output is there already and is not overwritten"
    [[ -d $(dirname "$recovery_key_output") ]] || fail "--recovery-key-output: there is no folder $(dirname "$recovery_key_output")"
  elif ! is_interactive; then
    fail "the recovery key of the backups has to be told once: say where to write it with --recovery-key-output FILE"
  fi
}

# make_recovery_key   makes the backup keys in $secrets/all when there are none. They are put there only when the recovery key
# has been told, so that no run that was cut off leaves keys whose recovery key nobody has.
make_recovery_key() {
  local new=$secrets/backup.new key
  if has_backup_keys; then return; fi
  rm -rf "$new"
  (umask 0077 && mkdir -p "$new") || return
  key=$(control_container --network none --user 0:0 -v "$secrets/all/master.key:/run/mailkeep/master.key:ro" -v "$new:/new" -- \
    backup keys --master /run/mailkeep/master.key --output /new </dev/null 2>>"${step_log:-/dev/stderr}") ||
    fail "the backup keys could not be made; $step_log says why"
  if [[ -n $recovery_key_output ]]; then
    if ! { (umask 0077 && set -C && printf '%s\n' "$key" >"$recovery_key_output") && sync "$recovery_key_output"; }; then
      fail "cannot write $recovery_key_output"
    fi
    say "  The recovery key is in $recovery_key_output: move it away from this server, and keep it."
  else
    show_recovery_key "$key"
  fi
  mv "$new/recovery.public" "$secrets/all/" && mv "$new/recovery.sealed" "$secrets/all/" && mv "$new/repository.key" "$secrets/all/" && rmdir "$new" && share_secrets
}

# Shown until its last group is typed back.
show_recovery_key() {
  local typed
  say
  say "  The recovery key of the backups. With it and a backup everything can be brought back on any machine; without it nothing."
  say "  Write it down now and keep it away from this server. It is not shown again."
  say
  say "      $1"
  say
  while :; do
    read -r -p "  Its last four letters, to show that you have it: " typed ||
      fail "the recovery key was not confirmed, so it is thrown away; run this again for another"
    if [[ ${typed^^} == "${1: -4}" ]]; then break; fi
    say "  Those are others; look again."
  done
}
