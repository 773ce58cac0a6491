#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mailkeep's one script: the menu, and each of its entries as a command. Services/Setup has a file for each idea.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
setup="$root/Services/Setup"
# shellcheck source=Services/Setup/common.sh
source "$setup/common.sh"
# shellcheck source=Services/Setup/menu.sh
source "$setup/menu.sh"

usage() {
  cat <<'TEXT'
Mailkeep: your own mail server.

  ./setup.sh                  the menu

  ./setup.sh install          set up a server on this machine           (each has --help, and a flag for every question)
  ./setup.sh backups          say where backups go and when, and take a first one
  ./setup.sh restore          bring a backup back: one account, or everything, also on a new machine
  ./setup.sh keys rotate      put a new master key in the place of the old, while everything runs
  ./setup.sh upgrades         upgrade by itself: not there yet
  ./setup.sh certificates     renew certificates: not there yet

  ./setup.sh try              run the whole suite on this machine's loopback, with a demo domain, and send a real
                              message through every service
  ./setup.sh test [--full]    install what the tests need and run every test
  ./setup.sh help             this text

On a server, `mailkeep help` lists what its operator can do. Manuals: docs/operations.md, docs/mailkeep-command.md.
TEXT
}

command=${1:-menu}
[[ $# -gt 0 ]] && shift
case $command in
  menu) menu_main ;;
  install | backups | restore | keys | try | test)
    # shellcheck disable=SC1090  # one file for each
    source "$setup/$command.sh"
    "${command}_main" "$@"
    ;;
  upgrades | certificates)
    if [[ ${1:-} == --help || ${1:-} == -h ]]; then
      not_there_yet "$command"
    else
      not_there_yet "$command" >&2
      exit 1
    fi
    ;;
  help | --help | -h) usage ;;
  *)
    usage >&2
    fail "there is no command '$command'"
    ;;
esac
