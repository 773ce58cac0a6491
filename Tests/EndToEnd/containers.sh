#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The images under compose on a real engine: two replicas, real clients through the edge, the client's true address.
# The images mailkeep/* must be there (./setup.sh test builds them).
set -euo pipefail
# shellcheck source=Tests/EndToEnd/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
setup=$root/Services/Setup
# shellcheck source=Services/Setup/common.sh
source "$setup/common.sh"
# shellcheck source=Services/Setup/certificates.sh
source "$setup/certificates.sh"
# shellcheck source=Services/Setup/zone.sh
source "$setup/zone.sh"
# shellcheck source=Services/Setup/containers.sh
source "$setup/containers.sh"

if docker compose version >/dev/null 2>&1; then engine_compose=(docker compose); else engine_compose=(docker-compose); fi

project=mailkeeptest$$
work=$(mktemp -d /tmp/mailkeep-containers.XXXXXX)
secrets=$work/secrets
namespace=mailkeeptest$$
domain=mailkeep.test

compose() { "${engine_compose[@]}" -p "$project" -f "$root/compose.yaml" -f "$here/compose.test.yaml" "$@"; }

clean_up() {
  local status=$?
  if [[ $status != 0 ]]; then compose ps || true; compose logs --tail 40 || true; fi
  compose down -v --remove-orphans --timeout 20 >/dev/null 2>&1 || true
  ip netns del "$namespace" 2>/dev/null || true
  ip link del "mk$$" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

export MAILKEEP_SECRETS=$secrets MAILKEEP_HOSTNAME=mail.$domain MAILKEEP_TEST_DNS=$work/dns
export MAILKEEP_DNS_FORWARD=172.31.251.53@5300 MAILKEEP_DNS_ANCHOR_FILE=/anchor.key
first=$((30000 + ($$ % 300) * 10))
export MAILKEEP_SMTP_PORT=$first MAILKEEP_SUBMISSION_PORT=$((first + 1)) MAILKEEP_SUBMISSIONS_PORT=$((first + 2))
export MAILKEEP_IMAP_PORT=$((first + 3)) MAILKEEP_IMAPS_PORT=$((first + 4))
export MAILKEEP_POP3_PORT=$((first + 5)) MAILKEEP_POP3S_PORT=$((first + 6))

prepare() {
  make_certificate "$work/tls" localhost 127.0.0.1 ::1 "mail.$domain"
  make_secrets "$work/tls/server.crt" "$work/tls/server.key"
  docker volume create "${project}_store" >/dev/null
  docker volume create "${project}_accounts" >/dev/null
  mailkeep_container init
  mailkeep_container domain add "$domain"
  local name
  for name in admin alice bob; do
    local -a flags=()
    [[ $name == admin ]] && flags=(--administrator)
    make_password >"$work/$name.password"
    mailkeep_container account add "$name@$domain" "${flags[@]}" --password-file - <"$work/$name.password"
  done
  {
    echo "$domain. IN MX 10 mail.$domain."
    echo "mail.$domain. IN A 127.0.0.1"
    mailkeep_container domain dkim "$domain"
  } | write_zone "$work/dns" 5300
  sed -i -e 's/ip-address: 127.0.0.1@/ip-address: 0.0.0.0@/' -e '/ip-address: ::1/d' -e 's,zonesdir: .*,zonesdir: "/zone",' \
    -e "s,\"$work/dns/,\"/tmp/," -e 's,xfrdir: .*,xfrdir: "/tmp",' "$work/dns/nsd.conf"
  chmod 0755 "$work" "$work/dns"
  chmod 0644 "$work"/dns/{nsd.conf,root.zone.signed,anchor.key}
}

# Only root lists the folder; each file is its service's uid's, 0400.
secrets_are_apart() {
  [[ $(stat -c '%U %a' "$secrets") == "root 700" ]]
  local service file
  for service in "${!service_secrets[@]}"; do
    for file in "$secrets/$service"/*; do
      [[ $(stat -c '%u %a' "$file") == "${service_uid[$service]} 400" ]] || { stat "$file"; return 1; }
    done
  done
  [[ ! -e $secrets/smtp-inbound/signing.key && ! -e $secrets/smtp-outbound/accounts.key && ! -e $secrets/mail-access/spool.key ]]
  local master
  master=$(find "$secrets" -name master.key | wc -l)
  [[ $master == 1 ]]
}

start() { compose up -d --scale mail-access=2 --scale smtp-outbound=2 --scale smtp-inbound=2; }

all_healthy() {
  local id
  for id in $(compose ps -q edge redis smtp-inbound smtp-outbound mail-access); do
    [[ $(docker inspect --format '{{.State.Health.Status}}' "$id") == healthy ]] || return 1
  done
  # and the edge has found them
  [[ $(curl -sk --max-time 5 "imaps://localhost:$MAILKEEP_IMAPS_PORT" -X CAPABILITY) == *IMAP4rev2* ]]
}

describe() {
  "$test_python" - "$work" "$domain" <<PYTHON
import json, pathlib, sys
work, domain = pathlib.Path(sys.argv[1]), sys.argv[2]
account = lambda name: {"address": f"{name}@{domain}", "password": (work / f"{name}.password").read_text()}
end = lambda port, tls: {"host": "localhost", "port": port, "tls": tls}
(work / "try.json").write_text(json.dumps({
    "domain": domain, "ca": str(work / "tls" / "ca.crt"),
    "accounts": [account("alice"), account("bob")], "administrator": account("admin"),
    "endpoints": {
        "smtp": end($MAILKEEP_SMTP_PORT, "starttls"), "submission": end($MAILKEEP_SUBMISSION_PORT, "starttls"),
        "submissions": end($MAILKEEP_SUBMISSIONS_PORT, "implicit"), "imap": end($MAILKEEP_IMAP_PORT, "starttls"),
        "imaps": end($MAILKEEP_IMAPS_PORT, "implicit"), "pop3": end($MAILKEEP_POP3_PORT, "starttls"),
        "pop3s": end($MAILKEEP_POP3S_PORT, "implicit"),
    },
}))
PYTHON
}

# A host of its own beside this machine: what it sends must carry its own address in Received and in the log.
true_address() {
  ip netns add "$namespace"
  ip link add "mk$$" type veth peer name inside netns "$namespace"
  ip addr add 192.0.2.1/24 dev "mk$$"
  ip link set "mk$$" up
  ip -n "$namespace" addr add 192.0.2.77/24 dev inside
  ip -n "$namespace" link set inside up
  ip netns exec "$namespace" swaks --server 192.0.2.1 --port "$MAILKEEP_SMTP_PORT" --helo client.example \
    --from stranger@client.example --to "bob@$domain" --header "Subject: true address" --body x
  "$test_python" - "$work/try.json" <<'PYTHON'
import sys
sys.path.insert(0, __import__("os").environ["here"])
from session import Instance, messages, wait_for
instance = Instance()
imap = instance.imap(instance.accounts[1])
found = lambda: [m for m in messages(imap) if b"true address" in m]
wait_for(found, "the message")
assert b"[192.0.2.77]" in found()[0], found()[0]
PYTHON
  compose logs smtp-inbound | grep -q 192.0.2.77
}

# An IMAP session on one replica goes on while the other is replaced, and new sessions are never refused.
replace_one() {
  "$test_python" - "$work/try.json" "$project" <<'PYTHON'
import subprocess, sys
sys.path.insert(0, __import__("os").environ["here"])
from session import Instance
instance, project = Instance(), sys.argv[2]
bob = instance.accounts[1]
sessions = [instance.imap(bob) for _ in range(6)]
names = subprocess.run(["docker", "ps", "--filter", f"label=com.docker.compose.project={project}", "--filter",
                        "label=com.docker.compose.service=mail-access", "--format", "{{.ID}}"],
                       capture_output=True, text=True, check=True).stdout.split()
assert len(names) == 2, names
subprocess.run(["docker", "restart", "--time", "30", names[0]], check=True, capture_output=True)
alive = 0
for session in sessions:
    try:
        session.noop()
        alive += 1
    except Exception:
        pass
assert 1 <= alive < 6, f"{alive} of 6 sessions live after one of two replicas was replaced"
for _ in range(6):
    instance.imap(bob).logout()
PYTHON
}

no_way_past_the_edge() {
  local id published
  for id in $(compose ps -q redis smtp-inbound smtp-outbound mail-access); do
    published=$(docker port "$id")
    [[ -z $published ]] || { echo "$id publishes $published"; return 1; }
    [[ $(docker inspect --format '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}' "$id") == "true [ALL]" ]] || return 1
    [[ $(docker exec "$id" id -u) != 0 ]] || return 1
  done
}

check "secrets, store and accounts are made by one-shot containers" prepare
check "each service has only its own secrets" secrets_are_apart
check "compose up with two replicas of each" start
check "everything becomes healthy" wait_until 90 "healthy containers" all_healthy
describe
check "a message goes round through the edge" "$test_python" "$setup/demo_message.py" "$work/try.json"
check "non-root, read-only, no capabilities, nothing published but the edge" no_way_past_the_edge
check "the client's true address is in Received and in the log" true_address
check "replacing one replica drops no session of the other" replace_one
check "mailkeep works as a one-shot container" mailkeep_container account list --json
check "mailkeep health" mailkeep_container health
summary
