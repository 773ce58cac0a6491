# SPDX-License-Identifier: Apache-2.0
"""A zero-access account from the outside: mail that arrives while nobody is logged in, what the operator's keys open (nothing),
and real clients: swaks, imaplib, mbsync, curl; kill -9 in the middle of filing.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import imaplib
import json
import mailbox as mailboxes
import random
import smtplib
import subprocess
import sys
import threading
import time

from account_files import opens
from checks import check, run_parts
from restarts import Process
from session import subjects, wait_for
from zero_access import add, anna, clear, data, instance, mailkeep, marker, mx, protect, recovery, shown, tidy, work, zoe


def swaks(subject, body=marker):
    done = subprocess.run(
        ["swaks", "--server", f"localhost:{instance.ends['smtp']['port']}", "--helo", "client.example", "--from",
         "stranger@elsewhere.example", "--to", zoe["address"], "--h-Subject", subject, "--body", body],
        capture_output=True, text=True, timeout=120)
    check(f"swaks delivers {subject}", done.returncode == 0, done.stdout[-800:])


def protecting():
    mx(["before"])
    held = instance.imap(zoe)
    held.select("INBOX")
    refused = mailkeep("account", "protect", zoe["address"], "--password-file", "-", text="not her password", check=False)
    check("protecting needs the password", refused.returncode != 0, refused.stdout)
    done = protect()
    check("the recovery key is written once", recovery.read_text().startswith("MKA1-"), done)
    check("account show says the mode", shown()["zeroAccess"] is True, shown())
    try:
        held.noop()
        held.noop()
        check("a session from before ends", False, "it went on")
    except imaplib.IMAP4.abort as error:
        check("a session from before ends", True, error)
    imap = instance.imap(zoe)
    check("the mail of before is there", subjects(imap) == ["before"], subjects(imap))
    imap.logout()


def the_operators_keys_open_nothing():
    swaks("while nobody is here")
    refused = mailkeep("account", "key", zoe["address"], check=False)
    check("account key refuses", refused.returncode != 0 and zoe["address"] in refused.stderr, refused)
    check("use is told all the same", shown()["messages"] == 2, shown())
    account_key = mailkeep("account", "key", anna["address"]).stdout.strip()
    files = [path for path in data.rglob("*") if path.is_file()]
    check("there is a file of arrivals", any(path.name.endswith(".arrivals.db") for path in files), files)
    for path in files:
        content = path.read_bytes()
        found = [word for word in (marker, "while nobody is here", zoe["address"]) if word.encode() in content]
        if found:
            check(f"{path.name} holds nothing in clear", False, found)
    # Not with any key that opens another file of the store either.
    opened = sum(opens(path, account_key) for path in (data / "accounts").glob("*.db"))
    check("anna's key opens anna's file alone", opened == 1, opened)


def mail_comes_in_order_with_its_dates():
    clear()
    before = int(time.time())
    for number in range(3):
        swaks(f"dated {number}")
        time.sleep(1.1)  # INTERNALDATE has seconds
    after = int(time.time())
    time.sleep(2)
    imap = instance.imap(zoe)
    check("in order of arrival", subjects(imap) == [f"dated {n}" for n in range(3)], subjects(imap))
    dates = [time.mktime(imaplib.Internaldate2tuple(line)) for line in imap.fetch("1:*", "(INTERNALDATE)")[1]]
    check("with the moments of their arrival",
          before <= dates[0] < dates[1] < dates[2] <= after and len(dates) == 3, (before, dates, after))
    imap.logout()


def pop3_sees_it_at_once():
    clear()
    mx(["for pop"])
    pop3 = instance.pop3(zoe)
    check("STAT counts what was sealed", pop3.stat()[0] == 1, pop3.stat())
    pop3.quit()
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--cacert", instance.values["ca"], "--user",
         f"{zoe['address']}:{zoe['password']}", f"pop3s://localhost:{instance.ends['pop3s']['port']}/1"],
        capture_output=True, text=True, timeout=60)
    check("curl reads it", marker in done.stdout, done)


def mbsync_fetches_it():
    clear()
    mx([f"sync {n}" for n in range(20)])
    box = work / "mbsync"
    box.mkdir()
    word = "TLSType" if "TLSType" in subprocess.run(["man", "mbsync"], capture_output=True, text=True).stdout else "SSLType"
    (work / "mbsyncrc").write_text(f"""IMAPAccount m
Host localhost
Port {instance.ends['imaps']['port']}
User {zoe['address']}
Pass {zoe['password']}
{word} IMAPS
CertificateFile {instance.values['ca']}

IMAPStore far
Account m

MaildirStore near
Path {box}/
Inbox {box}/INBOX

