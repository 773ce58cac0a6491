#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mailkeep's one script. `./setup.sh help` lists what it does today.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
setup="$root/Services/Setup"
# shellcheck source=Services/Setup/common.sh
source "$setup/common.sh"

usage() {
  cat <<'TEXT'
Mailkeep: your own mail server.

  ./setup.sh try [options]    run the whole suite on this machine's loopback, with a demo domain, and send
                              a real message through every service   (./setup.sh try --help)
  ./setup.sh test [--full]    install what the tests need and run every test   (./setup.sh test --help)
  ./setup.sh help             this text

Not there yet: the menu (initial setup, backups, auto upgrades, certificates, restore).
TEXT
}

command=${1:-help}
[[ $# -gt 0 ]] && shift
case $command in
  try)
    # shellcheck source=Services/Setup/try.sh
    source "$setup/try.sh"
    try_main "$@"
    ;;
  test)
    # shellcheck source=Services/Setup/test.sh
    source "$setup/test.sh"
    test_main "$@"
    ;;
  help | --help | -h) usage ;;
  *)
    usage >&2
    fail "there is no command '$command'"
    ;;
esac
