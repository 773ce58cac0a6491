# SPDX-License-Identifier: Apache-2.0
"""try.json holds what it promises: live pids that are real processes, listeners on both loopback addresses with a
certificate that names them, passwords of letters, digits and hyphens, a working `mailkeep`.   usage: TRY.JSON"""
import json
import os
import re
import socket
import ssl
import subprocess
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    instance = json.load(file)
ends = instance["endpoints"]
for name in ("smtp", "submission", "submissions", "imap", "imaps", "pop3", "pop3s"):
    end = ends[name]
    assert end["tls"] == ("implicit" if name in ("submissions", "imaps", "pop3s") else "starttls"), name
    for address in ("127.0.0.1", "::1"):
        with socket.create_connection((address, end["port"]), 10) as raw:
            if end["tls"] == "implicit":
                tls = ssl.create_default_context(cafile=instance["ca"])
                with tls.wrap_socket(raw, server_hostname=address) as secure:
                    greeting = secure.recv(200)
            else:
                greeting = raw.recv(200)
            assert greeting[:1] in (b"2", b"*", b"+"), (name, address, greeting)
for name in ("redis", "smtp-inbound", "smtp-outbound", "mail-access", "dav-access", "web-admin", "backup"):
    command = open(f"/proc/{instance['pids'][name]}/cmdline", "rb").read().split(b"\0")[0].decode()
    assert os.path.basename(command).lower().startswith(name.replace("-", "")[:5]) or name == "redis", (name, command)
for account in instance["accounts"] + [instance["administrator"]]:
    assert re.fullmatch("[A-Za-z0-9-]{16,}", account["password"]), account["address"]
    assert account["address"].endswith("@" + instance["domain"])
listing = json.loads(subprocess.run([instance["mailkeep"], "account", "list", "--json"], check=True, capture_output=True).stdout)
assert {a["address"] for a in instance["accounts"]} <= {a["address"] for a in listing}, listing
assert any(name.endswith(".db") for name in os.listdir(instance["data"]))
for path in (instance["data"], instance["ca"], instance["mailkeep"]):
    assert os.path.isabs(path) and os.path.exists(path), path
