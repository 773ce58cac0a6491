# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# Questions with their flags: an answer comes from its flag, else from the terminal, else from the settings of the last run.

is_interactive() { [[ -t 0 && ${assume_yes:-0} != 1 ]]; }

# question VARIABLE FLAG "words" DEFAULT CHECK   leaves a good answer in the variable. CHECK ANSWER prints what is wrong with
# it and what would be right, and fails. A wrong flag ends everything; a wrong answer is asked for again.
question() {
  local -n answer=$1
  local flag=$2 words=$3 default=$4 check=$5 problem asked=0
  while :; do
    if [[ -z $answer ]]; then
      if is_interactive; then
        asked=1
        read -r -p "$words${default:+ [$default]}: " answer || fail "no answer; every question has a flag, here $flag"
        answer=${answer:-$default}
      else
        answer=$default
      fi
    fi
    if [[ -z $answer ]]; then
      [[ $asked == 1 ]] || fail "$words? There is no terminal to ask on (or --yes was given); say it with $flag"
      say "  An answer is needed here; Ctrl-C leaves."
      continue
    fi
    if problem=$("$check" "$answer"); then return; fi
    [[ $asked == 1 ]] || fail "$flag: $problem"
    say "  $problem"
    answer=""
  done
}

# A name under which mail arrives: labels of letters, digits, hyphens; at least two.
check_domain() {
  local label='[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?' LC_ALL=C
  if [[ $1 == *[!\ -~]* ]]; then
    echo "'$1' has letters beyond ASCII; write it as xn--… (the form that the DNS uses)"
  elif [[ ! $1 =~ ^$label(\.$label)+$ ]]; then
    echo "'$1' is not a domain name; it looks like example.org, in small letters"
  elif ((${#1} > 240)); then
    echo "'$1' is too long for a domain name"
  elif [[ ${1##*.} =~ ^[0-9]+$ ]]; then
    echo "'$1' looks like an address; a name such as example.org is meant"
  else
    return 0
  fi
  return 1
}

check_hostname() {
  check_domain "$1" || return
  if [[ $1 == localhost || $1 == *.localhost || $1 == *.local ]]; then
    echo "'$1' is known on one machine or network alone; other mail servers need a name of the DNS, as in mail.example.org"
    return 1
  fi
}

# The part before the @; `mailkeep` knows the rest of the rules.
check_local_part() {
  if [[ ! $1 =~ ^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$ ]]; then
    echo "'$1' cannot be the administrator: a name of letters, digits, dots and hyphens, as in anna (or anna@$domain)"
    return 1
  fi
  case $1 in
    postmaster | abuse)
      echo "$1@ reaches the administrators by itself; choose a name of your own, as in anna"
      return 1
      ;;
  esac
}

# IP addresses with commas.
check_addresses() {
  local one
  for one in ${1//,/ }; do
    python3 -c 'import ipaddress, sys; ipaddress.ip_address(sys.argv[1])' "$one" 2>/dev/null || {
      echo "'$one' is not an IP address such as 203.0.113.5 or 2001:db8::5"
      return 1
    }
  done
}

check_anything() { :; }
