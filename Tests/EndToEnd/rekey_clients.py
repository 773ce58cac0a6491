# SPDX-License-Identifier: Apache-2.0
"""An account gets new keys while IMAP, POP3, SMTP and CalDAV clients use it: nobody is cut off, and everything acknowledged is
there.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import random
import re
import threading

from checks import check, run_parts
from rekeying import accounts, calendars_go_on, check_keys, check_leavings, current, deliver, instance, mailkeep, message, new_account, \
    rekey, runs_beside
from session import subjects, wait_for

rita = new_account("rita")


def the_file_is_another():
    deliver(rita, "before")
    old_key = mailkeep("account", "key", rita["address"]).strip()
    old_file = current(rita)
    new_file = rekey(rita)
    new_key = mailkeep("account", "key", rita["address"]).strip()
    check("another name and key", new_file != old_file and new_key != old_key)
    left = [path.name for path in accounts.iterdir() if path.name.startswith(old_file)]
    check("of the old file nothing is left", not left, left)
    check("the command names the new one", new_file in mailkeep("account", "list"))
    check_keys(new_file, new_key, old_key)


def a_large_literal_goes_on():
    """A client that takes a message of 20 MB slowly, of which the store reads a piece at a time."""
    imap = instance.imap(rita)
    text = message(rita, "large", 800_000)
    status, _ = imap.append("INBOX", None, None, text)
    check("a large message", status == "OK")
    imap.select("INBOX")
    uid = imap.uid("SEARCH", None, "SUBJECT", "large")[1][0].split()[0].decode()
    imap.send(f"f1 UID FETCH {uid} (BODY.PEEK[])\r\n".encode())
    head = imap.readline()
    size = int(re.search(rb"\{(\d+)\}", head)[1])
    taken = imap.read(200_000)
    first = rekey(rita)
    while len(taken) < size // 2:
        taken += imap.read(500_000)
    second = rekey(rita)
    while len(taken) < size:
        taken += imap.read(min(500_000, size - len(taken)))
    check("comes whole while the file is exchanged twice", taken == text and first != second, len(taken))
    while not imap.readline().startswith(b"f1 OK"):
        pass
    imap.store(uid, "+FLAGS", "\\Deleted")
    imap.logout()


def sessions_go_on():
    imap = instance.imap(rita)
    imap.select("INBOX")
    count = len(imap.uid("SEARCH", None, "ALL")[1][0].split())
    pop3 = instance.pop3(rita)
    stat = pop3.stat()
    imap.send(b"i1 IDLE\r\n")
    while not imap.readline().startswith(b"+"):
        pass
    rekey(rita)
    deliver(rita, "after")
    line = imap.readline()
    while b"EXISTS" not in line:
        line = imap.readline()
    check("IDLE tells of a message that came after the exchange", line == b"* %d EXISTS\r\n" % (count + 1), line)
    imap.send(b"DONE\r\n")
    while not imap.readline().startswith(b"i1 OK"):
        pass
    check("flags", imap.store("1", "+FLAGS", "\\Flagged")[0] == "OK")
    check("POP3 has the messages of its start", pop3.stat() == stat and b"Subject: before" in b"\n".join(pop3.retr(1)[1]))
    pop3.quit()
    imap.logout()


def calendars():
    calendars_go_on(rita, rita)


def everything_at_once():
    """Four connections deliver, two read, while the file is exchanged again and again and some of those runs are killed."""
    over, sent, seen, wrong = threading.Event(), [], [], []

    def deliveries(name):
        number = 0
        while not over.is_set():
            number += 1
            try:
                deliver(rita, f"{name}-{number}", 200)
                sent.append(f"{name}-{number}")
            except Exception as error:  # noqa: BLE001: told below
                wrong.append(f"{name}-{number}: {error}")

    def reading():
        imap = instance.imap(rita)
        most = 0
        while not over.is_set():
            try:
                count = int(imap.select("INBOX")[1][0])
                if count < most:
                    wrong.append(f"{count} messages after {most}")
                most = count
                seen.append(imap.fetch(str(random.randint(1, count)), "(BODY.PEEK[])")[0])
            except Exception as error:  # noqa: BLE001
                wrong.append(f"reading: {error}")
                return
        imap.logout()

    works = [lambda name=f"w{n}": deliveries(name) for n in range(4)] + [reading] * 2
    exchanged, killed = runs_beside(works, over, sent, wrong, rita)
    check(f"{exchanged} exchanges, {killed} killed runs: no client was refused or misled", exchanged > 4 and not wrong, wrong)
    imap = instance.imap(rita)
    wait_for(lambda: set(sent) <= set(subjects(imap)), "every message that was acknowledged")
    found = [subject for subject in subjects(imap) if subject.startswith("w")]
    check(f"{len(sent)} messages are there, each once", sorted(found) == sorted(sent), set(found) ^ set(sent))
    imap.logout()
    check("the file is sound", "sound" in mailkeep("account", "check", "--search-index", rita["address"]))
    rekey(rita)
    check_leavings()


def tidy():
    mailkeep("account", "remove", rita["address"], "--yes")


run_parts([the_file_is_another, a_large_literal_goes_on, sessions_go_on, calendars, everything_at_once], tidy)
