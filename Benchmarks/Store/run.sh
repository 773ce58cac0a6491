#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The store beside its peers: builds, measures, prints ratios (docs/performance.md has the method).
# usage: run.sh [--quick]            every operation on every subject
#        run.sh large [MESSAGES]     an account with a million messages
#        run.sh accounts [COUNT]     5,000 accounts behind a bounded pool of open files
# Files go to $MAILKEEP_BENCHMARK_FOLDER (on the disk that is to be measured; default .build-benchmark/files).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scratch=.build-benchmark
export MAILKEEP_BENCHMARK=1
build=(swift build -c release --product StoreBenchmark --scratch-path "$scratch" --explicit-target-dependency-import-check error)
"${build[@]}" >&2
program=$("${build[@]}" --show-bin-path)/StoreBenchmark
folder=${MAILKEEP_BENCHMARK_FOLDER:-$scratch/files}/$$
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
case ${1:-} in
  large) "$program" large "$folder" "${2:-1000000}" ;;
  accounts) "$program" accounts "$folder" "${2:-5000}" ;;
  "" | --quick)
    extension=$scratch/sealed.so
    cc -O2 -fPIC -shared -IShared/Tools/CSealedSQLite/include -include Benchmarks/Store/Extension/prelude.h -o "$extension" \
      Shared/Tools/CSealedSQLite/*.c Benchmarks/Store/Extension/extension.c -lsodium -lcrypto -lpthread
    python=$scratch/python
    if [[ ! -e $python/ready ]]; then
      if [[ -x /usr/bin/python3 ]]; then /usr/bin/python3 -m venv --clear "$python"; else python3 -m venv --clear "$python"; fi
      "$python/bin/pip" install --quiet --disable-pip-version-check apsw-sqlite3mc
      touch "$python/ready"
    fi
    "$python/bin/python" Benchmarks/Store/store.py "$program" "$PWD/$extension" "$folder" "$@"
    ;;
  *)
    sed -n '3,7s/^# //p' "${BASH_SOURCE[0]}" >&2
    exit 64
    ;;
esac
