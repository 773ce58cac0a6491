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
# shellcheck source=Services/Setup/instance.sh
source "$setup/instance.sh"

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
      --state | --ports | --binaries)
        [[ -n ${2:-} ]] || fail "try: $1 needs a value; ./setup.sh try --help tells which"
        case $1 in
          --state) state=$2 ;;
          --ports) first_port=$2 ;;
          --binaries) binaries=$2 ;;
        esac
        shift
        ;;
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
  say "  Memory of each service at rest (PSS; RSS where only root may see that):"
  local total=0 size
  for service in "${services[@]}"; do
    size=$(pss "$(<"$state/run/$service.pid")")
    total=$((total + size))
    printf '    %-24s %6.1f MB\n' "$service" "$(awk -v k="$size" 'BEGIN { print k / 1024 }')"
  done
  printf '    %-24s %6.1f MB\n' "together" "$(awk -v k="$total" 'BEGIN { print k / 1024 }')"
}

pss() { awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup" 2>/dev/null || awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }

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
