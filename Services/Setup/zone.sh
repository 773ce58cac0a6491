# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The demo's DNS: one small signed zone on loopback. It is the root itself, so that any name that is not in it is
# NXDOMAIN at once and nothing asks the internet.

# write_zone FOLDER PORT <records   signs the records below the root and writes root.zone.signed, anchor.key and nsd.conf.
write_zone() {
  local folder=$1 port=$2 key
  mkdir -p "$folder"
  {
    cat <<RECORDS
\$TTL 60
. IN SOA ns.mailkeep.test. hostmaster.mailkeep.test. $(date +%s) 3600 900 604800 60
. IN NS ns.mailkeep.test.
ns.mailkeep.test. IN A 127.0.0.1
RECORDS
    cat
  } >"$folder/root.zone"
  (
    cd "$folder" || exit
    [[ -f key.name ]] || ldns-keygen -a ECDSAP256SHA256 -k . >key.name
    key=$(<key.name)
    ldns-signzone -f root.zone.signed root.zone "$key"
    cp "$key.key" anchor.key
  )
  cat >"$folder/nsd.conf" <<CONF
server:
  ip-address: 127.0.0.1@$port
  ip-address: ::1@$port
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "$folder"
  database: ""
  pidfile: "$folder/nsd.pid"
  xfrdfile: "$folder/xfrd.state"
  xfrdir: "$folder"
  zonelistfile: "$folder/zone.list"
  rrl-ratelimit: 0
  verbosity: 0
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "root.zone.signed"
CONF
}
