# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# `./setup.sh try`: the whole suite as ordinary processes on loopback, with a demo domain, and one real message through
# every service.

# shellcheck source=Services/Setup/packages.sh
source "$setup/packages.sh"
# shellcheck source=Services/Setup/certificates.sh
source "$setup/certificates.sh"
# shellcheck source=Services/Setup/zone.sh
source "$setup/zone.sh"

try_usage() {
  cat <<'TEXT'
./setup.sh try: builds Mailkeep, starts every service on loopback with a demo domain, two accounts and an administrator,
sends a real message with attachments from one account to the other, reads it back over IMAP and compares the
bytes, takes a backup, verifies it, and restores it beside the original. Then it shows addresses, ports and passwords and stays up until Ctrl-C.

  --yes            install what is missing without asking
  --once           leave at the end; the exit status says whether everything worked
  --background     leave everything running; `./setup.sh try --stop` ends it
  --stop           end what --background left running (with --state DIR where several run)
  --state DIR      keep the data in DIR; an existing one resumes with the same accounts
                   (default: a new folder in /tmp, removed at the end unless --background keeps it)
  --ports N        the first of 32 ports (default: a free block from 20000 up)
  --binaries DIR   run the executables in DIR instead of building
  --help           this text

DIR/try.json describes the running instance for other programs; DIR/mailkeep is the operator's command for it.
TEXT
}

demo_domain=mailkeep.test
elsewhere_domain=elsewhere.test
services=(smtp-inbound smtp-outbound mail-access dav-access web-admin backup)
programs=(SMTPInbound SMTPOutbound MailAccess DAVAccess WebAdmin Backup mailkeep)
listeners=(
  smtp submission submissions imap imaps pop3 pop3s redis dns health-inbound health-outbound health-access elsewhere dav
  health-dav health-backup restored health-restored admin health-admin
)

try_main() {
  local once=0 background=0 stop=0 state="" first_port="" binaries="" made_state=0 started=$EPOCHREALTIME
  assume_yes=${assume_yes:-0}
  while [[ $# -gt 0 ]]; do
    case $1 in
      --yes | -y) assume_yes=1 ;;
      --once) once=1 ;;
      --background) background=1 ;;
      --stop) stop=1 ;;
      --state) state=${2:?"--state needs a folder"} && shift ;;
      --ports) first_port=${2:?"--ports needs a number"} && shift ;;
      --binaries) binaries=${2:?"--binaries needs a folder"} && shift ;;
      --help | -h) try_usage && return ;;
      *) try_usage >&2 && fail "try: unknown option $1" ;;
    esac
    shift
  done
  if [[ $stop == 1 ]]; then
    try_stop "$state"
    return
  fi
  [[ -z $first_port || ($first_port =~ ^[0-9]+$ && $first_port -ge 1024 && $first_port -le 65500) ]] ||
    fail "--ports takes a number from 1024 to 65500"

  say "Mailkeep: a demo on this machine alone"
  install_missing "${run_packages[@]}"
  if [[ -z $binaries ]]; then
    ensure_swift
    install_missing "${build_packages[@]}"
  fi
  if [[ -z $state ]]; then
    state=$(mktemp -d /tmp/mailkeep-try.XXXXXX)
    made_state=1
  fi
  mkdir -p "$state"
  chmod 0700 "$state"
  state=$(cd "$state" && pwd)
  mkdir -p "$state"/{data,keys,logs,run,tls,dns,redis}
  chmod 0700 "$state/keys" "$state/redis"
  exec 9>"$state/run/lock"
  flock -n 9 || fail "an instance is running in $state; stop it with: ./setup.sh try --stop --state $state"
  step_log=$state/logs/setup.log
  : >"$step_log"
  stop_instance "$state"

  if [[ -z $binaries ]]; then
    step "Build (release; the first time takes some minutes)" build_release
    binaries=$root/.build/mailkeep
  fi
  [[ -d $binaries ]] || fail "there is no folder $binaries"
  binaries=$(cd "$binaries" && pwd)
  local name
  for name in "${programs[@]}"; do
    [[ -x $binaries/$name ]] || fail "$binaries has no executable $name"
  done

  local status=0
  trap 'stop_instance "$state"; [[ $made_state == 1 ]] && rm -rf "$state"; exit 130' INT TERM
  run_instance || status=$?
  if [[ $status == 0 && $background == 1 ]]; then
    try_table
    say "Running in the background; end it with: ./setup.sh try --stop --state $state"
    say "Done in $(seconds_since "$started") s."
    return
  fi
  if [[ $status == 0 && $once == 0 ]]; then
    try_table
    say "Done in $(seconds_since "$started") s. Ctrl-C stops everything."
    wait_for_end
  fi
  trap - INT TERM
  step "Stop everything" stop_instance "$state" || status=1
  if [[ $status == 0 ]]; then
    say "Everything worked, in $(seconds_since "$started") s."
    if [[ $made_state == 1 ]]; then rm -rf "$state"; fi
  else
    warn "it did not work; logs are in $state/logs"
  fi
  return "$status"
}

