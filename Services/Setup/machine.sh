# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Is this machine fit for a mail server? Each check prints ok, warning or error, and what to do about it.
#
# Works with: hostname, addresses (with commas), project, offline, will_build, force.

# shellcheck source=Services/Setup/network.sh
source "$setup/network.sh"

check_machine() {
  warnings=0 errors=0
  check_system
  check_memory
  check_disk
  check_ports
  check_network_free
  check_outgoing
  check_reverse_names
  say "  Errors: $errors, warnings: $warnings."
  if ((errors > 0)); then
    [[ ${force:-0} == 1 ]] || fail "mend the errors above and run this again, or go on in spite of them with --force"
    warn "going on in spite of errors, as --force says"
  fi
}

fine() { printf '  ok       %s\n' "$*"; }
# doubtful|wrong "what is the matter" "what to do"
doubtful() {
  warnings=$((warnings + 1))
  printf '  warning  %s\n           %s\n' "$1" "$2"
}
wrong() {
  errors=$((errors + 1))
  printf '  ERROR    %s\n           %s\n' "$1" "$2"
}

check_system() {
  local id="" version="" name="" machine known=1
  machine=$(uname -m)
  if [[ -r /etc/os-release ]]; then
    # shellcheck disable=SC1091
    IFS=$'\t' read -r id version name < <(. /etc/os-release && printf '%s\t%s\t%s\n' "${ID:-}" "${VERSION_ID:-0}" "${PRETTY_NAME:-}")
  fi
  case $id in
    debian) at_least "$version" 12 ;;
    ubuntu) at_least "$version" 20.04 ;;
    *) false ;;
  esac || known=0
  if [[ $known == 1 ]]; then
    fine "system: $name, $machine"
  else
    doubtful "system: ${name:-unknown} is not one that Mailkeep is made for" "Debian 12 and Ubuntu 20.04 or later are; with a recent Docker engine others work, too."
  fi
  case $machine in
    x86_64 | aarch64) ;;
    *) doubtful "processor: $machine is not one that Mailkeep is made for" "x86_64 and aarch64 are." ;;
  esac
}

at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

check_memory() {
  local total swap least=950
  total=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  swap=$(awk '/^SwapTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  if [[ ${will_build:-0} == 1 ]]; then least=3800; fi
  if ((total >= least)); then
    fine "memory: $total MB"
  elif [[ ${will_build:-0} == 1 ]] && ((total >= 950)); then
    doubtful "memory: $total MB, and building the images takes about 4 GB" \
      "Add swap (fallocate -l 4G /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile), or build them elsewhere and load them with docker load."
  else
    doubtful "memory: $total MB (swap $swap MB); 1 GB is the least for quiet work" \
      "Add memory, or swap: fallocate -l 2G /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile"
  fi
}

check_disk() {
  local folder=/var/lib/docker free need=5
  [[ -d $folder ]] || folder=/var/lib
  free=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1048576) }')
  if [[ ${will_build:-0} == 1 ]]; then need=15; fi
  if ((free < 2)); then
    wrong "disk: $free GB free below $folder" "Free some, or give it more; the images take 1 GB, mail takes what it takes."
  elif ((free < need)); then
    doubtful "disk: $free GB free below $folder; $need GB and room for mail are better" "Plan for more before mail fills it: a full disk refuses mail."
  else
    fine "disk: $free GB free below $folder"
  fi
}
