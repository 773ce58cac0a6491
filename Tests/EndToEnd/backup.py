# SPDX-License-Identifier: Apache-2.0
"""Backups and restores beside running services: a backup during a stream of mail, an account brought back under an open IMAP
session, S3 (moto's server, through rclone), damage, wrong keys, nothing in clear.   usage: TRY.JSON
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading

from backups import alice, bob, instance, mailkeep, recovery, send, texts, work
from session import empty, messages, wait_for

state = pathlib.Path(instance.values["data"]).parent
repository = pathlib.Path(instance.values["backup"]["repository"])


def refused(words, *arguments, **more):
    done = mailkeep(*arguments, check=False, **more)
    assert done.returncode != 0 and words in done.stderr, (arguments, done)


def restore(name, *arguments):
    target = work / name
    mailkeep("restore", "all", "--recovery-key-file", recovery, "--data", target / "data", "--keys", target / "keys", *arguments)
    return target


class Stream:
    """Messages from alice to bob until `stop`; `accepted` are those that were answered with 250."""

    def __init__(self, name):
        self.name, self.accepted, self.done = name, [], threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with instance.submission(alice) as smtp:
            number = 0
            while not self.done.is_set():
                number += 1
                subject = f"{self.name}-{number}-end"
                smtp.sendmail(alice["address"], [bob["address"]], f"From: {alice['address']}\r\nTo: {bob['address']}\r\nSubject: {subject}\r\n\r\n{'x' * 3000}\r\n")
                self.accepted.append(subject)

    def stop(self):
        self.done.set()
        self.thread.join()


def during_a_stream():
    stream = Stream("flow")
    for turn in range(4):
        wait_for(lambda: len(stream.accepted) > 20 * (turn + 1), "mail to flow")
        before = list(stream.accepted)
        backup = mailkeep("backup", "now").stdout.strip()
        assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", backup), backup
        back = restore(f"stream-{turn}", "--backup", backup)
        # What was accepted is in the account, or on its way into it.
        held = mailkeep("queue", "list", "--json", "--data", back / "data", "--keys", back / "keys").stdout
        present = "\n".join(texts(back, bob["address"]))
        lost = [subject for subject in before if subject not in present]
        assert not lost or json.loads(held), f"{len(lost)} accepted messages are missing: {lost[:5]}"
        assert not lost, lost[:5]
        health = mailkeep("health", "--data", back / "data", "--keys", back / "keys", "--json").stdout
        assert all(check["ok"] for check in json.loads(health)), health
    stream.stop()
    print(f"{len(stream.accepted)} messages flowed through four backups")


def under_an_open_session():
    imap = instance.imap(bob)
    imap.select("INBOX")
    before = messages(imap)
    assert before
    backup = mailkeep("backup", "now").stdout.strip()
    # Afterwards: everything is deleted, and something new came.
    empty(imap)
    send("lost-time")
    wait_for(lambda: imap.noop()[0] == "OK" and any(b"lost-time" in m for m in messages(imap)), "a message of the lost time")
    imap.select("INBOX")
    highest = int(imap.uid("SEARCH", None, "ALL")[1][0].split()[-1])
    told = json.loads(mailkeep("restore", "account", bob["address"], "--backup", backup, "--recovery-key-file", recovery, "--json").stdout)
    assert os.path.exists(told["replaced"]) and not told["wasAbsent"], told
    # The session that knew the old mailbox is told so and ends.
    try:
        for _ in range(3):
            imap.noop()
        sys.exit("the open session went on as if nothing had happened")
    except imap.abort as error:
        assert "came back from a backup" in str(error), error
    again = instance.imap(bob)
    assert messages(again) == before, "other messages came back"
    send("after")
    wait_for(lambda: any(b"Subject: after" in m for m in messages(again)), "mail after the restore")
    newest = int(again.uid("SEARCH", None, "ALL")[1][0].split()[-1])
    assert newest > highest, "a UID of the lost time was given out again"
    os.unlink(told["replaced"])


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def rclone(configuration, *arguments):
    """With nothing of our own environment, which may have settings for it."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(work)}
    done = subprocess.run(["rclone", "--config", str(configuration), *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done
    return done.stdout


@contextlib.contextmanager
def storage():
    """S3 as moto has it, and rclone's configuration for it."""
    port = free_port()
    program = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def answers():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            return False
        wait_for(answers, "moto's server")
        configuration = work / "rclone.conf"
        configuration.write_text(
            f"[offsite]\ntype = s3\nprovider = Other\nendpoint = http://127.0.0.1:{port}\naccess_key_id = key\n"
            "secret_access_key = secret\nregion = us-east-1\nforce_path_style = true\n")
        configuration.chmod(0o600)
        rclone(configuration, "mkdir", "offsite:mail")
        yield configuration, ["--repository", "offsite:mail/backups", "--rclone-config", configuration, "--staging", work]
    finally:
        server.kill()
        server.wait()


def in_object_storage():
    with storage() as (configuration, there):
        first = mailkeep("backup", "run", *there).stdout.strip()
        count = len(rclone(configuration, "lsf", "-R", "offsite:mail/backups/chunks").split())
        second = mailkeep("backup", "run", *there).stdout.strip()
        assert [b["id"] for b in json.loads(mailkeep("backup", "list", "--json", *there).stdout)] in ([second, first], [first, second])
        mailkeep("backup", "verify", "--all", *there)
        target = work / "s3"
        mailkeep("restore", "all", "--recovery-key-file", recovery, "--data", target / "data", "--keys", target / "keys", *there)
        assert any("after" in text for text in texts(target, bob["address"]))
        mailkeep("backup", "tidy", "--keep", "1d", *there)
        mailkeep("backup", "verify", *there)
        listing = rclone(configuration, "lsf", "-R", "offsite:mail/backups")
        assert "locks/" not in listing.replace("locks/\n", ""), "a lock was left"
        victim = next(line for line in listing.split() if len(line.split("/")[-1]) == 64)
        rclone(configuration, "deletefile", f"offsite:mail/backups/{victim}")
        done = mailkeep("backup", "verify", *there, check=False)
        assert done.returncode == 1 and "missing" in done.stdout, done
        assert not list(work.glob("mailkeep-*")), "staging was left behind"
        print(f"{count} chunks in object storage")


def mistakes_are_told():
    key = pathlib.Path(recovery).read_text().strip()
    target = ["--data", work / "wrong" / "data", "--keys", work / "wrong" / "keys"]
    refused("a letter is wrong", "restore", "all", *target, "--recovery-key-file", "-", text=key[:-1] + ("0" if key[-1] != "0" else "1"))
    refused("14 groups", "restore", "all", *target, "--recovery-key-file", "-", text=key[:-5])
    other = work / "other"
    mailkeep("backup", "keys", "--master", state / "keys" / "master.key", "--output", other, "--recovery-key-output", work / "other.key")
    refused("does not open this repository", "restore", "all", *target, "--recovery-key-file", work / "other.key")
    refused("another repository key", "backup", "run", "--backup-keys", other)
    refused("--replace", "restore", "all", "--recovery-key-file", recovery)
    refused("stop every service first", "restore", "all", "--replace", "--recovery-key-file", recovery)
    refused("must not lie in the store", "backup", "run", "--repository", state / "data" / "backups")
    refused("there is no backup repository", "backup", "list", "--repository", work / "nothing")
    refused("there is no backup", "restore", "all", *target, "--recovery-key-file", recovery, "--backup", "20200101T000000Z-00000000")
    assert not (work / "wrong" / "data" / "config.db").exists()


def damage_is_found():
    copy = work / "copy"
    shutil.copytree(repository, copy)
    chunk = max(copy.glob("chunks/*/*"), key=lambda path: path.stat().st_size)
    data = bytearray(chunk.read_bytes())
    data[len(data) // 2] ^= 1
    chunk.chmod(0o600)
    chunk.write_bytes(data)
    done = mailkeep("backup", "verify", "--all", "--repository", copy, check=False)
    assert done.returncode == 1 and "DAMAGED" in done.stdout and chunk.name in done.stdout, done


def nothing_in_clear():
    for path in repository.rglob("*"):
        name = str(path.relative_to(repository))
        assert not re.search("alice|bob|mailkeep.test", name), name
        if path.is_file():
            content = path.read_bytes()
            for secret in (b"flow-", b"lost-time", b"mailkeep.test", b"alice", b"accounts/", b"CREATE TABLE"):
                assert secret not in content, f"{name} holds {secret!r} in clear"


try:
    during_a_stream()
    under_an_open_session()
    mistakes_are_told()
    damage_is_found()
    in_object_storage()
    nothing_in_clear()
finally:
    shutil.rmtree(work, ignore_errors=True)