build_release() {
  (
    cd "$root" && swift build -c release --explicit-target-dependency-import-check error || exit
    built=$(swift build -c release --explicit-target-dependency-import-check error --show-bin-path)
    for program in "${programs[@]}"; do
      if [[ $built/$program -nt .build/mailkeep/$program ]]; then
        bash Services/link_shared.sh "$built" .build/mailkeep
        exit
      fi
    done
  )
}

run_instance() {
  choose_ports || return
  step "Certificate of a throw-away authority" make_certificate "$state/tls" localhost 127.0.0.1 ::1 "mail.$demo_domain" \
    "admin.$demo_domain" "autoconfig.$demo_domain" "mta-sts.$demo_domain" ||
    return
  write_wrapper
  if [[ -f $state/accounts.tsv ]]; then
    say "  The accounts of $state are taken up again."
  else
    step "Keys, the store and the domain $demo_domain" make_domain || return
  fi
  if [[ ! -f $state/recovery-key ]]; then step "Keys of the backups" make_backup_keys || return; fi
  step "DNS: a signed zone on loopback" start_dns || return
  step "Redis" start_redis || return
  local service
  for service in "${services[@]}"; do
    step "Start $service" start_service "$service" || return
  done
  write_description
  step "A message out by submission, in over IMAP and POP3" "$(python)" "$setup/demo_message.py" "$state/try.json" || return
  step "An event and a contact over CalDAV and CardDAV" "$(python)" "$setup/demo_event.py" "$state/try.json" || return
  step "An administrator logs in to the web pages" "$(python)" "$setup/demo_admin.py" "$state/try.json" || return
  step "A backup, verified" take_backup || return
  step "Restored beside the original, compared" restore_beside || return
  say "  Memory of each service at rest (PSS):"
  local total=0 size
  for service in "${services[@]}"; do
    size=$(pss "$(<"$state/run/$service.pid")")
    total=$((total + size))
    printf '    %-24s %6.1f MB\n' "$service" "$(awk -v k="$size" 'BEGIN { print k / 1024 }')"
  done
  printf '    %-24s %6.1f MB\n' "together" "$(awk -v k="$total" 'BEGIN { print k / 1024 }')"
}

