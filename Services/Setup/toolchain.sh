# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Takes the signed Swift toolchain from swift.org where the machine has none. It could not be tried where Mailkeep is
# developed (no way out to swift.org); its steps are those of https://www.swift.org/install/linux/tarball/.

swift_version=6.3
swift_folder=/opt/swift-$swift_version

install_toolchain() {
  local system machine suffix="" name url work
  # shellcheck disable=SC1091
  system=$(. /etc/os-release && printf '%s%s' "$ID" "$VERSION_ID")
  machine=$(uname -m)
  case $system in
    debian12 | ubuntu22.04 | ubuntu24.04) ;;
    *) fail "no Swift toolchain is published for $system; use Debian 12 or Ubuntu 22.04, 24.04, or put 'swift' on the PATH" ;;
  esac
  [[ $machine == aarch64 ]] && suffix=-aarch64
  name=swift-$swift_version-RELEASE-$system$suffix
  url=https://download.swift.org/swift-$swift_version-release/${system//./}$suffix/swift-$swift_version-RELEASE/$name.tar.gz
  say "There is no Swift on this machine. It can be taken from $url (about 900 MB, 3 GB unpacked in $swift_folder)."
  ask "Take it?" || fail "Mailkeep is built with Swift $swift_version; install it and run this again"
  install_missing gnupg curl ca-certificates libcurl4 libedit2 libncurses6 libxml2
  work=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" RETURN
  curl -fL --progress-bar -o "$work/swift.tar.gz" "$url" || fail "could not fetch $url"
  curl -fsSL -o "$work/swift.tar.gz.sig" "$url.sig" || fail "could not fetch the signature $url.sig"
  export GNUPGHOME=$work/keys
  mkdir -m 0700 "$GNUPGHOME"
  curl -fsSL https://www.swift.org/keys/all-keys.asc | gpg --quiet --import || fail "could not fetch the keys of swift.org"
  gpg --quiet --verify "$work/swift.tar.gz.sig" "$work/swift.tar.gz" || fail "the signature of the toolchain is wrong; nothing was installed"
  as_root mkdir -p "$swift_folder"
  as_root tar -xzf "$work/swift.tar.gz" --strip-components=1 -C "$swift_folder"
  export PATH=$swift_folder/usr/bin:$PATH
  swift --version >/dev/null || fail "the toolchain in $swift_folder does not start"
}
