# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# `./setup.sh test`: every test, in stages that print their time; packages and base images load while Swift compiles.

# shellcheck source=Services/Setup/packages.sh
source "$setup/packages.sh"

test_usage() {
  cat <<'TEXT'
./setup.sh test: installs what the tests need, then runs the unit tests, the end-to-end tests against processes, and those
against containers: it builds the images on a real Docker engine and runs the stack from compose.yaml.
Not zero when anything failed or could not be run. The container tests need root (network namespaces) and a Docker engine.

  --yes         install what is missing without asking
  --full        also what is long: a kill -9 run over thousands of messages, a disk that fails at every call, every page of a
                file damaged in turn, writers and readers killed for minutes
  --help        this text
TEXT
}

swift_flags=(--explicit-target-dependency-import-check error)

test_main() {
  export MAILKEEP_TEST_FULL=0
  assume_yes=${assume_yes:-0}
  while [[ $# -gt 0 ]]; do
    case $1 in
      --yes | -y) assume_yes=1 ;;
      --full) MAILKEEP_TEST_FULL=1 ;;
      --help | -h) test_usage && return ;;
      *) test_usage >&2 && fail "test: unknown option $1" ;;
    esac
    shift
  done
  cd "$root" || exit
  work=$(mktemp -d /tmp/mailkeep-test.XXXXXX)
  trap 'end_background; rm -rf "$work"' EXIT
  stages=()
  stage "packages" install_everything
  start_background
  stage "shell scripts (shellcheck)" shellcheck -x -P . setup.sh Services/*.sh Services/Setup/*.sh Tests/EndToEnd/*.sh .ci/run
  stage "docs/rfc.md and the code agree" python3 Tests/EndToEnd/rfc_table.py
  stage "each service has the keys that it reads" python3 Tests/EndToEnd/key_folders.py
  stage "compile (debug, with tests)" swift build --build-tests "${swift_flags[@]}"
  stage "unit tests" unit_tests
  stage "end to end: processes" Tests/EndToEnd/processes.sh "$(swift build "${swift_flags[@]}" --show-bin-path)"
  stage "Docker engine and base images" wait_for_engine
  stage "images (release)" build_images
  stage "end to end: the image's binaries" Tests/EndToEnd/image_binaries.sh
  stage "end to end: containers" Tests/EndToEnd/containers.sh
  stage "end to end: setup.sh on a server" Tests/EndToEnd/setup.sh
  say
  say "Passed:"
  printf '  %s\n' "${stages[@]}"
}

# stage "name" command…   runs one stage, shows its output, ends everything when it fails.
stage() {
  local name=$1 started=$EPOCHREALTIME
  shift
  printf '\n==> %s\n' "$name"
  if ! "$@"; then
    say
    ((${#stages[@]})) && printf '  passed: %s\n' "${stages[@]}"
    fail "FAILED in stage '$name' after $(seconds_since "$started") s"
  fi
  stages+=("$(printf '%-36s %8s s' "$name" "$(seconds_since "$started")")")
}

install_everything() {
  install_missing "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}"
  ensure_swift
  python_tools
}

# PyPI's checkers in a folder of their own; MAILKEEP_TEST_PYTHON tells the tests where.
python_tools() {
  local venv=$root/.build-python wanted
  wanted=$(sort "$root/Tests/EndToEnd/requirements.txt")
  if [[ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ]]; then
    "$(python_for_tests)" -m venv --clear "$venv" || return
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$root/Tests/EndToEnd/requirements.txt" || return
    printf '%s\n' "$wanted" >"$venv/installed"
  fi
  export MAILKEEP_TEST_PYTHON=$venv/bin/python
}
python_for_tests() { if [[ -x /usr/bin/python3 ]]; then echo /usr/bin/python3; else command -v python3; fi; }

# The Docker engine and its base images load while Swift compiles.
start_background() {
  (prepare_engine) >"$work/engine.log" 2>&1 &
  engine_job=$!
}

prepare_engine() {
  # Where no registry can be reached, the workplace beside us brings an engine and the base images.
  if [[ -f $root/../shared/docker-engine.sh ]]; then
    bash "$root/../shared/docker-engine.sh" start
    return
  fi
  docker info >/dev/null || { echo "the tests need a running Docker engine with BuildKit, and Compose"; return 1; }
  local image
  for image in debian:bookworm-slim swift:6.3-bookworm swift:6.3-bookworm-slim haproxy:2.6-bookworm redis:7-bookworm; do
    docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" || return
  done
}

wait_for_engine() {
  wait "$engine_job" || { cat "$work/engine.log"; return 1; }
  if [[ -f $root/../shared/docker-engine.sh ]]; then eval "$(bash "$root/../shared/docker-engine.sh" env)"; fi
  docker version --format 'engine {{.Server.Version}}'
}

end_background() {
  if [[ -n ${engine_job:-} ]]; then kill "$engine_job" 2>/dev/null || true; fi
}

# A test that did not run is a failure: no skips. All at once have more than 1,400 descriptors open, and Foundation's
# Process.run, which reads past the last of as many (swift-corelibs-foundation 6.3), may then end everything.
unit_tests() {
  if ! swift test --skip-build "${swift_flags[@]}" --experimental-maximum-parallelization-width 32 >"$work/unit.log" 2>&1; then
    grep -E -A3 '✘|error:' "$work/unit.log" | tail -n 120
    return 1
  fi
  if grep -E 'skipped' "$work/unit.log"; then return 1; fi
  grep -E '^✔ Test run|Executed' "$work/unit.log"
}

build_images() {
  local target
  for target in build control smtp-inbound smtp-outbound mail-access dav-access web-admin backup; do
    docker build --quiet -f Services/Dockerfile --target "$target" -t "mailkeep/$target:latest" . || return
  done
  docker image ls --format '{{.Repository}} {{.Size}}' | grep '^mailkeep/'
}
