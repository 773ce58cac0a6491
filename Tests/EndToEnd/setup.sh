#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# setup.sh as on an empty server, on the real engine: unattended, on a terminal, again, and after everything was lost.
# The images mailkeep/* must be there (./setup.sh test builds them).
# shellcheck disable=SC2034,SC2154  # shared with the sourced files
set -euo pipefail
# shellcheck source=Tests/EndToEnd/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup=$root/Services/Setup
for part in common questions certificates containers engine machine; do
  # shellcheck disable=SC1090  # the files of Services/Setup
  source "$setup/$part.sh"
done
find_compose

# The networks have fixed addresses: one run at a time on a machine.
exec 8>/tmp/mailkeep-containers.lock
flock 8

work=$(mktemp -d /tmp/mailkeep-setup.XXXXXX)
settings=$work/settings
server=$work/server.json
export MAILKEEP_SETUP_LOG=$work/setup.log
project=mailkeepsetup$$
# Below what the kernel gives to outgoing connections.
first=$((15000 + ($$ % 200) * 25))

# What the checkout and the machine must not share with the test.
apart_settings=(--set "MAILKEEP_BACKUPS=$work/backups-by-itself" --set "COMPOSE_PROJECT_NAME=$project" --set "MAILKEEP_VERSION=${MAILKEEP_VERSION:-latest}")
number=$first
while read -r name _; do
  apart_settings+=(--set "$name=$number")
  number=$((number + 1))
done < <(read_settings && published_ports)
apart=(--settings "$settings" --images built --prefix "$work" "${apart_settings[@]}")

