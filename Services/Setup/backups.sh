# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# `./setup.sh backups`, entry 2 of the menu: where to, when, how many; then a first backup, read back and verified.

for part in packages options questions place engine certificates containers recovery_key deploy; do
  # shellcheck disable=SC1090  # the files beside this one
  source "$setup/$part.sh"
done

backups_usage() {
  cat <<TEXT
./setup.sh backups: says where the backups go and when, restarts the Backup service alone, takes a first backup and verifies
it. It asks what it needs to know; every question has a flag.

$(place_usage)

  --at HH:MM                 every day at this time, UTC (default: 03:15)
  --keep RULE                how many: of so many days, weeks and months the newest each (default: 7d,4w,6m)
  --recovery-key-output FILE where to write the recovery key, when there is none yet (otherwise it is shown once)
  --settings FILE            the server's settings (default: .env beside compose.yaml)
  --yes                      ask nothing; what no flag says stays as it was
  --help                     this text
TEXT
}

backups_main() {
  local at keep recovery_key_output started=$EPOCHREALTIME
  take_options backups "$place_flags at keep recovery-key-output settings" "" "$@"
  take_place
  at=${given[at]:-} keep=${given[keep]:-} recovery_key_output=${given[recovery-key-output]:-}
  begin_change
  say "Mailkeep: backups"
  use_settings
  [[ -n $secrets && -d $secrets/all ]] || fail "there is no server yet (no secrets in $settings); set one up with ./setup.sh install"
  ensure_engine
  check_recovery_output
  ask_place
  question at --at "Every day at (HH:MM, UTC)" "${setting[MAILKEEP_BACKUP_AT]:-03:15}" check_time
  question keep --keep "How many to keep, by days, weeks and months" "${setting[MAILKEEP_BACKUP_KEEP]:-7d,4w,6m}" check_keep
  step "Settings and keys" prepare_backups
  make_recovery_key
  step "Keys of the Backup service" share_secrets
  step "Restart the Backup service" compose up -d --no-deps --force-recreate backup </dev/null
  wait_for_health 120
  say "  A first backup in $(place_of_backups):"
  mailkeep_container backup now
  step "It is read back and verified" backup_container backup verify </dev/null
  say "Every day at $at UTC; $keep are kept. Look after them: mailkeep backup list, mailkeep backup verify --all"
  say "Done in $(seconds_since "$started") s."
}

prepare_backups() {
  take_place_settings
  write_settings "${place_settings[@]}" "MAILKEEP_BACKUP_AT=$at" "MAILKEEP_BACKUP_KEEP=$keep" || return
  prepare_place "$secrets/all/rclone.conf"
}

check_time() { [[ $1 =~ ^([01][0-9]|2[0-3]):[0-5][0-9]$ ]] || { echo "'$1' is not a time such as 03:15" && return 1; }; }
check_keep() { [[ $1 =~ ^[0-9]{1,3}[dwm](,[0-9]{1,3}[dwm]){0,2}$ ]] || { echo "'$1' is not a rule such as 7d,4w,6m" && return 1; }; }
