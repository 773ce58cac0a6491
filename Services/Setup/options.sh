# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2004,SC2034,SC2154
# The flags of install, backups and restore.

# take_options COMMAND "NAMES that take a value" "NAMES that take none" ARGUMENTS…   leaves each in the associative array `given`;
# set and address, which may be repeated, one a line. --yes and --help are every command's.
take_options() {
  local of=$1 valued=" ${2//$'\n'/ } " plain=" $3 " name
  shift 3
  declare -gA given=()
  assume_yes=${assume_yes:-0}
  while [[ $# -gt 0 ]]; do
    name=${1#--}
    if [[ $1 == --yes || $1 == -y ]]; then
      assume_yes=1
    elif [[ $1 == --help || $1 == -h ]]; then
      "${of}_usage"
      exit 0
    elif [[ $1 == --* && $valued == *" $name "* ]]; then
      [[ $# -ge 2 && -n $2 && $2 != --* ]] || fail "$1 needs a value; ./setup.sh $of --help says which"
      [[ -z ${given[$name]:-} || $name == set || $name == address ]] || fail "$1 is given twice"
      given[$name]+=${given[$name]:+$'\n'}$2
      shift
    elif [[ $1 == --* && $plain == *" $name "* ]]; then
      given[$name]=1
    else
      fail "$of: unknown option $1; ./setup.sh $of --help lists them"
    fi
    shift
  done
  settings=$(realpath -m "${given[settings]:-$root/.env}")
}

# begin_change   what every command that changes a server starts with.
begin_change() {
  [[ $EUID == 0 ]] || fail "the secrets must be root's: run it as root, as in sudo ./setup.sh"
  one_at_a_time
  begin_log
  ensure_tools
}

# take_settings   --set NAME=VALUE over those of the file; leaves them in `setting` and, to be written, in `chosen`.
take_settings() {
  local pair name
  read_settings
  mapfile -t chosen < <(printf '%s' "${given[set]:-}${given[set]:+$'\n'}")
  for pair in "${chosen[@]}"; do
    name=${pair%%=*}
    [[ $pair == *=* && $'\n'$(compose_settings)$'\nCOMPOSE_FILE\nCOMPOSE_PROJECT_NAME\n' == *$'\n'"$name"$'\n'* ]] ||
      fail "--set $pair: compose.yaml has no such setting; it has: $(compose_settings | tr '\n' ' ')"
    [[ $name != MAILKEEP_HOSTNAME && $name != MAILKEEP_SECRETS ]] || fail "--set $name: that has a flag of its own"
    setting[$name]=${pair#*=}
  done
  project=${setting[COMPOSE_PROJECT_NAME]:-mailkeep} version=${setting[MAILKEEP_VERSION]:-latest}
}

# choose_images   leaves will_build=1 when --images says so, or some are missing and it says nothing.
choose_images() {
  local missing
  missing=$(images_missing)
  will_build=0
  if [[ $images == build || ($images == auto && -n $missing) ]]; then
    will_build=1
  elif [[ -n $missing ]]; then
    fail "these images are not there at version $version: $missing; load them (docker load), name another version (--set MAILKEEP_VERSION=…), or build them (--images build)"
  fi
}