python() { if [[ -x /usr/bin/python3 ]]; then echo /usr/bin/python3; else command -v python3; fi; }
pss() { awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"; }

# Gives each listener its port in the array `port`: the block that was asked for, the one of the state, or a free one.
choose_ports() {
  declare -gA port=()
  local index first
  if [[ -z $first_port && -f $state/run/first-port ]]; then first_port=$(<"$state/run/first-port"); fi
  if [[ -n $first_port ]]; then
    first=$first_port
    if ! block_is_free "$first"; then
      warn "not all of the ports $first to $((first + ${#listeners[@]} - 1)) are free; choose another block with --ports"
      return 1
    fi
  else
    for _ in {1..50}; do
      first=$((20000 + (RANDOM % 350) * 32))
      block_is_free "$first" && break
    done
  fi
  echo "$first" >"$state/run/first-port"
  for index in "${!listeners[@]}"; do port[${listeners[$index]}]=$((first + index)); done
}

block_is_free() {
  local used offset
  used=$(ss -Htuln | awk '{ n = split($5, part, ":"); print part[n] }' | sort -u)
  for ((offset = 0; offset < ${#listeners[@]}; offset++)); do
    if grep -qx "$(($1 + offset))" <<<"$used"; then return 1; fi
  done
}

write_wrapper() {
  cat >"$state/mailkeep" <<WRAPPER
#!/bin/sh
# The operator's command for the demo in $state.
export MAILKEEP_DATA='$state/data' MAILKEEP_KEYS='$state/keys'
export MAILKEEP_BACKUP_REPOSITORY='$state/backups' MAILKEEP_BACKUP_KEYS='$state/backup-keys'
export MAILKEEP_REDIS_HOST=127.0.0.1 MAILKEEP_REDIS_PORT=${port[redis]} MAILKEEP_REDIS_PASSWORD_FILE='$state/redis/password'
exec '$binaries/mailkeep' "\$@"
WRAPPER
  chmod 0700 "$state/mailkeep"
}

make_domain() {
  local name password
  [[ -f $state/redis/password ]] || (umask 0077 && make_password >"$state/redis/password")
  "$state/mailkeep" init --master "$state/keys/master.key" || return
  "$state/mailkeep" domain add "$demo_domain" || return
  : >"$state/accounts.new"
  chmod 0600 "$state/accounts.new"
  for name in admin alice bob; do
    password=$(make_password)
    local -a flags=()
    [[ $name == admin ]] && flags=(--administrator)
    printf '%s' "$password" | "$state/mailkeep" account add "$name@$demo_domain" "${flags[@]}" --password-file - || return
    printf '%s\t%s\n' "$name@$demo_domain" "$password" >>"$state/accounts.new"
  done
  mv "$state/accounts.new" "$state/accounts.tsv"
}

make_backup_keys() {
  "$state/mailkeep" backup keys --master "$state/keys/master.key" --output "$state/backup-keys" \
    --recovery-key-output "$state/recovery-key"
}

take_backup() {
  "$state/mailkeep" backup now && "$state/mailkeep" backup verify
}

# With the repository and the recovery key alone; a second mail-access on what came back shows that it is the same.
restore_beside() {
  local beside=$state/restored status=0
  rm -rf "$beside"
  "$state/mailkeep" restore all --recovery-key-file "$state/recovery-key" --data "$beside/data" --keys "$beside/keys" || return
  start_service restored &&
    "$(python)" "$setup/demo_restore.py" "$state/try.json" "${port[restored]}" || status=1
  stop_process restored
  rm -rf "$beside"
  return "$status"
}

start_dns() {
  {
    cat <<RECORDS
$elsewhere_domain. IN MX 10 mail.$elsewhere_domain.
$elsewhere_domain. IN TXT "v=spf1 -all"
_dmarc.$elsewhere_domain. IN TXT "v=DMARC1; p=reject"
mail.$elsewhere_domain. IN A 127.0.0.1
localhost. IN A 127.0.0.1
localhost. IN AAAA ::1
RECORDS
    "$state/mailkeep" dns "$demo_domain" --hostname "mail.$demo_domain" --address 127.0.0.1 --address ::1 --offline
  } | write_zone "$state/dns" "${port[dns]}" || return
  start_process dns nsd -d -c "$state/dns/nsd.conf" || return
  wait_until 20 "the name server" answers_dns
}

answers_dns() { grep -q NOERROR <(python_dns); }
# One question for the demo's MX over TCP, told by Python's standard library alone.
python_dns() {
  "$(python)" - "${port[dns]}" "$demo_domain" <<'PYTHON'
import socket, struct, sys
port, name = int(sys.argv[1]), sys.argv[2]
question = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0" + struct.pack(">HH", 15, 1)
with socket.create_connection(("127.0.0.1", port), 2) as s:
    message = struct.pack(">HHHHHH", 7, 0, 1, 0, 0, 0) + question
    s.sendall(struct.pack(">H", len(message)) + message)
    reply = s.recv(4096)
print("NOERROR" if len(reply) > 14 and reply[5] & 15 == 0 and reply[8:10] != b"\0\0" else "FAILED")
PYTHON
}

start_redis() {
  (
    umask 0077
    cat >"$state/redis/redis.conf" <<CONF
bind 127.0.0.1 ::1
port ${port[redis]}
requirepass $(<"$state/redis/password")
save ""
appendonly no
dir $state/redis
maxmemory 64mb
maxmemory-policy noeviction
CONF
  )
  start_process redis redis-server "$state/redis/redis.conf" || return
  wait_until 20 "Redis" redis_answers
}

redis_answers() {
  REDISCLI_AUTH=$(<"$state/redis/password") redis-cli -p "${port[redis]}" ping | grep -q PONG
}

# start_service NAME   starts one of ours with its configuration and waits until it says that it is ready.
start_service() {
  local name=$1 program health
  local -a settings=(
    MAILKEEP_DATA="$state/data" MAILKEEP_KEYS="$state/keys" MAILKEEP_HOSTNAME="mail.$demo_domain"
    MAILKEEP_BIND="127.0.0.1,::1" MAILKEEP_TLS_CERTIFICATE="$state/tls/server.crt" MAILKEEP_TLS_KEY="$state/tls/server.key"
    MAILKEEP_REDIS_HOST=127.0.0.1 MAILKEEP_REDIS_PORT="${port[redis]}" MAILKEEP_REDIS_PASSWORD_FILE="$state/redis/password"
    MAILKEEP_DNS_FORWARD="127.0.0.1@${port[dns]}" MAILKEEP_DNS_ANCHOR_FILE="$state/dns/anchor.key"
  )
  case $name in
    smtp-inbound)
      program=SMTPInbound health=${port[health-inbound]}
      settings+=(MAILKEEP_SMTP_PORT="${port[smtp]}" MAILKEEP_SUBMISSION_PORT="${port[submission]}"
        MAILKEEP_SUBMISSIONS_PORT="${port[submissions]}")
      ;;
    smtp-outbound)
      program=SMTPOutbound health=${port[health-outbound]}
      settings+=(MAILKEEP_OUTBOUND_PORT="${port[elsewhere]}" MAILKEEP_OUTBOUND_ALLOW_LOOPBACK=true)
      ;;
    mail-access)
      program=MailAccess health=${port[health-access]}
      settings+=(
        MAILKEEP_IMAP_PORT="${port[imap]}" MAILKEEP_IMAPS_PORT="${port[imaps]}"
        MAILKEEP_POP3_PORT="${port[pop3]}" MAILKEEP_POP3S_PORT="${port[pop3s]}"
      )
      ;;
    backup)
      program=Backup health=${port[health-backup]}
      settings+=(MAILKEEP_KEYS="$state/backup-keys" MAILKEEP_BACKUP_REPOSITORY="$state/backups" MAILKEEP_BACKUP_SCHEDULE=off)
      ;;
    restored)
      program=MailAccess health=${port[health-restored]}
      settings+=(MAILKEEP_DATA="$state/restored/data" MAILKEEP_KEYS="$state/restored/keys" MAILKEEP_IMAPS_PORT="${port[restored]}")
      ;;
    dav-access)
      program=DAVAccess health=${port[health-dav]}
      settings+=(MAILKEEP_DAV_PORT="${port[dav]}")
      ;;
    web-admin)
      program=WebAdmin health=${port[health-admin]}
      settings+=(
        MAILKEEP_ADMIN_PORT="${port[admin]}" MAILKEEP_ADMIN_SERVICES="$(watched_services)"
        MAILKEEP_CLIENT_IMAPS_PORT="${port[imaps]}" MAILKEEP_CLIENT_POP3S_PORT="${port[pop3s]}"
        MAILKEEP_CLIENT_SUBMISSIONS_PORT="${port[submissions]}" MAILKEEP_CLIENT_DAV_PORT="${port[dav]}"
      )
      ;;
  esac
  settings+=(MAILKEEP_HEALTH_PORT="$health")
  start_process "$name" env "${settings[@]}" "$binaries/$program" || return
  wait_until 30 "$name to be ready" curl -fsS -o /dev/null "http://127.0.0.1:$health/health/ready" || {
    tail -n 20 "$state/logs/$name.log"
    return 1
  }
}

