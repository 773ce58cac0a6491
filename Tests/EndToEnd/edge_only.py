# SPDX-License-Identifier: Apache-2.0
"""A service takes PROXY v2 from the edge's address alone: anyone else's header is protocol rubbish and names no client, and
the edge's own connection without a header gets no greeting.   usage: INBOUND-ADDRESS EDGE-CONTAINER

This machine reaches the services' network from the gateway's address, which is not the edge's.
"""
import socket
import struct
import subprocess
import sys

inbound, edge = sys.argv[1:3]
claimed = "203.0.113.9"
header = (
    b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x11]) + struct.pack(">H", 12)
    + socket.inet_aton(claimed) + socket.inet_aton(inbound) + struct.pack(">HH", 40000, 10025)
)
with socket.create_connection((inbound, 10025), 20) as connection:
    connection.settimeout(20)
    assert connection.recv(500).startswith(b"220 "), "no greeting to a connection without a header"
    connection.sendall(header + b"\r\n")
    answers = b""
    try:
        while b"\r\n" not in answers:
            part = connection.recv(500)
            if not part:
                break
            answers += part
    except ConnectionResetError:
        pass
    assert answers.startswith((b"5", b"421")) or not answers, answers

# 3 s of silence or an end, then nothing may have been said
without = subprocess.run(
    ["docker", "exec", edge, "bash", "-c",
     f'exec 3<>/dev/tcp/{inbound}/10025; printf "EHLO x\\r\\n" >&3; timeout 3 cat <&3'],
    capture_output=True, check=False,
)
assert not without.stdout, without.stdout
