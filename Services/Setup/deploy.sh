# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# From settings and secrets to running services: images, compose, health, a real message through it all.

# images_missing   names of our images that are not there at the version.
images_missing() {
  local name
  for name in $(our_images); do
    docker image inspect "mailkeep/$name:$version" >/dev/null 2>&1 || printf '%s ' "$name"
  done
}

build_images() {
  local name
  for name in $(our_images); do
    docker build -f "$root/Services/Dockerfile" --target "$name" -t "mailkeep/$name:$version" "$root" || return
  done
}

start_services() { compose up -d --remove-orphans </dev/null; }

# bring_up   starts everything, waits for it, sends a message through it, installs the operator's command.
bring_up() {
  step "Start every service" start_services
  say "  Wait until they are ready:"
  wait_for_health 180
  step "A message, an event and a contact go in and come back" send_test_message
  step "The command $prefix/sbin/mailkeep" write_container_wrapper "$prefix/sbin/mailkeep"
}

# wait_for_health LIMIT   says how many are ready whenever that changes; after LIMIT seconds fails and names those that are
# not, with the end of their logs.
wait_for_health() {
  local limit=$1 end waiting said="" id total ready
  end=$((SECONDS + limit))
  while :; do
    total=0 ready=0 waiting=""
    for id in $(compose ps -aq); do
      total=$((total + 1))
      if [[ $(docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$id") =~ ^(healthy|running)$ ]]; then
        ready=$((ready + 1))
      else
        waiting+=" $(docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}' "$id")"
      fi
    done
    if [[ "$ready/$total$waiting" != "$said" ]]; then
      said="$ready/$total$waiting"
      say "    $ready of $total containers are ready${waiting:+; waiting for$waiting}"
    fi
    if ((total > 0 && ready == total)); then return; fi
    if ((SECONDS >= end)); then
      # shellcheck disable=SC2086  # names of services
      compose logs --no-color --tail 20 $waiting >&2 || true
      warn "not ready after $limit s:$waiting. Their logs are above; more: docker logs CONTAINER. Run this again when it is mended: it goes on from here."
      return 1
    fi
    sleep 1
  done
}

# send_test_message   through the published ports as clients do: submission, IMAP, POP3, CalDAV, CardDAV, with an account
# that is there for that long.
send_test_message() {
  local work address status=0
  work=$(mktemp -d)
  chmod 0700 "$work"
  address=setup-check-$(head -c 6 /dev/urandom | od -An -tx1 | tr -d ' \n')@$domain
  (umask 0077 && make_password >"$work/password")
  mailkeep_container account add "$address" --password-file - <"$work/password" || status=1
  if [[ $status == 0 ]]; then
    describe_server "$address" "$work/password" >"$work/server.json" && edge_is_open &&
      python3 "$setup/demo_message.py" "$work/server.json" && python3 "$setup/demo_event.py" "$work/server.json" || status=1
    mailkeep_container account remove "$address" --yes </dev/null || status=1
  fi
  rm -rf "$work"
  return "$status"
}

# The edge finds a service some moments after it is ready.
edge_is_open() {
  local port
  port=$(published_port MAILKEEP_IMAPS_PORT)
  wait_until 30 "IMAP on port $port" greets "$port"
}

# greets PORT   whether SMTP, IMAP or POP3 answers there over TLS. openssl may outlive us: it must not keep the lock.
greets() {
  local line
  IFS= read -r -t 5 line < <(timeout 5 openssl s_client -quiet -connect "127.0.0.1:$1" </dev/null 2>/dev/null 7>&-)
  [[ $line == [*2+]* ]]
}

# describe_server ADDRESS PASSWORD-FILE   what the demos need to know, as try.json has it.
describe_server() {
  python3 - "$hostname" "$secrets/all/tls.crt" "$1" "$2" "$(published_ports)" <<'PYTHON'
import json, sys
host, certificate, address, password, ports = sys.argv[1:]
ports = {name: int(port) for name, port in (line.split() for line in ports.splitlines())}
account = {"address": address, "password": open(password).read()}
mail = lambda name, tls: {"host": host, "port": ports[f"MAILKEEP_{name}_PORT"], "tls": tls}
json.dump({
    "ca": certificate, "reach": {host: "127.0.0.1"}, "accounts": [account, account],
    "endpoints": {
        "submissions": mail("SUBMISSIONS", "implicit"), "imaps": mail("IMAPS", "implicit"), "pop3s": mail("POP3S", "implicit"),
        "dav": {"url": f"https://{host}:{ports['MAILKEEP_DAV_PORT']}/"},
    },
}, sys.stdout)
PYTHON
}
