# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# A throw-away certificate authority and one server certificate, for `try`, the tests, and a server until it has a real one.

# make_certificate FOLDER NAME…   writes ca.crt, server.crt (with its chain) and server.key for the names and addresses,
# and forgets the authority's key. An existing certificate for the same names that is good for another day is kept.
# certificate_days: for how long, otherwise 30.
make_certificate() {
  local folder=$1 name names="" days=${certificate_days:-30}
  shift
  local names_wanted=$*
  mkdir -p "$folder"
  if [[ -f $folder/server.crt && "$(cat "$folder/names" 2>/dev/null)" == "$names_wanted" ]] &&
    openssl x509 -checkend 86400 -noout -in "$folder/server.crt" >/dev/null; then return; fi
  for name in "$@"; do
    if [[ $name == *:* || $name =~ ^[0-9.]+$ ]]; then names+="${names:+,}IP:$name"; else names+="${names:+,}DNS:$name"; fi
  done
  (
    umask 0077
    cd "$folder" || exit
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days "$((days + 60))" \
      -subj "/CN=Mailkeep throw-away CA" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj "/CN=$1"
    openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days "$days" -out leaf.crt \
      -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' "$names")
    cat leaf.crt ca.crt >server.crt
    rm -f ca.key ca.srl server.csr leaf.crt
    chmod 0644 ca.crt server.crt
    printf '%s\n' "$names_wanted" >names
  )
}

# check_certificate CERTIFICATE KEY NAME   fails, and says why, when mail programs would not take them for the name.
check_certificate() {
  local public
  public=$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null) || { echo "$1 is not a PEM file with a certificate" && return 1; }
  [[ $(openssl pkey -in "$2" -pubout 2>/dev/null) == "$public" ]] ||
    { echo "$2 is not the key of the certificate in $1 (a PEM file without a pass phrase is meant)" && return 1; }
  openssl x509 -in "$1" -noout -checkend 0 >/dev/null || { echo "the certificate in $1 has run out" && return 1; }
  openssl x509 -in "$1" -noout -checkhost "$3" | grep -q 'does match' ||
    { echo "the certificate in $1 is not for $3, but for: $(openssl x509 -in "$1" -noout -ext subjectAltName | tail -n 1)" && return 1; }
}

# choose_certificate   leaves a PEM file and its key in the variables certificate and certificate_key: those of the flags,
# else the operator's own of the last run, else new ones of an authority that nobody knows.
choose_certificate() {
  local own=$secrets/own-authority problem
  is_stopgap=0
  if [[ -n $certificate || -n $certificate_key ]]; then
    [[ -n $certificate && -n $certificate_key ]] || fail "--certificate and --certificate-key go together"
    problem=$(check_certificate "$certificate" "$certificate_key" "$hostname") || fail "$problem"
  elif [[ -f $secrets/all/tls.crt ]] && ! cmp -s "$secrets/all/tls.crt" "$own/server.crt"; then
    certificate=$secrets/all/tls.crt certificate_key=$secrets/all/tls.key
    problem=$(check_certificate "$certificate" "$certificate_key" "$hostname") ||
      fail "$problem; give a new one with --certificate and --certificate-key"
  else
    is_stopgap=1
    (umask 0077 && mkdir -p "$own")
    certificate_days=365 step "A certificate of an authority of its own" \
      make_certificate "$own" "$hostname" "admin.$domain" "autoconfig.$domain" "mta-sts.$domain" || return
    certificate=$own/server.crt certificate_key=$own/server.key
  fi
}

tell_of_stopgap() {
  [[ $is_stopgap == 1 ]] || return 0
  say
  warn "the certificate is a stopgap: mail programs will warn of it, until ./setup.sh install gets a real one with --certificate and
       --certificate-key (renewal by itself, menu entry 4, is not there yet). To trust it for now: $secrets/own-authority/ca.crt"
}
