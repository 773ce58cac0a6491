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

# shellcheck source=Tests/EndToEnd/setup_install.sh
source "$here/setup_install.sh"
# shellcheck source=Tests/EndToEnd/setup_backups.sh
source "$here/setup_backups.sh"

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
