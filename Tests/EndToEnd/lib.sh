# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the end-to-end scripts share: where they are, checks with names, an instance of `try` that ends with the script.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
test_python=${MAILKEEP_TEST_PYTHON:-python3}
export test_python root here
passed=0

# check "what holds" command…   runs it; a failure shows its output and ends the script.
check() {
  local words=$1 output status started=$EPOCHREALTIME
  shift
  # not `|| status=$?`: that would let a function go on after a command in it failed
  set +e
  output=$(set -eE && trap 'printf "failed: %s\n" "$BASH_COMMAND"' ERR && "$@" 2>&1)
  status=$?
  set -e
  if [[ $status != 0 ]]; then
    printf '  ✘ %s\n%s\n' "$words" "$output"
    exit 1
  fi
  passed=$((passed + 1))
  printf '  ✔ %-86s %6.1f s\n' "$words" "$(awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')"
}

# start_instance STATE BINARIES   `try` in the background.
start_instance() {
  "$root/setup.sh" try --yes --background --state "$1" --binaries "$2"
}

stop_instance() { "$root/setup.sh" try --stop --state "$1" >/dev/null; }

summary() { printf '%d passed, 0 failed\n' "$passed"; }