# What the administration pages ask for their state.
watched_services() {
  printf '%s=http://127.0.0.1:%s,' smtp-inbound "${port[health-inbound]}" smtp-outbound "${port[health-outbound]}" \
    mail-access "${port[health-access]}" dav-access "${port[health-dav]}" web-admin "${port[health-admin]}" \
    backup "${port[health-backup]}"
}

# start_process NAME command…   its own session (Ctrl-C reaches only us), its log, its pid.
start_process() {
  local name=$1
  shift
  setsid "$@" >>"$state/logs/$name.log" 2>&1 </dev/null 9>&- &
  echo $! >"$state/run/$name.pid"
  echo "$name" >>"$state/run/started"
}

write_description() {
  "$(python)" - "$state" "$demo_domain" "$elsewhere_domain" <<PYTHON
import json, pathlib, sys
state, domain, elsewhere = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
accounts = [dict(zip(("address", "password"), line.split("\t"))) for line in (state / "accounts.tsv").read_text().splitlines()]
mail = lambda port, tls: {"host": "localhost", "port": port, "tls": tls}
description = {
    "domain": domain,
    "data": str(state / "data"),
    "ca": str(state / "tls" / "ca.crt"),
    "mailkeep": str(state / "mailkeep"),
    "pids": {name: int((state / "run" / f"{name}.pid").read_text()) for name in "redis ${services[*]}".split()},
    "backup": {"repository": str(state / "backups"), "recovery_key_file": str(state / "recovery-key")},
    "accounts": accounts[1:],
    "administrator": accounts[0],
    "endpoints": {
        "smtp": mail(${port[smtp]}, "starttls"),
        "submission": mail(${port[submission]}, "starttls"),
        "submissions": mail(${port[submissions]}, "implicit"),
        "imap": mail(${port[imap]}, "starttls"),
        "imaps": mail(${port[imaps]}, "implicit"),
        "pop3": mail(${port[pop3]}, "starttls"),
        "pop3s": mail(${port[pop3s]}, "implicit"),
        "dav": {"url": "https://localhost:${port[dav]}/"},
        "admin": {"url": "https://localhost:${port[admin]}/"},
        "redis": {"host": "localhost", "port": ${port[redis]}, "password": (state / "redis" / "password").read_text().strip()},
    },
    "elsewhere": {"domain": elsewhere, "port": ${port[elsewhere]}},
}
new = state / "try.json.new"
new.touch(mode=0o600)
new.write_text(json.dumps(description, indent=2) + "\n")
new.rename(state / "try.json")
PYTHON
}

