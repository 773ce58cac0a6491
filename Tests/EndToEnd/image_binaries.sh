#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The release executables out of the image's build stage, run by `try` on this machine; their memory at rest is measured.
set -euo pipefail
# shellcheck source=Tests/EndToEnd/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

work=$(mktemp -d /tmp/mailkeep-binaries.XXXXXX)
trap 'rm -rf "$work"' EXIT

take_out() {
  local container
  container=$(docker create mailkeep/build:latest true)
  docker cp "$container:/out" "$work/out"
  docker rm "$container"
}

# Together under 100 MB (PSS): the figure is of memory, not of time, so it may decide.
small_enough() {
  "$root/setup.sh" try --yes --once --state "$work/state" --binaries "$work/out" | tee "$work/printed" >&2
  awk '/together/ { found = 1; exit !($2 < 100) } END { if (!found) exit 1 }' "$work/printed"
}

check "the executables come out of the image" take_out
check "try --once with them works, under 100 MB (PSS) together" small_enough
cat "$work/printed"
summary
