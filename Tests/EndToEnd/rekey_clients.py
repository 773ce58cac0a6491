# SPDX-License-Identifier: Apache-2.0
"""An account gets new keys while IMAP, POP3, SMTP and CalDAV clients use it: nobody is cut off, everything acknowledged is there.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import pathlib
import random
import re
import secrets
import signal
import subprocess
import threading
import time

import caldav

from account_files import opens
from checks import check, run_parts
from session import Instance, messages, wait_for

instance = Instance()
domain = instance.accounts[0]["address"].split("@")[1]
rita = {"address": f"rita-{secrets.token_hex(4)}@{domain}", "password": secrets.token_hex(12)}
accounts = pathlib.Path(instance.values["data"]) / "accounts"


def mailkeep(*words, text=None):
    return subprocess.run(
        [instance.values["mailkeep"], *words], check=True, capture_output=True, text=True, input=text).stdout


def rekey():
    """The new file's name."""
    return re.search(r"accounts/([0-9a-f]{32})\.db now", mailkeep("account", "rekey", rita["address"]))[1]


def message(subject, lines=5):
    return (f"From: {rita['address']}\r\nTo: {rita['address']}\r\nSubject: {subject}\r\n\r\n"
            + "".join(f"{subject} line {n}\r\n" for n in range(lines))).encode()


def deliver(subject, lines=5):
    smtp = instance.mx()
    smtp.sendmail("", [rita["address"]], message(subject, lines))
    smtp.quit()


def subjects(imap):
    return [re.search(rb"Subject: (.*?)\r\n", text)[1].decode() for text in messages(imap)]


def the_file_is_another():
    deliver("before")
    old_key = mailkeep("account", "key", rita["address"]).strip()
    old_file = re.search(r"accounts/([0-9a-f]{32})\.db", mailkeep("account", "show", rita["address"]))[1]
    new_file = rekey()
    new_key = mailkeep("account", "key", rita["address"]).strip()
    check("another name and key", new_file != old_file and new_key != old_key)
    left = [path.name for path in accounts.iterdir() if path.name.startswith(old_file)]
    check("of the old file nothing is left", not left, left)
    check("the command names the new one", new_file in mailkeep("account", "list"))
    for key, expected in ((new_key, True), (old_key, False)):
        good = opens(accounts / f"{new_file}.db", key)
        check(f"SQLite3 Multiple Ciphers {'opens' if expected else 'does not open'} it with the {'new' if expected else 'old'} key", good == expected)


def a_large_literal_goes_on():
    """A client that takes a message of 20 MB slowly, of which the store reads a piece at a time."""
    imap = instance.imap(rita)
    text = message("large", 800_000)
    status, _ = imap.append("INBOX", None, None, text)
    check("a large message", status == "OK")
    imap.select("INBOX")
    uid = imap.uid("SEARCH", None, "SUBJECT", "large")[1][0].split()[0].decode()
    imap.send(f"f1 UID FETCH {uid} (BODY.PEEK[])\r\n".encode())
    head = imap.readline()
    size = int(re.search(rb"\{(\d+)\}", head)[1])
    taken = imap.read(200_000)
    first = rekey()
    while len(taken) < size // 2:
        taken += imap.read(500_000)
    second = rekey()
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
    rekey()
    deliver("after")
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


def calendars_go_on():
    client = caldav.DAVClient(
        url=instance.ends["dav"]["url"], username=rita["address"], password=rita["password"],
        ssl_verify_cert=instance.values["ca"])
    calendar = client.principal().calendars()[0]
    event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20261125T000000Z\r\nDTSTART:20261126T100000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    calendar.save_event(event % ("one", "one"))
    rekey()
    calendar.save_event(event % ("two", "two"))
    found = sorted(re.search(r"SUMMARY:(\w+)", one.data)[1] for one in calendar.events())
    check("events of before and after", found == ["one", "two"], found)


def everything_at_once():
    """Four connections deliver, two read, while the file is exchanged again and again and some of those runs are killed."""
    over, sent, seen, wrong = threading.Event(), [], [], []

    def deliveries(name):
        number = 0
        while not over.is_set():
            number += 1
            try:
                deliver(f"{name}-{number}", 200)
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

    threads = [threading.Thread(target=deliveries, args=(f"w{n}",), daemon=True) for n in range(4)]
    threads += [threading.Thread(target=reading, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    killed = exchanged = 0
    for turn in range(12):
        # Some more mail between two runs.
        before = len(sent)
        wait_for(lambda: len(sent) > before + 3 or wrong, "mail")
        run = subprocess.Popen([instance.values["mailkeep"], "account", "rekey", rita["address"]], stdout=subprocess.DEVNULL)
        if turn % 2:
            time.sleep(random.random() / 2)
            run.send_signal(signal.SIGKILL)
        killed += run.wait() == -signal.SIGKILL
        exchanged += run.returncode == 0
    over.set()
    for thread in threads:
        thread.join()
    check(f"{exchanged} exchanges, {killed} killed runs: no client was refused or misled", exchanged > 4 and not wrong, wrong)
    imap = instance.imap(rita)
    wait_for(lambda: set(sent) <= set(subjects(imap)), "every message that was acknowledged")
    found = [subject for subject in subjects(imap) if subject.startswith("w")]
    check(f"{len(sent)} messages are there, each once", sorted(found) == sorted(sent), set(found) ^ set(sent))
    imap.logout()
    check("the file is sound", "sound" in mailkeep("account", "check", "--search-index", rita["address"]))
    rekey()
    names = [path.name for path in accounts.iterdir() if path.name.endswith(".new")]
    check("nothing half made is left", not names, names)


def tidy():
    mailkeep("account", "remove", rita["address"], "--yes")


mailkeep("account", "add", rita["address"], "--password-file", "-", text=rita["password"])
run_parts([the_file_is_another, a_large_literal_goes_on, sessions_go_on, calendars_go_on, everything_at_once], tidy)
