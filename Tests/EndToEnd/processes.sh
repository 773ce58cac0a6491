#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The suite as ordinary processes, with real clients.   usage: processes.sh BINARIES
set -euo pipefail
# shellcheck source=Tests/EndToEnd/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
binaries=${1:?the folder with the executables}

state=$(mktemp -d /tmp/mailkeep-e2e.XXXXXX)
trap 'stop_instance "$state" || true; rm -rf "$state"' EXIT
check "try --background starts everything and a message goes round" start_instance "$state" "$binaries"
description=$state/try.json

check "try.json says what the instance is" "$test_python" "$here/description.py" "$description"
for script in "$here"/*_clients.sh "$here"/*_clients.py; do
  [[ -e $script ]] || continue
  case $script in
    *.py) check "$(basename "$script")" "$test_python" "$script" "$description" ;;
    *.sh) check "$(basename "$script")" bash "$script" "$description" ;;
  esac
done
check "every message of the corpus comes back byte for byte" "$test_python" "$here/corpus.py" "$description"
check "submission to elsewhere: DKIM verified by dkimpy" "$test_python" "$here/relay.py" "$description"
check "SPF, DKIM and DMARC of mail from elsewhere" "$test_python" "$here/authenticity.py" "$description"
check "a listener survives that file descriptors run out" "$test_python" "$here/descriptors.py" "$description"
check "backup and restore: under load, live, S3, damage" "$test_python" "$here/backup.py" "$description"
check "backup and restore: kill -9 at any moment" "$test_python" "$here/backup_kills.py" "$description"
check "a removed account comes back with all that it had, kill -9 in between" "$test_python" "$here/restore_account.py" "$description"
check "kill -9 of services and Redis during a stream of messages" "$test_python" "$here/kill.py" "$description"
check "no plaintext in any file of the store" "$test_python" "$here/sealed.py" "$description"
check "docs/open_store.py opens an account's file without our code" "$test_python" "$here/open_store.py" "$description"
check "try --stop ends it" stop_instance "$state"
check "a second start resumes with the same accounts" start_instance "$state" "$binaries"
check "try --stop ends it again" stop_instance "$state"
check "the disk runs full: 452, reading goes on, and it recovers by itself" "$here/disk_full.sh" "$binaries"
summary
