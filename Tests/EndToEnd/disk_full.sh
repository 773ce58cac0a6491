#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The disk of the store runs full and is freed again, under a running instance.   usage: disk_full.sh BINARIES
# The store lies on a small tmpfs, so it wants root, or user namespaces.
set -euo pipefail
if [[ $EUID -ne 0 ]]; then exec unshare --user --map-root-user --mount "$0" "$@"; fi
# shellcheck source=Tests/EndToEnd/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
binaries=${1:?the folder with the executables}

state=$(mktemp -d /tmp/mailkeep-full.XXXXXX)
mkdir "$state/data"
mount -t tmpfs -o size=24m,mode=0770 mailkeep-full "$state/data"
trap '[[ ! -e $state/try.json ]] || stop_instance "$state" || true; umount "$state/data"; rm -rf "$state"' EXIT
start_instance "$state" "$binaries"
cp "$state/try.json" "$state/instance.json"
"$test_python" "$here/disk_full.py" "$state/instance.json"
stop_instance "$state"
"$test_python" "$here/disk_full.py" "$state/instance.json" at-rest
