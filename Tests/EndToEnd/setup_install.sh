# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154  # shared with setup.sh, which has this
# What setup.sh must hold of an installation: what it refuses, what it makes, what a second one changes (nothing).

# refused "words" FLAG…   install refuses, and says the words.
refused() {
  local words=$1 said
  shift
  if said=$("$root/setup.sh" install --settings "$work/refused" "$@" --yes --offline </dev/null 2>&1); then
    echo "taken: $*"
    return 1
  fi
  [[ $said == *"$words"* ]] || { echo "$said"; return 1; }
  [[ ! -e $work/refused ]]
}

wrong_answers() {
  local good=(--domain example.org --hostname mail.example.org --administrator anna --address 203.0.113.5)
  local server_kept=$work/kept
  : >"$server_kept"
  refused "say it with --domain"
  refused "is not a domain name" --domain "exa mple.org"
  refused "xn--" --domain "메일.example"
  refused "a name such as example.org is meant" --domain 192.0.2.7
  refused "need a name of the DNS" --domain example.org --hostname localhost.localhost
  refused "say it with --administrator" --domain example.org
  refused "cannot be the administrator" --domain example.org --administrator "an na"
  refused "reaches the administrators by itself" --domain example.org --administrator abuse
  refused "is not an IP address" "${good[@]}" --address 300.1.1.1
  refused "cannot be read" "${good[@]}" --password-file /nowhere
  refused "--images takes" "${good[@]}" --images some
  refused "compose.yaml has no such setting" "${good[@]}" --set MAILKEEP_NONSENSE=1
  refused "unknown option --colour" "${good[@]}" --colour
  refused "needs a value" --domain
  refused "--domain is given twice" "${good[@]}" --domain example.net
  refused "say where to write it with --recovery-key-output" "${good[@]}"
  refused "is there already and is not overwritten" "${good[@]}" --recovery-key-output "$server_kept"
  good+=(--recovery-key-output "$work/none")
  refused "are not there at version no-such-version" "${good[@]}" --images built "${apart_settings[@]}" \
    --set MAILKEEP_VERSION=no-such-version
}

# A port that somebody has is named with who has it, and stops everything.
port_taken() {
  local holder port=$((first + 20)) said
  timeout 60 "$test_python" -c "import socket, signal
with socket.create_server(('127.0.0.1', $port)): print('up', flush=True); signal.pause()" >"$work/holder" 2>&1 &
  holder=$!
  wait_until 10 "a program on port $port" grep -q up "$work/holder"
  said=$("$root/setup.sh" install --settings "$work/refused" --domain example.org --administrator anna --address 203.0.113.5 \
    --recovery-key-output "$work/none" "${apart_settings[@]}" --set "MAILKEEP_SMTP_PORT=$port" --yes --offline --images built </dev/null 2>&1) && return 1
  kill "$holder"
  [[ $said == *"port $port is taken by python"*"--set MAILKEEP_SMTP_PORT="*"--force"* ]] || { echo "$said"; return 1; }
}

# Outgoing port 25 and the names of the addresses, as they may be.
network_checks() {
  local port=$((first + 21)) server said hostname=localhost addresses=127.0.0.1 probe_server=127.0.0.1:$((first + 21))
  warnings=0 errors=0
  timeout 60 "$test_python" -c "import socket
with socket.create_server(('127.0.0.1', $port)) as s:
  print('up', flush=True); c, _ = s.accept(); c.sendall(b'220 mx.example ESMTP\\r\\n'); c.recv(100)" >"$work/greeter" 2>&1 &
  server=$!
  wait_until 10 "a mail server on port $port" grep -q up "$work/greeter"
  said=$(check_outgoing)
  [[ $said == *"ok "*"port $port of 127.0.0.1 answers"* ]] || { echo "$said"; return 1; }
  wait "$server"
  said=$(check_outgoing)
  [[ $said == *warning*"no answer from port $port"*"open outgoing port 25"* ]] || { echo "$said"; return 1; }
  said=$(check_reverse_names)
  [[ $said == *"ok "*"name of 127.0.0.1: localhost"* ]] || { echo "$said"; return 1; }
  hostname=mail.example.org
  said=$(check_reverse_names)
  [[ $said == *warning*"localhost"*"not mail.example.org"*"provider"* ]] || { echo "$said"; return 1; }
  is_private 10.1.2.3 && is_private 100.64.0.1 && ! is_private 203.0.113.5
}

