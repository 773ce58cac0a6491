# SPDX-License-Identifier: Apache-2.0
"""What the checks of accounts that get new keys share: an account of their own, runs, mail for it, and what must hold afterwards."""
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
from checks import check
from session import Instance, wait_for

instance = Instance()
accounts = pathlib.Path(instance.values["data"]) / "accounts"
event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20261125T000000Z\r\nDTSTART:20261126T100000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def mailkeep(*words, text=""):
    return instance.mailkeep(*words, text=text).stdout


def new_account(name):
    domain = instance.accounts[0]["address"].split("@")[1]
    account = {"address": f"{name}-{secrets.token_hex(4)}@{domain}", "password": secrets.token_hex(12)}
    mailkeep("account", "add", account["address"], "--password-file", "-", text=account["password"])
    return account


def rekey(account):
    """The new file's name. The password is looked at for a zero-access account alone."""
    words = mailkeep("account", "rekey", account["address"], "--password-file", "-", text=account["password"])
    return re.search(r"accounts/([0-9a-f]{32})\.db now", words)[1]


def current(account):
    return re.search(r"accounts/([0-9a-f]{32})\.db", mailkeep("account", "show", account["address"]))[1]


def message(account, subject, lines=5):
    return (f"From: {account['address']}\r\nTo: {account['address']}\r\nSubject: {subject}\r\n\r\n"
            + "".join(f"{subject} line {n}\r\n" for n in range(lines))).encode()


def deliver(account, subject, lines=5):
    smtp = instance.mx()
    smtp.sendmail("", [account["address"]], message(account, subject, lines))
    smtp.quit()


def check_keys(file, new, old):
    for key, which in ((new, "new"), (old, "old")):
        verb = "opens" if key == new else "does not open"
        check(f"SQLite3 Multiple Ciphers {verb} it with the {which} key", opens(accounts / f"{file}.db", key) == (key == new))


def calendars_go_on(account, login):
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
