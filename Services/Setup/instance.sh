# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What `try` runs: the demo domain with its accounts, DNS, Redis and every service as ordinary processes on loopback. All of it
# lies in the folder $state; $binaries has the programs, the array `port` the port of each listener.

python() { if [[ -x /usr/bin/python3 ]]; then echo /usr/bin/python3; else command -v python3; fi; }

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
  local name=$1 program health data=$state/data
  local -a settings=(
    MAILKEEP_KEYS="$state/keys" MAILKEEP_HOSTNAME="mail.$demo_domain"
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
      data=$state/restored/data
      settings+=(MAILKEEP_KEYS="$state/restored/keys" MAILKEEP_IMAPS_PORT="${port[restored]}")
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
  # Its command line tells whose it is (stop_process); its environment only root may see.
  start_process "$name" env "${settings[@]}" "$binaries/$program" --data "$data" || return
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

# start_process NAME command…   its own session (Ctrl-C reaches only us), its log, its pid, and how it was started.
start_process() {
  local name=$1
  shift
  (umask 0077 && printf '%s\0' "$@" >"$state/run/$name.command")
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
  # Redis writes over its command line; it works in its folder of the state.
  if [[ -d /proc/$pid ]] && { grep -qsF "$state" "/proc/$pid/cmdline" ||
    [[ $(readlink "/proc/$pid/cwd") == "$state"/* ]]; }; then
    kill -TERM "$pid" 2>/dev/null || true
    wait_until 35 "$name to stop" process_ended "$pid" || kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$state/run/$name.pid"
}

process_ended() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }
