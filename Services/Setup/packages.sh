# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# Which Debian packages each purpose needs, and their installation when they are missing.

# What the build links with.
build_packages=(
  binutils gcc g++ git libc6-dev libstdc++-12-dev libsqlite3-dev libsodium-dev libunbound-dev libhiredis-dev libpsl-dev
  libssl-dev libxml2-dev libzstd-dev pkg-config tzdata zlib1g-dev
)
# What the services need to run without containers, with their demo zone and certificate.
run_packages=(
  libsqlite3-0 libsodium23 libssl3 libunbound8 'libhiredis*' libpsl5 libxml2 libzstd1 publicsuffix dns-root-data redis-server nsd ldnsutils
  openssl python3 curl iproute2
)
# Real clients and checkers.
test_packages=(
  chromium chromium-driver fonts-noto-core fonts-noto-cjk libnss3-tools
  rclone swaks isync fetchmail getmail6 mpop neomutt offlineimap3 python3-venv shellcheck libnet-ssleay-perl
  libio-socket-ssl-perl
)

# install_missing NAME…   says what is missing, asks, installs. A name with a star takes the newest match.
install_missing() {
  local name match missing=()
  for name in "$@"; do
    if [[ $name == *'*' ]]; then
      dpkg-query -W -f '${db:Status-Abbrev}\n' "$name" 2>/dev/null | grep -q '^ii' && continue
    else
      dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' && continue
    fi
    missing+=("$name")
  done
  [[ ${#missing[@]} == 0 ]] && return
  say "These Debian packages are missing: ${missing[*]}"
  ask "Install them?" || fail "not installed; run: apt-get install ${missing[*]}   (or give --yes)"
  as_root apt-get update -qq
  local wanted=()
  for name in "${missing[@]}"; do
    if [[ $name == *'*' ]]; then
      match=$(apt-cache pkgnames "${name%\*}" | grep -E "^${name%\*}[0-9.]+$" | sort -V | tail -n 1)
      wanted+=("${match:-$name}")
    else
      wanted+=("$name")
    fi
  done
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confdef "${wanted[@]}" >/dev/null
}

# The Swift toolchain: the one on the machine, or the signed one from swift.org under /opt.
ensure_swift() {
  command -v swift >/dev/null && return
  # shellcheck source=Services/Setup/toolchain.sh
  source "$setup/toolchain.sh"
  install_toolchain
}
