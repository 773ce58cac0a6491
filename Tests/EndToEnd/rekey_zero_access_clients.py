# SPDX-License-Identifier: Apache-2.0
"""A zero-access account gets new keys while clients use it: whoever was in it logs in again, and everything acknowledged is there.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import imaplib
import json
import poplib
import secrets
import tempfile
import threading

from checks import check, run_parts
from rekeying import accounts, calendars_go_on, check_keys, check_leavings, current, deliver, instance, mailkeep, new_account, rekey, \
    runs_beside
from session import subjects, wait_for

nora = new_account("nora")


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


def whoever_was_in_it_logs_in_again():
    deliver(nora, "before")
    recovery = mailkeep("account", "protect", nora["address"], "--password-file", "-", text=nora["password"]).strip()
    app = {"address": nora["address"], "password": owned("app-password", "add", nora["address"], "phone").strip()}
    old_key, old_file = owned("key", nora["address"]).strip(), current(nora)
    refused = instance.mailkeep("account", "rekey", nora["address"], "--password-file", "-", text=app["password"], check=False)
    check("the password is needed, no app password will do", refused.returncode == 1 and "not the password" in refused.stderr, refused)
    noop, idle, pop3 = instance.imap(nora), instance.imap(app), instance.pop3(app)
    for imap in (noop, idle):
        imap.select("INBOX")
    idle.send(b"i1 IDLE\r\n")
    while not idle.readline().startswith(b"+"):
        pass
    new_file = rekey(nora)
    check("another file", new_file != old_file and not list(accounts.glob(f"{old_file}*")), new_file)
    deliver(nora, "after")
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
    check_keys(new_file, new_key, old_key)
    calendars_go_on(nora, app)


def everything_at_once():
    """Mail arrives and clients log in while runs are made, some of which are killed."""
    over, sent, wrong, logins = threading.Event(), ["before", "after"], [], []

    def deliveries():
        while not over.is_set():
            try:
                deliver(nora, f"z{len(sent)}", 200)
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
    mailkeep("account", "remove", nora["address"], "--yes")


run_parts([whoever_was_in_it_logs_in_again, everything_at_once], tidy)
