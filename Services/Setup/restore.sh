# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# `./setup.sh restore`, entry 5 of the menu: one account while everything runs, or everything, also on a new machine with only
# the backups and the recovery key.

for part in packages options questions place machine engine certificates containers deploy; do
  # shellcheck disable=SC1090  # the files beside this one
  source "$setup/$part.sh"
done

restore_usage() {
  cat <<TEXT
./setup.sh restore: brings a backup back. On a server: one account, while everything else runs, or everything, after the
services have been stopped (what was there is kept beside). On a new machine: everything, with settings, secrets and certificate,
from the backups and the recovery key alone. It asks what it needs to know; every question has a flag.

Where the backups are
$(place_usage)

What to restore
  --what all|ADDRESS         everything, or one account, as in anna@example.org
  --as ADDRESS               the account as a new one of this address, beside the one that is there
  --backup ID                which backup (default: the newest)
  --recovery-key-file FILE   the recovery key (MKR1-…); it is asked for otherwise

On a new machine, also
  --images WHICH, --set NAME=VALUE, --secrets FOLDER, --prefix FOLDER    as for ./setup.sh install
  --settings FILE            the settings (default: .env beside compose.yaml)
  --yes                      ask nothing
  --help                     this text
TEXT
}

restore_main() {
  local what backup recovery_key_file images secrets prefix work is_new=0 project version hostname domain addresses will_build=0
  local certificate="" certificate_key="" is_stopgap=0 lacks_accounts=0 offline=1 rclone_file="" started=$EPOCHREALTIME
  local -a chosen store_run
  take_options restore "$place_flags what as backup recovery-key-file images set settings secrets prefix" "" "$@"
  take_place
  what=${given[what]:-} backup=${given[backup]:-} recovery_key_file=${given[recovery-key-file]:-}
  images=${given[images]:-auto} prefix=${given[prefix]:-/usr/local}
  begin_change
  say "Mailkeep: restore"
  take_settings
  secrets=${setting[MAILKEEP_SECRETS]:-}
  [[ -n $secrets && -d $secrets/all ]] || is_new=1
  if [[ $is_new == 1 ]]; then
    secrets=$(realpath -m "${given[secrets]:-/etc/mailkeep/secrets}")
    say "  There is no server on this machine yet: everything is restored."
    what=${what:-all}
    [[ $what == all ]] || fail "--what: on a new machine everything is restored; afterwards single accounts can be"
  fi
  ensure_engine
  choose_images
  question what --what "What (all, or the address of an account)" all check_what
  ask_place
  begin_work
  take_recovery_key
  choose_backup
  if [[ $what != all ]]; then
    restore_account
  elif [[ $is_new == 1 ]]; then
    restore_new
  else
    restore_replace
  fi
  say "Done in $(seconds_since "$started") s."
}

check_what() {
  [[ $1 == all || $1 == *?@?* ]] || { echo "'$1' is neither all nor an address such as anna@example.org" && return 1; }
}

# A folder in memory for the recovery key and the storage's keys, gone at the end.
begin_work() {
  work=$(mktemp -d /run/mailkeep-restore.XXXXXX)
  chmod 0700 "$work"
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$work'" EXIT
  take_place_settings
  if [[ $place_kind != folder ]]; then
    rclone_file=$work/rclone.conf
    if [[ $place_kept == 1 ]]; then rclone_file=$secrets/all/rclone.conf; fi
    prepare_place "$rclone_file"
  else
    [[ -d $place_folder ]] || fail "there is no folder $place_folder"
  fi
  store_run=(-v "${project}_store:/data" -v "${project}_accounts:/data/accounts")
}

take_recovery_key() {
  local key
  if [[ -n $recovery_key_file ]]; then
    install -m 0600 "$recovery_key_file" "$work/recovery-key" || fail "--recovery-key-file: $recovery_key_file cannot be read"
    return
  fi
  is_interactive || fail "say where the recovery key is: --recovery-key-file FILE"
  read -rs -p "Recovery key (MKR1-…, not shown): " key || fail "no recovery key"
  say
  (umask 0077 && printf '%s\n' "$key" >"$work/recovery-key")
}

restored() { restore_container "$@" --recovery-key-file - <"$work/recovery-key"; }

# As restored; everything but the mail of accounts that it named (3) is a restore, too.
restored_all() {
  local status=0
  restored "$@" || status=$?
  if [[ $status == 3 ]]; then lacks_accounts=1 status=0; fi
  return "$status"
}

