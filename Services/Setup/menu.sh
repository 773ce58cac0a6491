# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What `./setup.sh` alone shows. Each entry is a command with flags as well; the menu only calls it.

menu_main() {
  local choice
  [[ -t 0 ]] || {
    usage >&2
    fail "the menu needs a terminal; each of its entries is a command: ./setup.sh install, backups, restore"
  }
  while :; do
    cat <<'TEXT'

Mailkeep: your own mail server

  1  Initial setup
  2  Setup Backups
  3  Setup Auto Upgrades
  4  Renew certificates
  5  Restore from Backup
  6  Help
  7  Exit

TEXT
    read -r -p "Choose 1 to 7: " choice || return 0
    case $choice in
      1) menu_run install ;;
      2) menu_run backups ;;
      3) not_there_yet upgrades ;;
      4) not_there_yet certificates ;;
      5) menu_run restore ;;
      6) usage ;;
      7 | q | exit) return 0 ;;
      *) say "'$choice' is not one of them." ;;
    esac
  done
}

# A process of its own, so that what fails in it ends it and not the menu.
menu_run() {
  say
  "$root/setup.sh" "$@" || warn "that did not work; what is above says why. Choosing it again goes on from there."
}

not_there_yet() {
  case $1 in
    upgrades)
      say "Auto upgrades are not there yet. By hand: git pull in $root, then ./setup.sh install --images build --yes."
      ;;
    certificates)
      say "Renewing certificates by itself is not there yet. Have a certificate renewed by a tool that you know (such as certbot),"
      say "and after each renewal run: ./setup.sh install --yes --certificate FILE --certificate-key FILE"
      say "The services take it up without dropping a connection."
      ;;
  esac
}
