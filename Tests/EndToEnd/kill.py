# SPDX-License-Identifier: Apache-2.0
"""kill -9 of each service, and of Redis with its data wiped, during a stream of messages over 10 connections.

Every message answered with 250 is there, the relayed ones too; at most one second copy for each connection that was cut
between commit and answer; nothing else is there.   usage: TRY.JSON [MESSAGES]
"""
import os
import re
import smtplib
import sys
import threading
import time

from restarts import Process
from second_server import SecondServer
from session import Instance, empty, messages, wait_for

instance = Instance()
alice, bob = instance.accounts[:2]
elsewhere = instance.values["elsewhere"]
TOTAL = int(sys.argv[2]) if len(sys.argv) > 2 else 5000 if os.environ.get("MAILKEEP_TEST_FULL") == "1" else 500
CONNECTIONS = 10


def main():
    imap = instance.imap(bob)
    empty(imap)
    imap.logout()
    processes = {name: Process(instance, name) for name in ("smtp-inbound", "smtp-outbound", "mail-access", "redis")}
    numbers, answered, uncertain = iter(range(TOTAL)), set(), {"bob": 0, "carol": 0}
    unsure, lock = set(), threading.Lock()

    def stream():
        smtp = None
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                break
            while True:  # the same message again until it was answered
                sending = False
                try:
                    if smtp is None:
                        smtp = instance.submission(alice)
                    smtp.mail(alice["address"])
                    smtp.rcpt(bob["address"])
                    smtp.rcpt(f"carol@{elsewhere['domain']}")
                    code, _ = smtp.docmd("DATA")
                    if code != 354:
                        raise smtplib.SMTPServerDisconnected("no 354")
                    sending = True
                    smtp.send(f"From: {alice['address']}\r\nSubject: stream {number}\r\n\r\nbody of {number}\r\n.\r\n".encode())
                    code, text = smtp.getreply()
                    if code == 250:
                        with lock:
                            answered.add(number)
                        break
                    sending = False
                    if code // 100 == 5:
                        raise SystemExit(f"refused: {code} {text}")
                    time.sleep(0.05)
                except (OSError, smtplib.SMTPException):
                    if sending:
                        with lock:
                            unsure.add(number)
                            uncertain["bob"] += 1
                            uncertain["carol"] += 1
                    smtp = None
                    time.sleep(0.1)

    with SecondServer(elsewhere["port"]) as server:
        threads = [threading.Thread(target=stream) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        kills = 0
        plan = ["smtp-inbound", "redis", "smtp-outbound", "smtp-inbound", "mail-access", "smtp-outbound", "redis", "smtp-inbound"]
        for index, name in enumerate(plan):
            goal = TOTAL * (index + 1) // (len(plan) + 1)
            wait_for(lambda: len(answered) >= goal, f"{goal} answers", 240)
            processes[name].kill_and_restart()
            kills += 1
            if name == "smtp-outbound":
                uncertain["carol"] += 20  # what it had in flight to the second server when it was killed
        for thread in threads:
            thread.join(240)
            assert not thread.is_alive(), "a connection did not end"
        assert answered == set(range(TOTAL)), f"{TOTAL - len(answered)} were never answered"
        wait_for(lambda: relayed(server) >= answered, "everything to be relayed", 300)
        counted(relayed_list(server), answered, uncertain["carol"], "relayed")
    wait_for(lambda: login_works(), "mail-access")
    imap = instance.imap(bob)
    wait_for(lambda: set(subjects(messages(imap))) >= answered, "local deliveries from the spool", 180)
    counted(subjects(messages(imap)), answered, len(unsure) + uncertain["bob"], "in the mailbox")
    empty(imap)
    print(f"{TOTAL} messages, {kills} kills, {len(unsure)} connections cut between commit and answer")


def subjects(all_messages):
    return [int(re.search(rb"(?m)^Subject: stream (\d+)", data)[1]) for data in all_messages]


def relayed_list(server):
    with server.lock:
        return subjects([envelope["data"] for envelope in server.received])


def relayed(server):
    return set(relayed_list(server))


def login_works():
    try:
        instance.imap(bob).logout()
        return True
    except OSError:
        return False


def counted(numbers, answered, copies_allowed, where):
    assert set(numbers) == answered, f"{where}: {sorted(set(numbers) ^ answered)[:10]} are too many or missing"
    second = len(numbers) - len(set(numbers))
    assert second <= copies_allowed, f"{where}: {second} second copies, {copies_allowed} connections were cut"


main()