clean_up() {
  local status=$?
  if [[ -f $settings ]]; then
    use_settings
    if [[ $status != 0 ]]; then
      compose ps || true
      compose logs --no-color --tail 30 || true
      tail -n 40 "$work/setup.log" || true
    fi
    remove_everything >/dev/null 2>&1 || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT

# Containers, volumes, networks, secrets, settings.
remove_everything() {
  use_settings
  compose down -v --remove-orphans --timeout 20
  docker volume rm -f "${project}_store" "${project}_accounts"
  rm -rf "$secrets" "$settings" "$work/sbin" "$work"/*.zone
}

mailkeep() { "$work/sbin/mailkeep" "$@" </dev/null; }

# refused "words" FLAG…   install refuses, and says the words.
refused() {
  local words=$1 said
  shift
  if said=$("$root/setup.sh" install --settings "$work/refused" "$@" --yes --offline </dev/null 2>&1); then
    echo "taken: $*"
    return 1
  fi
  [[ $said == *"$words"* ]] || { echo "$said"; return 1; }
  [[ ! -e $work/refused ]]
}

wrong_answers() {
  local good=(--domain example.org --hostname mail.example.org --administrator anna --address 203.0.113.5)
  local server_kept=$work/kept
  : >"$server_kept"
  refused "say it with --domain"
  refused "is not a domain name" --domain "exa mple.org"
  refused "xn--" --domain "메일.example"
  refused "a name such as example.org is meant" --domain 192.0.2.7
  refused "need a name of the DNS" --domain example.org --hostname localhost.localhost
  refused "say it with --administrator" --domain example.org
  refused "cannot be the administrator" --domain example.org --administrator "an na"
  refused "reaches the administrators by itself" --domain example.org --administrator abuse
  refused "is not an IP address" "${good[@]}" --address 300.1.1.1
  refused "cannot be read" "${good[@]}" --password-file /nowhere
  refused "--images takes" "${good[@]}" --images some
  refused "compose.yaml has no such setting" "${good[@]}" --set MAILKEEP_NONSENSE=1
  refused "unknown option --colour" "${good[@]}" --colour
  refused "needs a value" --domain
  refused "--domain is given twice" "${good[@]}" --domain example.net
  refused "say where to write it with --recovery-key-output" "${good[@]}"
  refused "is there already and is not overwritten" "${good[@]}" --recovery-key-output "$server_kept"
  good+=(--recovery-key-output "$work/none")
  refused "are not there at version no-such-version" "${good[@]}" --images built "${apart_settings[@]}" \
    --set MAILKEEP_VERSION=no-such-version
}

# A port that somebody has is named with who has it, and stops everything.
port_taken() {
  local holder port=$((first + 20)) said
  timeout 60 "$test_python" -c "import socket, signal
with socket.create_server(('127.0.0.1', $port)): print('up', flush=True); signal.pause()" >"$work/holder" 2>&1 &
  holder=$!
  wait_until 10 "a program on port $port" grep -q up "$work/holder"
  said=$("$root/setup.sh" install --settings "$work/refused" --domain example.org --administrator anna --address 203.0.113.5 \
    --recovery-key-output "$work/none" "${apart_settings[@]}" --set "MAILKEEP_SMTP_PORT=$port" --yes --offline --images built </dev/null 2>&1) && return 1
  kill "$holder"
  [[ $said == *"port $port is taken by python"*"--set MAILKEEP_SMTP_PORT="*"--force"* ]] || { echo "$said"; return 1; }
}

# Outgoing port 25 and the names of the addresses, as they may be.
network_checks() {
  local port=$((first + 21)) server said hostname=localhost addresses=127.0.0.1 probe_server=127.0.0.1:$((first + 21))
  warnings=0 errors=0
  timeout 60 "$test_python" -c "import socket
with socket.create_server(('127.0.0.1', $port)) as s:
  print('up', flush=True); c, _ = s.accept(); c.sendall(b'220 mx.example ESMTP\\r\\n'); c.recv(100)" >"$work/greeter" 2>&1 &
  server=$!
  wait_until 10 "a mail server on port $port" grep -q up "$work/greeter"
  said=$(check_outgoing)
  [[ $said == *"ok "*"port $port of 127.0.0.1 answers"* ]] || { echo "$said"; return 1; }
  wait "$server"
  said=$(check_outgoing)
  [[ $said == *warning*"no answer from port $port"*"open outgoing port 25"* ]] || { echo "$said"; return 1; }
  said=$(check_reverse_names)
  [[ $said == *"ok "*"name of 127.0.0.1: localhost"* ]] || { echo "$said"; return 1; }
  hostname=mail.example.org
  said=$(check_reverse_names)
  [[ $said == *warning*"localhost"*"not mail.example.org"*"provider"* ]] || { echo "$said"; return 1; }
  is_private 10.1.2.3 && is_private 100.64.0.1 && ! is_private 203.0.113.5
}

install() {
  "$root/setup.sh" install "${apart[@]}" --secrets "$work/secrets" --yes --offline "$@" </dev/null
}

first_install() {
  local said
  make_password >"$work/anna.password"
  said=$(install --domain example.org --hostname mail.example.org --administrator anna --address 192.0.2.5 \
    --password-file "$work/anna.password" --recovery-key-output "$work/recovery-key")
  printf '%s\n' "$said"
  [[ $said == *"example.org. IN MX 10 mail.example.org."*"Mail programs:"* ]]
  [[ $(stat -c %a "$settings") == 600 && $(stat -c '%U %a' "$work/secrets") == "root 700" ]]
  # no secret in the log, in the settings or in what was said
  local secret
  for secret in "$work/anna.password" "$work/recovery-key" "$work"/secrets/all/{*.key,redis-password}; do
    [[ $secret == *tls.key ]] && continue
    if grep -qF -f "$secret" "$work/setup.log" "$settings" <(printf '%s' "$said"); then echo "$secret is told" && return 1; fi
  done
}

# The same again: nothing changes, no secret, no setting, no container.
again() {
  use_settings
  local before after
  before=$(find "$work/secrets/all" "$settings" -type f -exec sha256sum {} + && compose ps -q)
  install
  after=$(find "$work/secrets/all" "$settings" -type f -exec sha256sum {} + && compose ps -q)
  [[ $before == "$after" ]]
}

# The stopgap gives way to a certificate of the operator's own, while the services run.
own_certificate() {
  make_certificate "$work/tls" localhost 127.0.0.1 ::1 mail.example.org
  make_certificate "$work/other" elsewhere.example
  local said
  said=$(install --certificate "$work/other/server.crt" --certificate-key "$work/other/server.key" 2>&1) && return 1
  [[ $said == *"is not for mail.example.org"* ]] || { echo "$said"; return 1; }
  said=$(install --certificate "$work/tls/server.crt" --certificate-key "$work/other/server.key" 2>&1) && return 1
  [[ $said == *"is not the key of"* ]] || { echo "$said"; return 1; }
  install --certificate "$work/tls/server.crt" --certificate-key "$work/tls/server.key"
  use_settings
  wait_until 20 "the new certificate" shows_certificate "$work/tls/ca.crt"
}
shows_certificate() {
  openssl s_client -connect "127.0.0.1:$(published_port MAILKEEP_IMAPS_PORT)" -CAfile "$1" -verify_return_error \
    -verify_hostname mail.example.org </dev/null
}

add_bob() {
  make_password >"$work/bob.password"
  "$work/sbin/mailkeep" account add bob@example.org --password-file - <"$work/bob.password"
}

# What the clients of the tests need to know.
describe() {
  use_settings
  "$test_python" - "$work" "$(published_ports)" >"$server" <<'PYTHON'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
ports = {name: int(port) for name, port in (line.split() for line in sys.argv[2].splitlines())}
end = lambda name, tls: {"host": "localhost", "port": ports[f"MAILKEEP_{name}_PORT"], "tls": tls}
account = lambda name: {"address": f"{name}@example.org", "password": (work / f"{name}.password").read_text()}
json.dump({
    "ca": str(work / "tls" / "ca.crt"), "accounts": [account("anna"), account("bob")],
    "endpoints": {
        "smtp": end("SMTP", "starttls"), "submissions": end("SUBMISSIONS", "implicit"), "imaps": end("IMAPS", "implicit"),
        "pop3s": end("POP3S", "implicit"), "dav": {"url": f"https://localhost:{ports['MAILKEEP_DAV_PORT']}/"},
    },
}, sys.stdout)
PYTHON
}

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

check "wrong answers are refused with clear words, and change nothing" wrong_answers
check "a port that another program has stops it, and is named" port_taken
check "outgoing mail and names of addresses are checked" network_checks
check "unattended: a server from nothing, a message through all of it" first_install
check "the operator's command is installed and everything is healthy" mailkeep health
check "again: nothing changes" again
check "a certificate of the operator's own, checked before it is taken" own_certificate
check "on a terminal: every entry of the menu; install with its questions" "$test_python" "$here/setup_menu.py" "$root/setup.sh" \
  "$work/recovery-key" "${apart[@]}"
check "a second account" add_bob
describe
check "users fill their accounts" "$test_python" "$here/disaster.py" fill "$server" "$work/state.json"
check "a password is changed" before_the_backup
check "backups: set up, the first one taken and verified" set_up_backups
check "a new master key, while everything runs" rotate_keys
check "mail that no backup has" "$test_python" "$here/disaster.py" lose "$server" "$work/state.json"
check "a wrong recovery key, none, or no such backup is told" wrong_restores
check "one account comes back beside, while everything runs" account_beside
check "everything comes back in place of what is there" everything_in_place
check "every message, flag, UID, event, contact and password is there" \
  "$test_python" "$here/disaster.py" compare "$server" "$work/state.json"
check "containers, volumes, secrets and settings are lost" everything_is_lost
check "a new machine: the backups and the recovery key alone bring everything back" from_nothing
check "every message, flag, UID, event, contact and password is there again" \
  "$test_python" "$here/disaster.py" compare "$server" "$work/state.json"
check "backups go on with the same recovery key" backups_go_on
check "backups to S3-compatible storage, and an account back from there" storage_of_others
summary
