#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes with the toolchain's libFuzzer.   usage: fuzz.sh [SECONDS [TARGET…]]   (60 s for every target)
# What it finds goes to .build-fuzz/found; a mended one becomes a seed in Tests/Fuzzing/Seeds/TARGET.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
shift || true
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || for folder in Tests/Fuzzing/Seeds/*/; do targets+=("$(basename "$folder")"); done
export MAILKEEP_FUZZ=1 SWIFT_BACKTRACE=enable=no
build=(swift build --product Fuzz --scratch-path .build-fuzz --explicit-target-dependency-import-check error)
"${build[@]}"
program=$("${build[@]}" --show-bin-path)/Fuzz
mkdir -p .build-fuzz/found
failed=()
for target in "${targets[@]}"; do
  echo "==> $target, $seconds s"
  mkdir -p ".build-fuzz/corpus/$target"
  log=.build-fuzz/$target.log
  status=0
  MAILKEEP_FUZZ_TARGET=$target timeout -k 10 $((seconds + 60)) "$program" -max_total_time="$seconds" -max_len=8192 -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix=".build-fuzz/found/$target-" \
    ".build-fuzz/corpus/$target" "Tests/Fuzzing/Seeds/$target" >"$log" 2>&1 || status=$?
  grep -E "Fatal error|ERROR|Test unit written|stat::number_of_executed_units" "$log" || true
  ((status == 0)) || failed+=("$target")
done
if ((${#failed[@]})); then
  echo "Found something: ${failed[*]} (.build-fuzz/found)" >&2
  exit 1
fi
