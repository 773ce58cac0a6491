# SPDX-License-Identifier: Apache-2.0
"""A removed account comes back beside running services with all that it had: quota, aliases, passwords, and of a zero-access
one the mail that waited for it sealed; also when the restore is killed at any moment.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import json
import pathlib
import random
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

from checks import check, run_parts
from session import Instance, subjects

instance = Instance()
domain = instance.accounts[0]["address"].split("@")[1]
recovery = instance.values["backup"]["recovery_key_file"]
nora, olga = ({"address": f"{name}-{secrets.token_hex(4)}@{domain}", "password": secrets.token_hex(12)} for name in ("nora", "olga"))
alias = f"desk-{secrets.token_hex(4)}@{domain}"
work = pathlib.Path(tempfile.mkdtemp(prefix="mailkeep-restore-account-"))
kept = {}
mailkeep = instance.mailkeep


def shown(person):
    """Nothing when there is no such account."""
    done = mailkeep("account", "show", person["address"], "--json", check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def mx(names, to):
    smtp = instance.mx()
    for subject in names:
        smtp.sendmail("stranger@elsewhere.example", [to], f"Subject: {subject}\r\n\r\ntext\r\n".encode())
    smtp.quit()


def inbox(person, password=None):
    imap = instance.imap({**person, "password": password or person["password"]})
    try:
        return subjects(imap)
    finally:
        imap.logout()


def restore(person, *more):
    return ["restore", "account", person["address"], "--recovery-key-file", recovery, "--json", *more]


def two_accounts_and_a_backup():
    for person in (nora, olga):
        mailkeep("account", "add", person["address"], "--password-file", "-", text=person["password"])
        mailkeep("account", "quota", person["address"], "300M")
        mx(["first"], person["address"])
    mailkeep("alias", "add", alias, nora["address"], olga["address"])
    mailkeep("account", "protect", nora["address"], "--password-file", "-", "--recovery-key-output", work / "recovery", text=nora["password"])
    kept["app"] = mailkeep("account", "app-password", "add", nora["address"], "phone", "--own-password-file", "-", text=nora["password"]).stdout.split()[-1]
    check("the first message is there", inbox(nora) == ["first"])
    mx(["waits 1", "waits 2", "waits 3"], alias)
    kept["shown"] = {person["address"]: shown(person) for person in (nora, olga)}
    kept["backup"] = mailkeep("backup", "now").stdout.strip()


def is_whole(person):
    now, then = shown(person), kept["shown"][person["address"]]
    leads = {line["address"]: line["targets"] for line in json.loads(mailkeep("alias", "list", "--json").stdout)}
    return now == then and person["address"] in leads.get(alias, [])


def killed_at_any_moment():
    dice = random.Random()
    for person in (nora, olga):
        mailkeep("account", "remove", person["address"], "--yes")
        check("it is gone", shown(person) is None)
        started = time.monotonic()
        mailkeep(*restore(person))
        whole, kills, came = time.monotonic() - started, 0, 0
        mailkeep("account", "remove", person["address"], "--yes")
        for _ in range(25):
            process = subprocess.Popen(
                [instance.values["mailkeep"], *map(str, restore(person))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(dice.uniform(0.1, 0.9) * whole)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
            if shown(person) is None:
                continue
            came += 1
            if not is_whole(person):
                check(f"{person['address']} is whole as soon as it is there", False, shown(person))
            mailkeep("account", "remove", person["address"], "--yes")
        print(f"  {kills} kills in 25 runs; {came} times it was there")
        check("kills came in the middle", kills > 5, kills)
        report = json.loads(mailkeep(*restore(person)).stdout)
        check("the newest backup has it", report["backup"] == kept["backup"] and report["wasAbsent"], report)
        check("with quota, aliases and mode", is_whole(person), (shown(person), kept["shown"]))


def what_waited_is_filed_at_the_next_login():
    expected = ["first", "waits 1", "waits 2", "waits 3"]
    check("by the app password of then", inbox(nora, kept["app"]) == expected, inbox(nora))
    check("once", inbox(nora) == expected, inbox(nora))
    check("and of the ordinary account too", inbox(olga) == expected, inbox(olga))
    mx(["new"], alias)
    check("mail goes on", inbox(nora) == expected + ["new"], inbox(nora))


def into_the_one_that_is_there():
    # One that arrived after the backup waits; those of the backup are filed here already.
    mx(["newer"], nora["address"])
    refused = mailkeep(*restore(nora, "--backup", kept["backup"]), check=False)
    check("it needs the owner", refused.returncode == 1 and "zero-access" in refused.stderr, refused)
    report = json.loads(
        mailkeep(*restore(nora, "--backup", kept["backup"], "--own-recovery-key-file", work / "recovery")).stdout)
    check("what waited then is filed", report["filed"] == 3 and not report["wasAbsent"], report)
    seen = inbox(nora)
    check("what waits today is filed after it", seen == ["first", "waits 1", "waits 2", "waits 3", "newer"], seen)
    pathlib.Path(report["replaced"]).unlink()


def tidy():
    for person in (nora, olga):
        mailkeep("account", "remove", person["address"], "--yes")
    shutil.rmtree(work, ignore_errors=True)


run_parts([two_accounts_and_a_backup, killed_at_any_moment, what_waited_is_filed_at_the_next_login, into_the_one_that_is_there], tidy)
