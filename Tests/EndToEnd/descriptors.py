# SPDX-License-Identifier: Apache-2.0
"""A service whose file descriptors run out serves again as soon as there are some.   usage: TRY.JSON"""
import os
import resource
import socket
import sys

from session import Instance, wait_for

instance = Instance()
for service, end in (("smtp-inbound", "smtp"), ("mail-access", "imap")):
    pid, port = instance.values["pids"][service], instance.ends[end]["port"]
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)

    def greeted():
        with socket.create_connection(("127.0.0.1", port), 20) as connection:
            return connection.recv(200)[:1] in (b"2", b"*")

    try:
        used = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    except PermissionError:  # services hide themselves from other processes of their user
        print("not tested: only root may see which descriptors a service has")
        break
    free = next(number for number in range(1_000) if number not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free + 1, hard))
    waiting = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(20)]
    waiting[0].recv(200)
    try:
        waiting[-1].settimeout(1)
        waiting[-1].recv(200)
        sys.exit(f"{service}: descriptors did not run out, so nothing was tested")
    except TimeoutError:
        pass
    for connection in waiting:
        connection.close()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    wait_for(greeted, f"{service} to greet again")
