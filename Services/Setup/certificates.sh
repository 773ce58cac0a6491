# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A throw-away certificate authority and one server certificate, for `try` and the tests.

# make_certificate FOLDER NAME…   writes ca.crt, server.crt (with its chain) and server.key for the names and addresses,
# and forgets the authority's key. An existing certificate that is good for another day is kept.
make_certificate() {
  local folder=$1 name names=""
  shift
  mkdir -p "$folder"
  if [[ -f $folder/server.crt ]] && openssl x509 -checkend 86400 -noout -in "$folder/server.crt" >/dev/null; then return; fi
  for name in "$@"; do
    if [[ $name == *:* || $name =~ ^[0-9.]+$ ]]; then names+="${names:+,}IP:$name"; else names+="${names:+,}DNS:$name"; fi
  done
  (
    umask 0077
    cd "$folder" || exit
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 90 \
      -subj "/CN=Mailkeep throw-away CA" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj "/CN=$1"
    openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out leaf.crt \
      -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' "$names")
    cat leaf.crt ca.crt >server.crt
    rm -f ca.key ca.srl server.csr leaf.crt
    chmod 0644 ca.crt server.crt
  )
}
