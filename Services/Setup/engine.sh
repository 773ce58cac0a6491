# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# The Docker engine and Compose: there, or installed after a question; and `compose` for this server's project.

# ensure_tools   what set-up itself calls.
ensure_tools() {
  local tool
  local -a wanted=()
  local -A package=([openssl]=openssl [python3]=python3 [ip]=iproute2 [flock]=util-linux)
  for tool in "${!package[@]}"; do command -v "$tool" >/dev/null || wanted+=("${package[$tool]}"); done
  ((${#wanted[@]} > 0)) || return 0
  command -v apt-get >/dev/null || fail "these programs are missing; install them with your system's packages: ${wanted[*]}"
  install_missing "${wanted[@]}"
}

# ensure_engine   leaves when there is an engine that answers, with Compose.
ensure_engine() {
  local -a wanted=()
  if ! command -v docker >/dev/null; then wanted+=(docker.io); fi
  if ! find_compose; then wanted+=("$(compose_package)"); fi
  if ((${#wanted[@]} > 0)); then
    command -v apt-get >/dev/null ||
      fail "Docker or Compose is missing; install them as https://docs.docker.com/engine/install/ says, then run this again"
    say "  Docker comes from your system's packages (${wanted[*]}). Docker's own packages are as good: https://docs.docker.com/engine/install/"
    install_missing "${wanted[@]}"
    find_compose || fail "Compose is still missing; install docker-compose-plugin or docker-compose, then run this again"
  fi
  if ! docker info >/dev/null 2>&1; then
    if command -v systemctl >/dev/null; then systemctl enable --now docker >/dev/null 2>&1 || true; fi
    wait_until 30 "the Docker engine" docker info ||
      fail "the Docker engine does not answer; look at: systemctl status docker; journalctl -u docker"
  fi
  # For engines and Compose of 2020, which have it but do not use it by themselves.
  export DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1
}

# Ubuntu has the plug-in as a package of its own, Debian 12 the program.
compose_package() {
  if [[ -n $(apt-cache pkgnames docker-compose-v2) ]]; then printf docker-compose-v2; else printf docker-compose; fi
}

find_compose() {
  if docker compose version >/dev/null 2>&1; then
    engine_compose=(docker compose)
  elif command -v docker-compose >/dev/null; then
    engine_compose=(docker-compose)
  else
    return 1
  fi
}

# compose ARGUMENTS…   on this server's project, with its settings and the files that COMPOSE_FILE names there.
compose() {
  local file
  local -a files=()
  for file in $(tr ':' ' ' <<<"${setting[COMPOSE_FILE]:-compose.yaml}"); do
    [[ $file == /* ]] || file=$root/$file
    files+=(-f "$file")
  done
  "${engine_compose[@]}" -p "$project" --project-directory "$root" --env-file "$settings" "${files[@]}" "$@"
}
