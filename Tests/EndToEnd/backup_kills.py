# SPDX-License-Identifier: Apache-2.0
"""kill -9 of backups and restores at any moment: the next one is a good one, and the live data is whole.   usage: TRY.JSON
"""
import json
import random
import shutil
import signal
import subprocess
import time

from backups import bob, instance, mailkeep, recovery, send, texts, work
from session import messages, wait_for


def killed(arguments, after):
    process = subprocess.Popen([instance.values["mailkeep"], *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(after)
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True


def killed_at_any_moment():
    dice = random.Random()
    place = work / "killed"
    base = ["--repository", place]
    rounds, kills, end = 0, 0, time.monotonic() + 12
    while time.monotonic() < end:
        # A new repository now and then, so that much is to be written.
        if rounds % 6 == 0:
            shutil.rmtree(place, ignore_errors=True)
        rounds += 1
        kills += killed(["backup", "run", *base], dice.uniform(0.005, 0.25))
        if rounds % 3 == 0:
            mailkeep("backup", "run", *base)
            mailkeep("backup", "verify", "--all", *base)
    print(f"backup: {kills} kills in {rounds} rounds")

    target = work / "live"
    command = ["restore", "all", *base, "--recovery-key-file", recovery, "--data", target / "data", "--keys", target / "keys"]
    mailkeep("backup", "run", *base)
    mailkeep(*command)
    whole = sorted(texts(target, bob["address"]))
    rounds, kills, end = 0, 0, time.monotonic() + 18
    while time.monotonic() < end:
        rounds += 1
        kills += killed([*command, "--replace"], dice.uniform(0.01, 0.5))
        if (target / "data" / "restore.pending").exists():
            mailkeep(*command)  # it was decided: the next run finishes it
        health = json.loads(mailkeep("health", "--data", target / "data", "--keys", target / "keys", "--json").stdout)
        assert all(check["ok"] for check in health), health
        assert sorted(texts(target, bob["address"])) == whole, "the live data was not whole"
    mailkeep(*command, "--replace")
    assert not (target / "data" / "restoring").exists() and sorted(texts(target, bob["address"])) == whole
    print(f"restore: {kills} kills in {rounds} rounds")


def an_account_killed_at_any_moment():
    dice = random.Random()
    mailkeep("backup", "now")
    with instance.imap(bob) as imap:
        before = messages(imap)
    command = ["restore", "account", bob["address"], "--recovery-key-file", recovery]
    rounds, kills, end = 0, 0, time.monotonic() + 8
    while time.monotonic() < end:
        rounds += 1
        kills += killed(command, dice.uniform(0.01, 0.4))
        with instance.imap(bob) as imap:
            assert messages(imap) == before, "the live account was not whole"
    mailkeep(*command)
    send("after-the-kills")
    with instance.imap(bob) as imap:
        wait_for(lambda: any(b"after-the-kills" in m for m in messages(imap)), "mail after the restores")
    print(f"one account: {kills} kills in {rounds} rounds")


try:
    killed_at_any_moment()
    an_account_killed_at_any_moment()
finally:
    shutil.rmtree(work, ignore_errors=True)
