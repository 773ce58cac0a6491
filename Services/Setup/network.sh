# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What the checks of the machine look at outside of it. Nobody is asked but the DNS and one mail server, and with offline=1
# neither.

# A large mail server that answers on port 25 from everywhere; MAILKEEP_PROBE_SERVER names another (host:port).
probe_server=${MAILKEEP_PROBE_SERVER:-gmail-smtp-in.l.google.com:25}

# Ports that the edge publishes must be nobody else's.
check_ports() {
  local name port holder taken=0 number=0
  while read -r name port; do
    number=$((number + 1))
    [[ $port =~ ^[0-9]+$ ]] || { wrong "$name is '$port'" "Give a number from 1 to 65535."; continue; }
    holder=$(port_holder "$port")
    [[ -n $holder ]] || continue
    taken=$((taken + 1))
    wrong "port $port is taken by $holder" "$(free_port_advice "$holder" "$port" "$name")"
  done < <(published_ports)
  ((taken > 0)) || fine "ports: all $number that are published are free, or held by this installation"
}

# port_holder PORT   who listens there, unless it is our own edge.
port_holder() {
  local line
  line=$(ss -Hltnp "sport = :$1" 2>/dev/null | head -n 1)
  [[ -n $line ]] || return 0
  if [[ $line =~ docker && -n $(docker ps -q --filter "label=com.docker.compose.project=$project" --filter "publish=$1" 2>/dev/null) ]]; then
    return 0
  fi
  if [[ $line =~ users:\(\(\"([^\"]+)\",pid=([0-9]+) ]]; then
    printf '%s (process %s)' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
  else
    printf 'another program'
  fi
}

free_port_advice() {
  case $1 in
    exim4* | master* | postfix* | sendmail* | dovecot* | nginx* | apache2* | caddy*)
      local unit=${1%% *}
      [[ $unit == master ]] && unit=postfix
      printf 'Stop it for good: systemctl disable --now %s. Or another port: --set %s=…' "$unit" "$3"
      ;;
    docker*) printf "A container has it: docker ps --filter publish=%s shows which. Stop it, or choose another port: --set %s=…" "$2" "$3" ;;
    *) printf 'Stop that program, or choose another port: --set %s=…' "$3" ;;
  esac
}

# The inner network has a fixed range, since services trust the edge's address.
check_network_free() {
  local address=${setting[MAILKEEP_EDGE_ADDRESS]:-10.201.7.2} route way
  route=$(route_field dev "$address")
  way=$(route_field dev 1.1.1.1)
  if [[ -z $route || $route == "$way" ]] ||
    [[ -n $(docker network ls -q --filter "label=com.docker.compose.project=$project" 2>/dev/null) ]]; then
    fine "inner network: ${setting[MAILKEEP_FRONT_SUBNET]:-10.201.7.0/24} is free"
  else
    wrong "inner network: $address is reached over $route already" \
      "Choose a free one: --set MAILKEEP_FRONT_SUBNET=10.201.9.0/24 --set MAILKEEP_FRONT_RANGE=10.201.9.128/25 --set MAILKEEP_EDGE_ADDRESS=10.201.9.2"
  fi
}

route_field() { ip route get "$2" 2>/dev/null | sed -nE "s/.* $1 ([^ ]+).*/\1/p" | head -n 1; }

# find_addresses   the public addresses that the default routes send from, with commas. What is behind a router is not
# seen from here, and nobody outside is asked.
find_addresses() {
  local four six
  four=$(route_field src 1.1.1.1)
  six=$(route_field src 2606:4700:4700::1111)
  [[ $six == [23]*:* ]] || six=""
  if [[ -n $four ]] && is_private "$four"; then
    warn "this machine is $four inside, behind a router or a cloud's own network; let the router pass the ports on to it"
    four=""
  fi
  printf '%s' "$four${six:+${four:+,}$six}"
}

is_private() {
  python3 -c 'import ipaddress, sys
a = ipaddress.ip_address(sys.argv[1])
sys.exit(0 if any(a in ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8")) else 1)' "$1"
}

# Many providers close it until they are asked.
check_outgoing() {
  local host=${probe_server%:*} port=${probe_server##*:} greeting
  if [[ ${offline:-0} == 1 ]]; then
    doubtful "outgoing mail: not tried, as --offline says" "Try it: nc -v $host $port must be greeted with 220."
    return
  fi
  # shellcheck disable=SC2016  # expanded by the inner shell
  greeting=$(timeout 8 bash -c 'exec 3<>"/dev/tcp/$0/$1" && IFS= read -r -t 6 line <&3 && printf "%s" "$line" && printf "QUIT\r\n" >&3' "$host" "$port" 2>/dev/null) || true
  if [[ $greeting == 220* ]]; then
    fine "outgoing mail: port $port of $host answers"
  else
    doubtful "outgoing mail: no answer from port $port of $host, so mail to other servers will wait" \
      "Ask your provider to open outgoing port 25; many keep it closed until they are asked. Mail arrives and is read all the same."
  fi
}

check_reverse_names() {
  local address names
  if [[ ${offline:-0} == 1 ]]; then
    doubtful "names of the addresses (PTR): not asked, as --offline says" "Each must be $hostname; the provider of the server sets it."
    return
  fi
  for address in ${addresses//,/ }; do
    names=$(timeout 10 getent hosts "$address" | awk '{ for (i = 2; i <= NF; i++) print $i }' | tr '[:upper:]\n' '[:lower:] ') || true
    if [[ " $names" == *" $hostname "* ]]; then
      fine "name of $address: $hostname"
    else
      doubtful "name of $address (PTR): ${names:-none}, not $hostname" \
        "Set it at your server's provider; without it large servers refuse your mail."
    fi
  done
}
