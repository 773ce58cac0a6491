# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every part of setup.sh speaks with: messages, steps with their time, questions.

say() { printf '%s\n' "$*"; }
warn() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# step "words" command…   runs the command and prints the words with the time that it took; its output goes to
# the log that $step_log names, whose end is shown when the command fails.
step() {
  local words=$1 started=$EPOCHREALTIME status=0
  shift
  printf '  %-58s ' "$words"
  "$@" >>"${step_log:-/dev/null}" 2>&1 || status=$?
  if [[ $status == 0 ]]; then
    printf 'done %7s s\n' "$(seconds_since "$started")"
  else
    printf 'FAILED\n'
    [[ -n ${step_log:-} ]] && tail -n 30 "$step_log" >&2
    warn "'$words' failed${step_log:+; the whole log is in $step_log}"
    return "$status"
  fi
}

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# begin_log   what changes a server writes its steps here; the last run's is kept beside.
begin_log() {
  step_log=${MAILKEEP_SETUP_LOG:-/var/log/mailkeep-setup.log}
  if [[ -f $step_log ]]; then mv "$step_log" "$step_log.1"; fi
  (umask 0077 && date -u '+%Y-%m-%dT%H:%M:%SZ' >"$step_log") || fail "cannot write $step_log"
}

# one_at_a_time   two runs that change a server would get in each other's way.
one_at_a_time() {
  exec 7>"${TMPDIR:-/run/lock}/mailkeep-setup.lock"
  flock -n 7 || fail "another setup.sh is at work on this machine; wait until it has finished"
}

# ask "question"   true for yes. With assume_yes=1 it does not ask; without a terminal the answer is no.
ask() {
  [[ ${assume_yes:-0} == 1 ]] && return 0
  [[ -t 0 ]] || return 1
  local answer
  read -r -p "$1 [Y/n] " answer
  [[ -z $answer || $answer == [yY]* ]]
}

# wait_until SECONDS "what" command…   polls the command five times a second, at most SECONDS long.
wait_until() {
  local limit=$1 what=$2 end
  shift 2
  end=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= end)); then
      warn "waited ${limit} s for $what"
      return 1
    fi
    sleep 0.2
  done
}

# A password of letters, digits and hyphens with 119 bits.
make_password() {
  local text
  text=$(head -c 256 /dev/urandom | LC_ALL=C tr -dc 'a-zA-Z0-9' | cut -c1-20)
  printf '%s-%s-%s-%s' "${text:0:5}" "${text:5:5}" "${text:10:5}" "${text:15:5}"
}

as_root() {
  if [[ $EUID == 0 ]]; then "$@"; else sudo "$@"; fi
}
