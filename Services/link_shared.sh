#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Links the executables anew from a build's objects, so that memory and disk hold once what they share: what two or more
# of them are made of goes into libMailkeep.so beside them, what only one needs stays with that one. The library shows
# only what the executables ask for, so that the linker drops the rest.
#
# usage: link_shared.sh BUILD OUT      BUILD is what `swift build -c release --show-bin-path` names
set -euo pipefail
build=${1:?} out=${2:?}
executables=(SMTPInbound SMTPOutbound MailAccess DAVAccess WebAdmin Backup mailkeep)

mkdir -p "$out"
work=$(mktemp -d "$out/.link.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/new"
objects() { tr -d '"' <"$build/$1.product/Objects.LinkFileList" | sort -u; }

for name in "${executables[@]}"; do objects "$name"; done | sort | uniq -d >"$work/shared"
for name in "${executables[@]}"; do objects "$name" | comm -23 - "$work/shared" >"$work/$name"; done

# What the executables ask of the library.
cat "${executables[@]/#/$work/}" | tr '\n' '\0' | xargs -0 nm -u --format=just-symbols | sort -u >"$work/asked"
{
  echo '{ global:'
  sed -n 's/^\([A-Za-z_$][A-Za-z0-9_$.]*\)$/"\1";/p' "$work/asked"
  echo 'local: *; };'
} >"$work/shown"

link() { swiftc -use-ld=lld -Xlinker --gc-sections -Xlinker -s "$@" -lstdc++ -lsqlite3 -lsodium -lcrypto; }
link -emit-library -o "$work/new/libMailkeep.so" -module-name Mailkeep -Xlinker -soname=libMailkeep.so \
  -Xlinker --version-script="$work/shown" -Xlinker --undefined-version "@$work/shared"
for name in "${executables[@]}"; do
  link -emit-executable -o "$work/new/$name" -module-name "$name" -Xlinker --defsym="main=${name}_main" \
    -Xlinker "-rpath=\$ORIGIN:\$ORIGIN/../lib" -L "$work/new" -lMailkeep "@$work/$name"
done
# Under running processes: they keep the files that they have.
mv -f "$work"/new/* "$out"
