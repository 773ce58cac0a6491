# SPDX-License-Identifier: Apache-2.0
"""Accounts get new keys while IMAP, POP3, SMTP and CalDAV clients use them: of an ordinary one nobody is cut off, whoever was in a
zero-access one logs in again, and everything acknowledged is there.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import imaplib
import json
import pathlib
import poplib
import random
import re
import secrets
import signal
import subprocess
import tempfile
import threading
import time

import caldav

from account_files import opens
from checks import check, run_parts
from session import Instance, messages, wait_for

instance = Instance()
domain = instance.accounts[0]["address"].split("@")[1]
rita = {"address": f"rita-{secrets.token_hex(4)}@{domain}", "password": secrets.token_hex(12)}
nora = {"address": f"nora-{secrets.token_hex(4)}@{domain}", "password": secrets.token_hex(12)}
accounts = pathlib.Path(instance.values["data"]) / "accounts"
event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20261125T000000Z\r\nDTSTART:20261126T100000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def mailkeep(*words, text=None):
    return subprocess.run(
        [instance.values["mailkeep"], *words], check=True, capture_output=True, text=True, input=text).stdout


def rekey(account=rita):
    """The new file's name. The password is looked at for a zero-access account alone."""
    words = mailkeep("account", "rekey", account["address"], "--password-file", "-", text=account["password"])
    return re.search(r"accounts/([0-9a-f]{32})\.db now", words)[1]


def current(account):
    return re.search(r"accounts/([0-9a-f]{32})\.db", mailkeep("account", "show", account["address"]))[1]


def message(subject, lines=5, account=rita):
    return (f"From: {account['address']}\r\nTo: {account['address']}\r\nSubject: {subject}\r\n\r\n"
            + "".join(f"{subject} line {n}\r\n" for n in range(lines))).encode()


def deliver(subject, lines=5, account=rita):
    smtp = instance.mx()
    smtp.sendmail("", [account["address"]], message(subject, lines, account))
    smtp.quit()


def subjects(imap):
    return [re.search(rb"Subject: (.*?)\r\n", text)[1].decode() for text in messages(imap)]


def the_file_is_another():
    deliver("before")
    old_key = mailkeep("account", "key", rita["address"]).strip()
    old_file = current(rita)
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


def calendars_go_on(account=rita, login=rita):
    client = caldav.DAVClient(
        url=instance.ends["dav"]["url"], username=login["address"], password=login["password"],
        ssl_verify_cert=instance.values["ca"])
    calendar = client.principal().calendars()[0]
    calendar.save_event(event % ("one", "one"))
    rekey(account)
    calendar.save_event(event % ("two", "two"))
    found = sorted(re.search(r"SUMMARY:(\w+)", one.data)[1] for one in calendar.events())
    check("events of before and after", found == ["one", "two"], found)


def runs_beside(works, over, sent, wrong, account):
    """Runs while threads work and send, every second one killed; how many were good, how many killed."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    killed = exchanged = 0
    for turn in range(12):
        # Some more mail between two runs.
        before = len(sent)
        wait_for(lambda: len(sent) > before + 3 or wrong, "mail")
        run = subprocess.Popen(
            [instance.values["mailkeep"], "account", "rekey", account["address"]], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        run.stdin.write(account["password"].encode())
        run.stdin.close()
        if turn % 2:
            time.sleep(random.random() / 2)  # the moment of the kill is the point
            run.send_signal(signal.SIGKILL)
        killed += run.wait() == -signal.SIGKILL
        exchanged += run.returncode == 0
    over.set()
    for thread in threads:
        thread.join()
    return exchanged, killed


def check_leavings():
    """An empty file, of a run that was killed before it was noted, is upkeep's."""
    names = [path.name for path in accounts.glob("*.new") if path.stat().st_size > 0]
    check("nothing half made is left", not names, names)


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

    works = [lambda name=f"w{n}": deliveries(name) for n in range(4)] + [reading] * 2
    exchanged, killed = runs_beside(works, over, sent, wrong, rita)
    check(f"{exchanged} exchanges, {killed} killed runs: no client was refused or misled", exchanged > 4 and not wrong, wrong)
    imap = instance.imap(rita)
    wait_for(lambda: set(sent) <= set(subjects(imap)), "every message that was acknowledged")
    found = [subject for subject in subjects(imap) if subject.startswith("w")]
    check(f"{len(sent)} messages are there, each once", sorted(found) == sorted(sent), set(found) ^ set(sent))
    imap.logout()
    check("the file is sound", "sound" in mailkeep("account", "check", "--search-index", rita["address"]))
    rekey()
    check_leavings()


