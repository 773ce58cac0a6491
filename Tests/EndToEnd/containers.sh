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
# shellcheck source=Services/Setup/engine.sh
source "$setup/engine.sh"
# shellcheck source=Services/Setup/recovery_key.sh
source "$setup/recovery_key.sh"
# shellcheck source=Services/Setup/deploy.sh
source "$setup/deploy.sh"

find_compose

# The networks have fixed addresses: one run at a time on a machine.
exec 8>/tmp/mailkeep-containers.lock
flock 8

project=mailkeeptest$$
work=$(mktemp -d /tmp/mailkeep-containers.XXXXXX)
secrets=$work/secrets
namespace=mailkeeptest$$
domain=mailkeep.test
elsewhere=elsewhere.test
gateway=10.201.8.1 # this machine on the services' outgoing network: where the second mail server listens

clean_up() {
  local status=$?
  if [[ $status != 0 ]]; then
    compose ps || true
    compose logs --no-color --tail 30 || true
  fi
  compose down -v --remove-orphans --timeout 20 >/dev/null 2>&1 || true
  ip netns del "$namespace" 2>/dev/null || true
  ip link del "mk$$" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

# Below what the kernel gives to outgoing connections.
first=$((10000 + ($$ % 200) * 20))
smtp=$first submission=$((first + 1)) submissions=$((first + 2)) imap=$((first + 3)) imaps=$((first + 4))
pop3=$((first + 5)) pop3s=$((first + 6)) outbound=$((first + 7)) dav=$((first + 8)) admin=$((first + 9))
settings=$work/settings
replicas=(--scale mail-access=2 --scale smtp-outbound=2 --scale smtp-inbound=2 --scale dav-access=2 --scale web-admin=2)
mailkeep=$work/mailkeep

configure() {
  write_settings "COMPOSE_PROJECT_NAME=$project" COMPOSE_FILE=compose.yaml:Tests/EndToEnd/compose.test.yaml \
    "MAILKEEP_VERSION=${MAILKEEP_VERSION:-latest}" "MAILKEEP_SECRETS=$secrets" \
    "MAILKEEP_BACKUPS=$work/backups" "MAILKEEP_HOSTNAME=mail.$domain" \
    "MAILKEEP_DOMAIN=$domain" MAILKEEP_ADDRESSES=127.0.0.1 \
    "MAILKEEP_TEST_DNS=$work/dns" MAILKEEP_DNS_FORWARD=10.201.8.53@5300 MAILKEEP_DNS_ANCHOR_FILE=/anchor.key \
    "MAILKEEP_SMTP_PORT=$smtp" "MAILKEEP_SUBMISSION_PORT=$submission" "MAILKEEP_SUBMISSIONS_PORT=$submissions" \
    "MAILKEEP_IMAP_PORT=$imap" "MAILKEEP_IMAPS_PORT=$imaps" "MAILKEEP_POP3_PORT=$pop3" "MAILKEEP_POP3S_PORT=$pop3s" \
    "MAILKEEP_DAV_PORT=$dav" "MAILKEEP_ADMIN_PORT=$admin" "MAILKEEP_OUTBOUND_PORT=$outbound" MAILKEEP_OUTBOUND_ALLOW_LOOPBACK=true
  use_settings
}
configure

prepare() {
  make_certificate "$work/tls" localhost 127.0.0.1 ::1 "mail.$domain" "admin.$domain" "autoconfig.$domain" "mta-sts.$domain"
  make_secrets "$work/tls/server.crt" "$work/tls/server.key"
  recovery_key_output=$work/recovery-key make_recovery_key
  make_volumes
  make_backups_folder
  write_container_wrapper "$mailkeep"
  "$mailkeep" init
  "$mailkeep" domain add "$domain"
  local name
  for name in admin alice bob; do
    local -a flags=()
    [[ $name == admin ]] && flags=(--administrator)
    make_password >"$work/$name.password"
    "$mailkeep" account add "$name@$domain" "${flags[@]}" --password-file - <"$work/$name.password"
  done
  {
    echo "$elsewhere. IN MX 10 mail.$elsewhere."
    echo "mail.$elsewhere. IN A $gateway"
    echo "1.0.0.127.in-addr.arpa. IN PTR mail.$domain."
    mailkeep_container dns "$domain" --offline
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
  [[ ! -e $secrets/dav-access/spool.key && ! -e $secrets/dav-access/signing.key ]]
  for file in configuration accounts spool signing; do [[ ! -e $secrets/backup/$file.key ]]; done
  local master
  master=$(find "$secrets" -name master.key | wc -l)
  [[ $master == 1 ]]
}

start() { compose up -d "${replicas[@]}"; }

all_healthy() {
  wait_for_health 120
  wait_until 30 "the edge, until it has found every service" found_by_the_edge
}
found_by_the_edge() {
  local port
  for port in "$imaps" "$submissions" "$pop3s"; do greets "$port" || return; done
  curl -sk -o /dev/null "https://localhost:$dav/" && curl -sk -o /dev/null "https://localhost:$admin/"
}

describe() {
  "$test_python" - "$work" "$domain" <<PYTHON
import json, pathlib, sys
work, domain = pathlib.Path(sys.argv[1]), sys.argv[2]
account = lambda name: {"address": f"{name}@{domain}", "password": (work / f"{name}.password").read_text()}
end = lambda port, tls: {"host": "localhost", "port": port, "tls": tls}
(work / "try.json").write_text(json.dumps({
    "domain": domain, "ca": str(work / "tls" / "ca.crt"), "data": str(work / "data"),
    "elsewhere": {"domain": "$elsewhere", "host": "$gateway", "port": $outbound},
    "accounts": [account("alice"), account("bob")], "administrator": account("admin"),
    "endpoints": {
        "smtp": end($smtp, "starttls"), "submission": end($submission, "starttls"),
        "submissions": end($submissions, "implicit"), "imap": end($imap, "starttls"),
        "imaps": end($imaps, "implicit"), "pop3": end($pop3, "starttls"),
        "pop3s": end($pop3s, "implicit"), "dav": {"url": "https://localhost:$dav/"},
        "admin": {"url": "https://localhost:$admin/"},
    },
}))
PYTHON
}

# A host of its own beside this machine: what it sends must carry its own address in Received and in the log.
true_address() {
  ip netns add "$namespace"
  ip link add "mk$$" type veth peer name inside netns "$namespace"
  ip addr add 198.51.100.1/24 dev "mk$$"
  ip link set "mk$$" up
  ip -n "$namespace" addr add 198.51.100.77/24 dev inside
  ip -n "$namespace" link set inside up
  ip netns exec "$namespace" swaks --server 198.51.100.1 --port "$smtp" --helo client.example \
    --from stranger@client.example --to "bob@$domain" --header "Subject: true address" --body x
  PYTHONPATH=$here "$test_python" - "$work/try.json" <<'PYTHON'
from session import Instance, messages, wait_for
instance = Instance()
imap = instance.imap(instance.accounts[1])
found = lambda: [m for m in messages(imap) if b"true address" in m]
wait_for(found, "the message")
assert b"[198.51.100.77]" in found()[0], found()[0]
PYTHON
  # no `grep -q`: it would leave while compose still writes
  [[ $(compose logs smtp-inbound) == *'"peer":"198.51.100.77"'* ]]
}

replace_one() {
  "$test_python" "$here/replace_replica.py" "$work/try.json" "$project" \
    "${engine_compose[@]}" -p "$project" --env-file "$settings" -f "$root/compose.yaml" -f "$here/compose.test.yaml" \
    up -d --no-recreate "${replicas[@]}"
}

# shellcheck disable=SC2046  # names of services
service_ids() { compose ps -q edge redis $(our_services); }
address_of() { docker inspect --format "{{(index .NetworkSettings.Networks \"${project}_$2\").IPAddress}}" "$1"; }

# What the kernel says of the processes in the containers, and what the engine says of the containers.
locked_down() {
  local id said
  for id in $(service_ids); do
    said=$(docker inspect --format '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.RestartPolicy.Name}}' "$id")
    [[ $said == "true [ALL] unless-stopped" ]] || { echo "$id: $said"; return 1; }
    [[ $(docker inspect --format '{{.HostConfig.Memory}}' "$id") -gt 0 ]]
    [[ $(docker inspect --format '{{json .HostConfig.LogConfig.Config}}' "$id") == *max-size* ]]
    said=$(docker exec "$id" bash -c 'id -u; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/1/status; touch /x 2>&1 || echo refused')
    if grep -qx 0 <<<"$said"; then echo "$id runs as root" && return 1; fi
    [[ $(grep -cE '^Cap(Eff|Bnd):.0+$' <<<"$said") == 2 && $said == *NoNewPrivs:?1* && $said == *refused* ]] || { echo "$id: $said"; return 1; }
  done
  # the sender's side sees no account's file, only the edge publishes ports
  for id in $(compose ps -q smtp-outbound); do [[ -z $(docker exec "$id" ls /data/accounts) ]]; done
  # shellcheck disable=SC2046  # names of services
  for id in $(compose ps -q redis $(our_services)); do [[ -z $(docker port "$id") ]]; done
}

redis_keeps_nothing() {
  local id
  id=$(compose ps -q redis)
  [[ -z $(docker exec "$id" ls -A /data) ]]
  [[ -z $(docker inspect --format '{{range .Mounts}}{{if ne .Type "bind"}}{{.Name}}{{end}}{{end}}' "$id") ]]
  # shellcheck disable=SC2016  # expanded in the container
  [[ $(docker exec "$id" bash -c 'REDISCLI_AUTH=$(cat /run/mailkeep/redis-password) redis-cli config get save') == save ]]
  [[ $(docker exec "$id" redis-cli ping 2>&1) == *NOAUTH* ]]
  [[ $(docker network inspect --format '{{.Internal}}' "${project}_back") == true ]]
}

proxy_from_the_edge_alone() {
  local id
  for id in $(compose ps -q smtp-inbound); do
    "$test_python" "$here/edge_only.py" "$(address_of "$id" front)" "$(compose ps -q edge)"
  done
  if compose logs smtp-inbound | grep -F 203.0.113.9; then return 1; fi
}

# On the one published 443 the name in the TLS hello decides; everything else is for calendars.
names_on_443() {
  ask() { curl -sS -i --cacert "$work/tls/ca.crt" --resolve "$1:$dav:127.0.0.1" "https://$1:$dav$2"; }
  [[ $(ask "mta-sts.$domain" /.well-known/mta-sts.txt) == *"mx: mail.$domain"* ]]
  [[ $(ask "autoconfig.$domain" /mail/config-v1.1.xml) == *"<hostname>mail.$domain</hostname>"* ]]
  [[ $(ask "admin.$domain" /login) == *'action="/login"'* ]]
  ask "mail.$domain" /.well-known/caldav | grep -i '^location: /dav/'
}

every_command() {
  "$mailkeep" domain list --json | grep -F "$domain"
  "$mailkeep" alias add "sales@$domain" "alice@$domain"
  "$mailkeep" alias list --json | grep -F "sales@$domain"
  "$mailkeep" account list --json | grep -F "bob@$domain"
  "$mailkeep" account key "bob@$domain" | grep -E '^[0-9a-f]{64}$'
  "$mailkeep" queue list --json
  "$mailkeep" health --json
  "$mailkeep" backup now
  "$mailkeep" backup status | grep -F 'every day'
  "$mailkeep" backup list --json | grep -F '"id"'
  "$mailkeep" backup verify --all
}

# What is needed is in the test's zone, as `mailkeep dns` itself wrote it; asked by a container on the way out to the DNS.
dns_is_right() {
  local control_arguments=(-v "$work/dns/anchor.key:/anchor.key:ro")
  mailkeep_container dns "$domain" --check
}

check "secrets, store and accounts are made by one-shot containers" prepare
check "each service has only its own secrets, 0400" secrets_are_apart
check "compose up with two replicas of each service" start
check "everything becomes healthy" all_healthy
describe
check "non-root, read-only, no capabilities, logs rotate, nothing published but the edge" locked_down
check "Redis has a password, an internal network and keeps nothing" redis_keeps_nothing
check "a message goes round through the edge" "$test_python" "$setup/demo_message.py" "$work/try.json"
check "an event and a contact go in through the edge and come back" "$test_python" "$setup/demo_event.py" "$work/try.json"
check "an administrator logs in through the edge, with two replicas behind it" \
  "$test_python" "$setup/demo_admin.py" "$work/try.json"
check "admin., autoconfig. and mta-sts. lead to the web pages on 443, too" names_on_443
check "submission to elsewhere: DKIM verified by dkimpy; a failure is reported" "$test_python" "$here/relay.py" "$work/try.json"
check "the client's true address is in Received and in the log" true_address
check "services take PROXY v2 from the edge alone" proxy_from_the_edge_alone
check "mailkeep dns finds its own records right" dns_is_right
check "mailkeep works as one-shot containers with just their keys" every_command
check "replacing one replica drops no session of the other and refuses nobody" replace_one
check "a message goes round through the new replica, too" "$test_python" "$setup/demo_message.py" "$work/try.json"
summary