install() {
  "$root/setup.sh" install "${apart[@]}" --secrets "$work/secrets" --yes --offline "$@" </dev/null
}

first_install() {
  local said
  make_password >"$work/anna.password"
  said=$(install --domain example.org --hostname mail.example.org --administrator anna --address 192.0.2.5 \
    --password-file "$work/anna.password" --recovery-key-output "$work/recovery-key")
  printf '%s\n' "$said"
  [[ $said == *"example.org. IN MX 10 mail.example.org."*"Mail programs:"* ]]
  [[ $(stat -c %a "$settings") == 600 && $(stat -c '%U %a' "$work/secrets") == "root 700" ]]
  # no secret in the log, in the settings or in what was said
  local secret
  for secret in "$work/anna.password" "$work/recovery-key" "$work"/secrets/all/{*.key,redis-password}; do
    [[ $secret == *tls.key ]] && continue
    if grep -qF -f "$secret" "$work/setup.log" "$settings" <(printf '%s' "$said"); then echo "$secret is told" && return 1; fi
  done
}

# The same again: nothing changes, no secret, no setting, no container.
again() {
  use_settings
  local before after
  before=$(find "$work/secrets/all" "$settings" -type f -exec sha256sum {} + && compose ps -q)
  install
  after=$(find "$work/secrets/all" "$settings" -type f -exec sha256sum {} + && compose ps -q)
  [[ $before == "$after" ]]
}

# The stopgap gives way to a certificate of the operator's own, while the services run.
own_certificate() {
  make_certificate "$work/tls" localhost 127.0.0.1 ::1 mail.example.org
  make_certificate "$work/other" elsewhere.example
  local said
  said=$(install --certificate "$work/other/server.crt" --certificate-key "$work/other/server.key" 2>&1) && return 1
  [[ $said == *"is not for mail.example.org"* ]] || { echo "$said"; return 1; }
  said=$(install --certificate "$work/tls/server.crt" --certificate-key "$work/other/server.key" 2>&1) && return 1
  [[ $said == *"is not the key of"* ]] || { echo "$said"; return 1; }
  install --certificate "$work/tls/server.crt" --certificate-key "$work/tls/server.key"
  use_settings
  wait_until 20 "the new certificate" shows_certificate "$work/tls/ca.crt"
}
shows_certificate() {
  openssl s_client -connect "127.0.0.1:$(published_port MAILKEEP_IMAPS_PORT)" -CAfile "$1" -verify_return_error \
    -verify_hostname mail.example.org </dev/null
}

add_bob() {
  make_password >"$work/bob.password"
  "$work/sbin/mailkeep" account add bob@example.org --password-file - <"$work/bob.password"
}

# What the clients of the tests need to know.
describe() {
  use_settings
  "$test_python" - "$work" "$(published_ports)" >"$server" <<'PYTHON'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
ports = {name: int(port) for name, port in (line.split() for line in sys.argv[2].splitlines())}
end = lambda name, tls: {"host": "localhost", "port": ports[f"MAILKEEP_{name}_PORT"], "tls": tls}
account = lambda name: {"address": f"{name}@example.org", "password": (work / f"{name}.password").read_text()}
json.dump({
    "ca": str(work / "tls" / "ca.crt"), "accounts": [account("anna"), account("bob")],
    "endpoints": {
        "smtp": end("SMTP", "starttls"), "submissions": end("SUBMISSIONS", "implicit"), "imaps": end("IMAPS", "implicit"),
        "pop3s": end("POP3S", "implicit"), "dav": {"url": f"https://localhost:{ports['MAILKEEP_DAV_PORT']}/"},
    },
}, sys.stdout)
PYTHON
}
