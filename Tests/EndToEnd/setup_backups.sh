# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154  # shared with setup.sh, which has this
# What setup.sh must hold of backups: set up, brought back in part, in place and from nothing, in somebody else's storage; and of a
# new master key on the way.

# The password is not the first one any more; DKIM keys as mailkeep tells them.
before_the_backup() {
  make_password >"$work/bob.password"
  "$work/sbin/mailkeep" account password bob@example.org --password-file - <"$work/bob.password"
  mailkeep domain dkim example.org >"$work/dkim"
  describe
}

set_up_backups() {
  local said
  said=$("$root/setup.sh" backups --settings "$settings" --to folder --folder "$work/backups" --at 25:00 --yes </dev/null 2>&1) && return 1
  [[ $said == *"is not a time such as 03:15"* ]] || { echo "$said"; return 1; }
  "$root/setup.sh" backups --settings "$settings" --to folder --folder "$work/backups" --at 04:30 --keep 3d,1w --yes </dev/null
  mailkeep backup list --json | grep -F '"id"'
  # nothing readable, and only the Backup service reads it
  [[ $(stat -c '%u %a' "$work/backups") == "10008 700" ]]
  if grep -rqaF -e example.org -e "To Bob" "$work/backups"; then return 1; fi
}

# No service is started anew; each has its own keys, as before.
rotate_keys() {
  use_settings
  local master containers file
  master=$(<"$secrets/all/master.key") containers=$(compose ps -q)
  "$root/setup.sh" keys rotate --settings "$settings" --yes </dev/null
  [[ $(<"$secrets/all/master.key") != "$master" && $(stat -c %a "$secrets/all/master.key") == 400 ]]
  [[ -z $(find "$secrets" -name '*.next.key' -o -name '*.new') ]]
  for file in mail-access/accounts.key smtp-outbound/signing.key web-admin/spool.key; do
    cmp "$secrets/all/${file#*/}" "$secrets/$file"
    [[ $(stat -c '%u %a' "$secrets/$file") == "${service_uid[${file%/*}]} 400" ]]
  done
  cmp "$secrets/all/recovery.sealed" "$secrets/backup/recovery.sealed"
  [[ ! -e $secrets/backup/recovery.public && $(compose ps -q) == "$containers" ]]
  mailkeep health
}

restore() { "$root/setup.sh" restore --settings "$settings" --to folder --folder "$work/backups" --yes "$@" </dev/null; }

wrong_restores() {
  local said
  said=$(restore --what all </dev/null 2>&1) && return 1
  [[ $said == *"say where the recovery key is: --recovery-key-file FILE"* ]] || { echo "$said"; return 1; }
  sed 's/./X/12' "$work/recovery-key" >"$work/wrong-key"
  said=$(restore --what all --recovery-key-file "$work/wrong-key" 2>&1) && return 1
  [[ $said == *"Is this the right place, and the key of these backups?"* ]] || { echo "$said"; return 1; }
  said=$(restore --what all --recovery-key-file "$work/recovery-key" --backup 20200101T000000Z-00000000 2>&1) && return 1
  [[ $said == *"there is no backup '20200101T000000Z-00000000'"* ]] || { echo "$said"; return 1; }
}

account_beside() {
  restore --what bob@example.org --as bob-before@example.org --recovery-key-file "$work/recovery-key"
  mailkeep account list --json | grep -F '"bob-before@example.org"'
  mailkeep account remove bob-before@example.org --yes
}

everything_in_place() { restore --what all --recovery-key-file "$work/recovery-key"; }

everything_is_lost() {
  remove_everything
  [[ ! -e $settings && ! -e $work/secrets && -z $(docker volume ls -q --filter "name=${project}_") ]]
  # a new machine: the repository was carried there by root
  chown -R 0:0 "$work/backups"
}

from_nothing() {
  restore --what all --recovery-key-file "$work/recovery-key" --secrets "$work/secrets" --prefix "$work" --images built \
    "${apart_settings[@]}"
  use_settings
  [[ ${setting[MAILKEEP_HOSTNAME]} == mail.example.org && ${setting[MAILKEEP_BACKUP_AT]} == 04:30 ]]
  shows_certificate "$work/tls/ca.crt"
  mailkeep domain dkim example.org | diff "$work/dkim" -
  mailkeep health
}

# The next backup goes into the same repository, under the same recovery key.
backups_go_on() {
  local before
  before=$(mailkeep backup list --json | grep -c '"id"')
  mailkeep backup run
  [[ $(mailkeep backup list --json | grep -c '"id"') == $((before + 1)) ]]
  mailkeep backup verify --all
}

# Another place for the backups; the account comes back from there.
storage_of_others() {
  local port=$((first + 22)) gateway storage
  gateway=$(docker network inspect --format '{{(index .IPAM.Config 0).Gateway}}' "${project}_outgoing")
  "$(dirname "$test_python")/moto_server" -H "$gateway" -p "$port" >"$work/moto.log" 2>&1 &
  storage=$!
  # shellcheck disable=SC2064  # this one
  trap "kill $storage" EXIT
  wait_until 20 "moto" curl -fs "http://$gateway:$port/moto-api/"
  AWS_ACCESS_KEY_ID=anybody AWS_SECRET_ACCESS_KEY=anything AWS_DEFAULT_REGION=us-east-1 "$test_python" -c "import boto3
boto3.client('s3', endpoint_url='http://$gateway:$port').create_bucket(Bucket='mail')"
  printf 'anybody\nanything\n' >"$work/access"
  local -a place=(--to s3 --endpoint "http://$gateway:$port" --bucket mail/server1 --region us-east-1 --access-file "$work/access")
  "$root/setup.sh" backups --settings "$settings" "${place[@]}" --yes </dev/null
  use_settings
  [[ ${setting[MAILKEEP_BACKUP_REPOSITORY]} == backups:mail/server1 && ${setting[MAILKEEP_BACKUP_AT]} == 04:30 ]]
  [[ $(stat -c '%u %a' "$secrets/backup/rclone.conf") == "10008 400" ]]
  if grep -rqF anything "$settings" "$work/setup.log"; then return 1; fi
  "$root/setup.sh" restore --settings "$settings" --yes --what bob@example.org --as bob-before@example.org \
    --recovery-key-file "$work/recovery-key" </dev/null
  mailkeep account list --json | grep -F '"bob-before@example.org"'
}