def owned(*words):
    """A command of nora's account with her password."""
    return mailkeep("account", *words, "--own-password-file", "-", text=nora["password"])


def bye(imap):
    """What an open session is told."""
    try:
        for _ in range(3):
            imap.noop()
    except imaplib.IMAP4.abort as error:
        return str(error)
    return "it went on"


def a_zero_access_account():
    deliver("before", account=nora)
    recovery = mailkeep("account", "protect", nora["address"], "--password-file", "-", text=nora["password"]).strip()
    app = {"address": nora["address"], "password": owned("app-password", "add", nora["address"], "phone").strip()}
    old_key, old_file = owned("key", nora["address"]).strip(), current(nora)
    refused = subprocess.run(
        [instance.values["mailkeep"], "account", "rekey", nora["address"], "--password-file", "-"],
        input=app["password"], capture_output=True, text=True)
    check("the password is needed, no app password will do", refused.returncode == 1 and "not the password" in refused.stderr, refused)
    noop, idle, pop3 = instance.imap(nora), instance.imap(app), instance.pop3(app)
    for imap in (noop, idle):
        imap.select("INBOX")
    idle.send(b"i1 IDLE\r\n")
    while not idle.readline().startswith(b"+"):
        pass
    new_file = rekey(nora)
    check("another file", new_file != old_file and not list(accounts.glob(f"{old_file}*")), new_file)
    deliver("after", account=nora)
    for imap, words in ((noop, bye(noop)), (idle, "")):
        while imap is idle and "BYE" not in words and (line := idle.readline()):
            words = line.decode()
        check("a session that was open ends, and says why", "log in again" in words, words)
    try:
        pop3.retr(1)
        check("POP3 too", False, "it went on")
    except poplib.error_proto as error:
        check("POP3 too, for now", b"[SYS/TEMP]" in error.args[0], error)
    for login in (nora, app):
        imap = instance.imap(login)
        check("logged in again everything is there", subjects(imap) == ["before", "after"], subjects(imap))
        imap.logout()
    new_key = mailkeep("account", "key", nora["address"], "--recovery-key-file", "-", text=recovery).strip()
    for key, expected in ((new_key, True), (old_key, False)):
        good = opens(accounts / f"{new_file}.db", key)
        check(f"SQLite3 Multiple Ciphers {'opens' if expected else 'does not open'} it with the {'new' if expected else 'old'} key", good == expected)
    calendars_go_on(nora, app)


def a_zero_access_account_at_once():
    """Mail arrives and clients log in while runs are made, some of which are killed."""
    over, sent, wrong, logins = threading.Event(), ["before", "after"], [], []

    def deliveries():
        while not over.is_set():
            try:
                deliver(f"z{len(sent)}", 200, nora)
                sent.append(f"z{len(sent)}")
            except Exception as error:  # noqa: BLE001: told below
                wrong.append(f"{error}")

    def reading():
        while not over.is_set():
            try:
                imap = instance.imap(nora)
            except Exception as error:  # noqa: BLE001
                wrong.append(f"login: {error}")
                return
            try:
                subjects(imap)
                logins.append(imap)
                imap.logout()
            except (imaplib.IMAP4.error, AssertionError):
                pass  # the exchange ends sessions

    exchanged, killed = runs_beside([deliveries, reading, reading], over, sent, wrong, nora)
    check(f"{exchanged} exchanges, {killed} killed runs, {len(logins)} sessions: nobody was refused",
          exchanged > 4 and logins and not wrong, wrong)
    imap = instance.imap(nora)
    wait_for(lambda: set(sent) <= set(subjects(imap)), "every message that was acknowledged")
    check(f"{len(sent)} messages are there, each once", sorted(subjects(imap)) == sorted(sent), set(subjects(imap)) ^ set(sent))
    imap.logout()
    report = json.loads(owned("check", "--json", nora["address"]))[0]
    check("the file is sound, and nothing waits", report["sound"] and report["waiting"] == 0, report)
    with tempfile.NamedTemporaryFile("w") as old:
        old.write(nora["password"])
        old.flush()
        nora["password"] = secrets.token_hex(12)
        mailkeep("account", "password", nora["address"], "--own-password-file", old.name, "--password-file", "-", text=nora["password"])
    rekey(nora)
    check_leavings()


def tidy():
    for account in (rita, nora):
        mailkeep("account", "remove", account["address"], "--yes")


for account in (rita, nora):
    mailkeep("account", "add", account["address"], "--password-file", "-", text=account["password"])
run_parts(
    [
        the_file_is_another, a_large_literal_goes_on, sessions_go_on, calendars_go_on, everything_at_once,
        a_zero_access_account, a_zero_access_account_at_once,
    ], tidy)
