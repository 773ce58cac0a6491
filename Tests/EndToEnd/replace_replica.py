# SPDX-License-Identifier: Apache-2.0
"""Replaces one of two replicas of mail-access: sessions on the other stay in IDLE and hear of a new message, new
connections are greeted all the while, and the new replica gets its share.
usage: TRY.JSON COMPOSE-PROJECT START-AGAIN…   (START-AGAIN: the command that brings the number of replicas back to two)
"""
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request

from session import Instance, wait_for

project, start_again = sys.argv[2], sys.argv[3:]
instance = Instance()
bob = instance.accounts[1]


def docker(*arguments):
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout


def replicas():
    return set(docker(
        "ps", "--no-trunc", "--filter", f"label=com.docker.compose.project={project}",
        "--filter", "label=com.docker.compose.service=mail-access", "--format", "{{.ID}}").split())


def connections(container):
    """How many IMAPS connections a replica has had."""
    networks = json.loads(docker("inspect", container))[0]["NetworkSettings"]["Networks"]
    url = f"http://{networks[project + '_front']['IPAddress']}:8080/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("mailkeep_connections_total") and '"imaps"' in line)


class Idle:
    def __init__(self):
        self.imap = instance.imap(bob)
        self.imap.select("INBOX")
        self.imap.send(b"i1 IDLE\r\n")
        self.lines, self.ended = [], threading.Event()
        assert self.imap.readline().startswith(b"+")
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            while line := self.imap.readline():
                self.lines.append(line)
        except OSError:
            pass
        self.ended.set()


class Knocking:
    """Opens IMAPS connections one after the other and counts those that are not greeted."""

    def __init__(self):
        self.greeted, self.refused, self.slowest, self.over = 0, [], 0.0, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            started = time.monotonic()
            try:
                with socket.create_connection(("127.0.0.1", instance.ends["imaps"]["port"]), 20) as raw:
                    with instance.tls.wrap_socket(raw, server_hostname="localhost") as connection:
                        greeting = connection.recv(500)
                if greeting.startswith(b"* OK"):
                    self.greeted += 1
                else:
                    self.refused.append(greeting)
            except OSError as error:
                self.refused.append(repr(error))
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.over.wait(0.02)


before = replicas()
assert len(before) == 2, before
sessions = [Idle() for _ in range(8)]
knocking = Knocking()
wait_for(lambda: knocking.greeted > 20, "the first connections")
old = min(before)
docker("stop", "--time", "35", old)
docker("rm", old)
subprocess.run(start_again, check=True, capture_output=True)
(new,) = replicas() - before
wait_for(lambda: connections(new) > 20, "connections to the new replica")
knocking.over.set()
knocking.thread.join(60)

gone = [one for one in sessions if one.ended.is_set()]
stay = [one for one in sessions if not one.ended.is_set()]
assert gone and stay, f"{len(gone)} of 8 sessions ended with one of two replicas"
assert all(any(line.startswith(b"* BYE") for line in one.lines) for one in gone), [one.lines for one in gone]
heard = [len(one.lines) for one in stay]
with instance.submission(instance.accounts[0]) as smtp:
    smtp.sendmail(instance.accounts[0]["address"], [bob["address"]], f"From: {instance.accounts[0]['address']}\r\n\r\nnews\r\n".encode())
for one, lines in zip(stay, heard):
    wait_for(lambda: any(b"EXISTS" in line for line in one.lines[lines:]), "news in IDLE")
    one.imap.send(b"DONE\r\n")
    wait_for(lambda: any(line.startswith(b"i1 OK") for line in one.lines), "the end of IDLE")
print(f"{knocking.greeted} connections greeted, {len(knocking.refused)} not, the slowest after {knocking.slowest:.1f} s")
assert not knocking.refused, knocking.refused[:5]