Channel c
Far :far:
Near :near:
Patterns INBOX
Create Near
SyncState *
""")
    done = subprocess.run(["mbsync", "-c", str(work / "mbsyncrc"), "-a"], capture_output=True, text=True, timeout=120)
    found = [text["Subject"] for text in mailboxes.Maildir(box / "INBOX", create=False)] if done.returncode == 0 else done
    check("mbsync fetches what was sealed", found and sorted(found) == sorted(f"sync {n}" for n in range(20)), found)


def idle_tells_of_it():
    clear()
    imap = instance.imap(zoe)
    imap.select("INBOX")
    imap.send(b"i IDLE\r\n")
    check("IDLE", imap.readline().startswith(b"+"))
    mx(["during idle"])
    line = imap.readline()
    check("a sealed message is told of in IDLE", b"1 EXISTS" in line, line)
    imap.send(b"DONE\r\n")
    while not (line := imap.readline()).startswith(b"i "):
        pass
    check("and there to be read", subjects(imap) == ["during idle"], subjects(imap))
    imap.logout()


def sending_and_keeping():
    clear()
    with instance.submission(zoe) as smtp:
        smtp.sendmail(zoe["address"], [anna["address"]], f"From: {zoe['address']}\r\nSubject: {marker}\r\n\r\nsent\r\n".encode())
    imap = instance.imap(zoe)
    check("a copy in Sent", imap.append("Sent", "(\\Seen)", None, b"Subject: a copy\r\n\r\nsent\r\n")[0] == "OK")
    check("is there", subjects(imap, "Sent") == ["a copy"], subjects(imap, "Sent"))
    imap.logout()
    other = instance.imap(anna)
    wait_for(lambda: marker in subjects(other), "what she sent")
    other.logout()


def quota_of_what_waits():
    clear()
    used = shown()["used"]
    try:
        mailkeep("account", "quota", zoe["address"], str(used + 5_000))
        smtp = instance.mx()
        smtp.sendmail("", [zoe["address"]], b"Subject: fits\r\n\r\n" + b"x" * 60 + b"\r\n" + (b"y" * 70 + b"\r\n") * 50)
        try:
            smtp.sendmail("", [zoe["address"]], b"Subject: too much\r\n\r\n" + (b"y" * 70 + b"\r\n") * 50)
            check("what waits counts", False, "it was taken")
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            check("what waits counts", "4.2.2" in str(error), error)
        smtp.close()
        mailkeep("account", "quota", zoe["address"], "1")
        imap = instance.imap(zoe)
        check("what was accepted is filed over the quota", subjects(imap)[:1] == ["fits"], subjects(imap))
        imap.logout()
    finally:
        mailkeep("account", "quota", zoe["address"], "default")


def waiting():
    return json.loads(mailkeep("account", "check", zoe["address"], "--json").stdout)[0]["waiting"]


def kill_in_the_middle_of_filing():
    """Nothing is lost, nothing is there twice, and the order holds."""
    clear()
    total = 600
    mx([f"filed {n}" for n in range(total)], "x" * 2_000)
    check("everything waits", waiting() == total, waiting())
    process = Process(instance, "mail-access")
    port = instance.ends["imaps"]["port"]

    def log_in():
        try:
            instance.imap(zoe).logout()
        except (OSError, imaplib.IMAP4.error):
            pass

    kills, left = 0, [total]
    while kills < 30 and left[-1] > 0 and len({count for count in left if 0 < count < total}) < 3:
        wait_for(lambda: process.answers(port), "mail-access")
        thread = threading.Thread(target=log_in)
        thread.start()
        time.sleep(random.uniform(0.05, 0.8))  # the moment of the kill is the point
        process.kill_and_restart()
        kills += 1
        thread.join()
        left.append(waiting())
    wait_for(lambda: process.answers(port), "mail-access")
    check("kills came in the middle", any(0 < count < total for count in left), left)
    imap = instance.imap(zoe)
    wait_for(lambda: len(subjects(imap)) >= total, "everything to be filed")
    check(f"all {total} once and in order after {kills} kills, {left} waiting", subjects(imap) == [f"filed {n}" for n in range(total)],
          len(subjects(imap)))
    imap.logout()
    check("account check is content", waiting() == 0 and "sealed arrivals" not in mailkeep("account", "check", zoe["address"]).stdout)


def checked():
    return json.loads(mailkeep("account", "check", zoe["address"], "--json", check=False).stdout)[0]


def a_check_of_the_closed_account():
    """Without its key its pages are read; the whole check is made at its owner's next login."""
    before = checked()
    check("its pages are read", before["closed"] and before["sound"] and before["pages"] > 10, before)
    with instance.imap(zoe) as imap:
        imap.noop()
        wait_for(lambda: checked().get("checkedWhole", "") > before.get("checkedWhole", ""), "the check at the login")
    after = checked()
    check("and the whole check at the login found it sound", after["sound"] and after["findings"] == [], after)


add()
if len(sys.argv) > 2 and sys.argv[2] != "protecting":
    sys.argv.insert(2, "protecting")
run_parts(
    [
        protecting, the_operators_keys_open_nothing, mail_comes_in_order_with_its_dates, pop3_sees_it_at_once,
        mbsync_fetches_it, idle_tells_of_it, sending_and_keeping, quota_of_what_waits, kill_in_the_middle_of_filing,
        a_check_of_the_closed_account,
    ], tidy)