tell_of_lacking() {
  [[ $lacks_accounts == 0 ]] ||
    warn "accounts named above (WITHOUT ITS MAIL) came back without mail: ./setup.sh restore --what ADDRESS --backup ID brings each back from another backup"
}

choose_backup() {
  local list newest
  say
  list=$(restored -- backup list) ||
    fail "the backups cannot be read; the reason is above. Is this the right place, and the key of these backups?"
  printf '%s\n' "$list"
  newest=$(awk 'NR == 2 { print $1 }' <<<"$list")
  [[ -n $newest ]] || fail "there is no backup yet in this place"
  question backup --backup "Which" "$newest" check_backup
}
check_backup() { awk -v id="$1" 'NR > 1 && $1 == id { found = 1 } END { exit !found }' <<<"$list" || { echo "there is no backup '$1'; the list is above" && return 1; }; }

restore_account() {
  local -a as=()
  if [[ -n ${given[as]:-} ]]; then as=(--as "${given[as]}"); fi
  ask "Bring $what back as it was in $backup${given[as]:+, as ${given[as]}}?" || fail "nothing was changed"
  restore_account_container restore account "$what" --backup "$backup" "${as[@]}" --recovery-key-file - <"$work/recovery-key"
}

# Everything of a server that is there. What it has now is kept beside, and comes back when the restore fails.
restore_replace() {
  ask "Stop every service of ${setting[MAILKEEP_HOSTNAME]} and put $backup in place of what is there?" || fail "nothing was changed"
  step "Stop every service" compose stop --timeout 35
  if ! restored_all "${store_run[@]}" -v "$secrets/all:/run/mailkeep" -- \
    restore all --backup "$backup" --replace; then
    start_services || true
    fail "nothing was restored, and the services run as before; the reason is above"
  fi
  use_settings
  bring_up
  tell_of_lacking
}

# A new machine: the backups and the recovery key give the store, the master key, the backup keys, settings and certificate.
restore_new() {
  ask "Restore everything from $backup, with the secrets in $secrets?" || fail "nothing was changed"
  (umask 0077 && mkdir -p "$secrets/all")
  chmod 0700 "$secrets" "$secrets/all"
  mkdir "$work/settings"
  if [[ $will_build == 1 ]]; then step "Build the images (the first time some ten minutes)" build_images; fi
  step "Volumes" make_volumes
  restored_all "${store_run[@]}" -v "$secrets/all:/run/mailkeep" -v "$work/settings:/settings" -- \
    restore all --backup "$backup" --master /run/mailkeep/master.key --backup-keys /run/mailkeep --settings /settings ||
    fail "the restore did not come to its end; the reason is above. Run this again: it goes on from there"
  take_restored_settings
  say
  say "This machine:"
  check_machine
  choose_certificate
  step "Secrets in $secrets" make_secrets "$certificate" "$certificate_key"
  bring_up
  say "  $hostname is back. Its DKIM keys are those of the backup: when the address is the same, the DNS stays as it is."
  say "  Where it is another: change MAILKEEP_ADDRESSES in $settings, then \`mailkeep dns $domain --check\` says what to set."
  tell_of_stopgap
  tell_of_lacking
}

# The settings of the backup, but for what is said here; the certificate; the place of the backups, where the next ones go.
take_restored_settings() {
  local line found problem
  local -a lines=()
  found=$(find "$work/settings" -type f -name settings.env | head -n 1)
  [[ -n $found ]] || fail "the backup has no settings; the store and the keys are back, go on with ./setup.sh install --secrets $secrets"
  while IFS= read -r line; do
    if [[ $line =~ ^[A-Z][A-Z0-9_]*= ]]; then lines+=("$line"); fi
  done <"$found"
  write_settings "${lines[@]}" "MAILKEEP_SECRETS=$secrets" "COMPOSE_PROJECT_NAME=$project" "MAILKEEP_VERSION=$version" \
    "${chosen[@]}" "${place_settings[@]}"
  use_settings
  prepare_place "$secrets/all/rclone.conf"
  found=$(find "$work/settings" -type f -name tls.crt -printf '%h' -quit)
  if problem=$(check_certificate "$found/tls.crt" "$found/tls.key" "$hostname"); then
    install -m 0600 "$found"/tls.{crt,key} "$secrets/all/"
  else
    warn "the certificate of the backup is of no use: $problem"
  fi
}
