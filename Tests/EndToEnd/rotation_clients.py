# SPDX-License-Identifier: Apache-2.0
"""The master key is rotated while mail flows in and out and people log in: nothing is refused, nothing lost, no session ends. The
command is killed at random moments, and finished by the next. Backups of before and after come back with one recovery key.

usage: TRY.JSON
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from second_server import SecondServer
from session import Instance, messages, wait_for

instance = Instance()
alice, bob = instance.accounts[:2]
domain, elsewhere = instance.values["domain"], instance.values["elsewhere"]
state = pathlib.Path(instance.values["data"]).parent
master, following = state / "keys" / "master.key", state / "keys" / "master.next.key"
work = pathlib.Path(tempfile.mkdtemp(prefix="mailkeep-rotation-"))
# More than one process keeps open: each log-in or delivery may have to take a key out of its slot.
people = [{"address": f"rotation-{number}@{domain}", "password": f"a long password {number}"} for number in range(80)]


def mailkeep(*words, text=""):
    return instance.mailkeep(*words, text=text).stdout


class Load:
    """Threads that send and log in until `stop`; the first refusal ends the test."""

    def __init__(self):
        self.done, self.failures, self.sent, self.logins = threading.Event(), [], [], 0
        self.threads = [threading.Thread(target=self.run, args=(work,)) for work in (self.deliver, self.deliver, self.look, self.relay)]
        for thread in self.threads:
            thread.start()

    def run(self, work):
        try:
            while not self.done.is_set():
                work()
        except Exception as error:  # whatever it is, it is what must not happen
            self.failures.append(f"{work.__name__}: {error!r}")

    def deliver(self):
        """As another server, to people whose files are closed."""
        with instance.mx() as smtp:
            smtp.starttls(context=instance.tls)
            for _ in range(10):
                number = random.randrange(len(people))
                subject = f"rotation {time.monotonic_ns()}"
                smtp.sendmail("", [people[number]["address"]], f"From: a@nowhere.test\r\nSubject: {subject}\r\n\r\ntext\r\n")
                self.sent.append((number, subject))

    def look(self):
        imap = instance.imap(random.choice(people))
        assert imap.select("INBOX")[0] == "OK"
        imap.logout()
        self.logins += 1

    def relay(self):
        """Out, signed with DKIM."""
        with instance.submission(alice) as smtp:
            smtp.sendmail(alice["address"], [f"carol@{elsewhere['domain']}"], f"From: {alice['address']}\r\nSubject: out {time.monotonic_ns()}\r\n\r\ntext\r\n")
        time.sleep(0.2)

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join(120)
        assert not self.failures, self.failures


def rotate(kill_after=None):
    """True when it came to its end."""
    command = [instance.values["mailkeep"], "keys", "rotate", "--master", str(master), "--to", str(following)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if kill_after is not None:
        time.sleep(kill_after)
        process.send_signal(signal.SIGKILL)
    output = process.communicate()[0]
    if kill_after is None and process.returncode != 0:
        sys.exit(f"keys rotate: {process.returncode}\n{output}")
    return process.returncode == 0


def restore(backup, name):
    target = work / name
    mailkeep("restore", "all", "--backup", backup, "--recovery-key-file", instance.values["backup"]["recovery_key_file"],
             "--data", target / "data", "--keys", target / "keys", "--master", target / "master.key")
    health = json.loads(mailkeep("health", "--data", target / "data", "--keys", target / "keys", "--json"))
    assert all(check["ok"] for check in health), health
    assert (target / "master.key").read_text() == master.read_text(), "what comes back is of the newest master key"


def main():
    for person in people:
        mailkeep("account", "add", person["address"], "--password-file", "-", text=person["password"])
    before = mailkeep("backup", "run").strip().splitlines()[0]
    open_session = instance.imap(bob)
    open_session.select("INBOX")
    kills, took = 0, 0.0
    with SecondServer(elsewhere["port"]) as server:
        load = Load()
        wait_for(lambda: len(load.sent) > 20 and load.logins > 5 or load.failures, "mail to flow")
        for turn in range(3):
            old = master.read_text()
            started = time.monotonic()
            for _ in range(8 if turn > 0 else 0):
                if rotate(kill_after=random.uniform(took / 4, took)):
                    break
                kills += 1
                time.sleep(random.uniform(0, 0.3))
            rotate()
            took = time.monotonic() - started if turn == 0 else took
            assert following.read_text() != old
            os.replace(following, master)
            assert not list((state / "keys").glob("*.next.key"))
            goal = len(load.sent) + 60
            wait_for(lambda: len(load.sent) > goal or load.failures, "mail to flow on")
            # An account that is made now is wrapped by the key of now.
            new = f"after-{turn}@{domain}"
            mailkeep("account", "add", new, "--password-file", "-", text="a long password")
            people.append({"address": new, "password": "a long password"})
        out = server.received[-1]["data"]
        goal = len(server.received) + 1
        wait_for(lambda: len(server.received) > goal, "signed mail to go out")
        assert b"DKIM-Signature" in server.received[-1]["data"] and b"DKIM-Signature" in out
        load.stop()
    assert open_session.noop()[0] == "OK" and open_session.select("INBOX")[0] == "OK"
    open_session.logout()
    for number, person in enumerate(people):
        expected = {subject for owner, subject in load.sent if owner == number}
        if expected:
            imap = instance.imap(person)
            there = b"\n".join(messages(imap))
            imap.logout()
            lost = [subject for subject in expected if subject.encode() not in there]
            assert not lost, (person, lost)
    after = mailkeep("backup", "run").strip().splitlines()[0]
    restore(before, "before")
    restore(after, "after")
    # The old key opens nothing; the web pages, which make accounts, go on with the new.
    health = json.loads(mailkeep("health", "--json"))
    assert all(check["ok"] for check in health), health
    for person in people:
        mailkeep("account", "remove", person["address"], "--yes")
    print(f"{len(load.sent)} deliveries and {load.logins} log-ins during 3 rotations, {kills} attempts killed")


try:
    main()
finally:
    shutil.rmtree(work, ignore_errors=True)