try_table() {
  local name address password
  say
  printf '  %-14s %-24s %s\n' "what" "where" "security"
  for name in smtp submission imap pop3; do printf '  %-14s %-24s %s\n' "$name" "localhost:${port[$name]}" "STARTTLS"; done
  for name in submissions imaps pop3s; do printf '  %-14s %-24s %s\n' "$name" "localhost:${port[$name]}" "TLS"; done
  printf '  %-14s %-24s %s\n' "dav" "https://localhost:${port[dav]}/" "TLS"
  printf '  %-14s %-24s %s\n' "admin" "https://localhost:${port[admin]}/" "TLS"
  printf '  %-14s %-24s %s\n' "redis" "localhost:${port[redis]}" "password in $state/redis/password"
  say
  while IFS=$'\t' read -r address password; do printf '  %-26s password %s\n' "$address" "$password"; done <"$state/accounts.tsv"
  say
  say "  Certificate authority: $state/tls/ca.crt     Command: $state/mailkeep     Description: $state/try.json"
}

# Until Ctrl-C (the trap ends us) or until a service ends by itself.
wait_for_end() {
  local name
  while :; do
    for name in redis "${services[@]}"; do
      if ! kill -0 "$(<"$state/run/$name.pid")" 2>/dev/null; then warn "$name ended by itself; its log is $state/logs/$name.log"; fi
    done
    sleep 5 &
    wait $!
  done
}

# Ends what was started in a state folder: TERM in the reverse order, KILL after 35 s.
stop_instance() {
  local state=$1 name
  [[ -f $state/run/started ]] || return 0
  for name in $(tac "$state/run/started"); do stop_process "$name"; done
  rm -f "$state/run/started" "$state/try.json"
}

# stop_process NAME   of the state folder: TERM, KILL after 35 s.
stop_process() {
  local name=$1 pid
  [[ -f $state/run/$name.pid ]] || return 0
  pid=$(<"$state/run/$name.pid")
  # Redis writes over its command line and environment; it works in its folder of the state.
  if [[ -d /proc/$pid ]] && { grep -qsF "$state" "/proc/$pid/environ" "/proc/$pid/cmdline" ||
    [[ $(readlink "/proc/$pid/cwd") == "$state"/* ]]; }; then
    kill -TERM "$pid" 2>/dev/null || true
    wait_until 35 "$name to stop" process_ended "$pid" || kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$state/run/$name.pid"
}

process_ended() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }

# try_stop [STATE]   ends a background instance; without a folder, the only one that runs.
try_stop() {
  local state=$1 found=()
  if [[ -z $state ]]; then
    for state in /tmp/mailkeep-try.*; do [[ -f $state/run/started ]] && found+=("$state"); done
    [[ ${#found[@]} == 0 ]] && fail "no background instance was found in /tmp; give --state DIR"
    [[ ${#found[@]} -gt 1 ]] && fail "several instances run; choose with --state: ${found[*]}"
    state=${found[0]}
  fi
  [[ -f $state/run/started ]] || fail "nothing runs in $state"
  stop_instance "$state"
  say "Stopped. Its data is still in $state."
}
