# SPDX-License-Identifier: Apache-2.0
"""A zero-access account from the outside: mail that arrives while nobody is logged in, what the operator's keys open (nothing),
and real clients: swaks, imaplib, mbsync, curl, caldav; password change, recovery, and kill -9 in the middle of filing.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import imaplib
import json
import mailbox as mailboxes
import pathlib
import random
import re
import secrets
import shutil
import smtplib
import subprocess
import sys
import tempfile
import threading
import time

import caldav

from account_files import opens
from checks import check, run_parts
from restarts import Process
from session import Instance, messages, wait_for

instance = Instance()
anna = instance.accounts[0]
domain = anna["address"].split("@")[1]
zoe = {"address": f"zoe-{secrets.token_hex(4)}@{domain}", "password": secrets.token_hex(12)}
marker = f"Zwetschgen-{secrets.token_hex(8)}"
work = pathlib.Path(tempfile.mkdtemp(prefix="mailkeep-zero-access-"))
data = pathlib.Path(instance.values["data"])
app = {}


def mailkeep(*words, text="", check_=True):
    done = subprocess.run([instance.values["mailkeep"], *words], capture_output=True, text=True, input=text)
    if check_ and done.returncode != 0:
        raise RuntimeError(f"mailkeep {' '.join(words)}: {done.returncode} {done.stdout} {done.stderr}")
    return done


def shown():
    return json.loads(mailkeep("account", "show", zoe["address"], "--json").stdout)


def swaks(subject, body=marker):
    done = subprocess.run(
        ["swaks", "--server", f"localhost:{instance.ends['smtp']['port']}", "--helo", "client.example", "--from",
         "stranger@elsewhere.example", "--to", zoe["address"], "--h-Subject", subject, "--body", body],
        capture_output=True, text=True, timeout=120)
    check(f"swaks delivers {subject}", done.returncode == 0, done.stdout[-800:])


def mx(subjects, body="stream"):
    """Many over one connection."""
    smtp = instance.mx()
    for subject in subjects:
        smtp.sendmail("stranger@elsewhere.example", [zoe["address"]], f"Subject: {subject}\r\n\r\n{body}\r\n".encode())
    smtp.quit()


def subjects(imap, mailbox="INBOX"):
    return [re.search(rb"(?m)^Subject: (.*?)\r?$", text)[1].decode() for text in messages(imap, mailbox)]


def clear(account=zoe):
    imap = instance.imap(account)
    imap.select("INBOX")
    imap.store("1:*", "+FLAGS.SILENT", "\\Deleted")
    imap.expunge()
    imap.logout()


def protecting():
    mx(["before"], marker)
    held = instance.imap(zoe)
    held.select("INBOX")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "recovery").unlink(missing_ok=True)
    refused = mailkeep("account", "protect", zoe["address"], "--password-file", "-", text="not her password", check_=False)
    check("protecting needs the password", refused.returncode != 0, refused.stdout)
    done = mailkeep(
        "account", "protect", zoe["address"], "--password-file", "-", "--recovery-key-output", str(work / "recovery"),
        text=zoe["password"])
    check("the recovery key is written once", (work / "recovery").read_text().startswith("MKA1-"), done)
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
    refused = mailkeep("account", "key", zoe["address"], check_=False)
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
    mx(["for pop"], marker)
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
    mx([f"sync {n}" for n in range(20)], marker)
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
    mx(["during idle"], marker)
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


def calendars_with_an_app_password():
    words = mailkeep("account", "app-password", "add", zoe["address"], "phone", "--own-password-file", "-", text=zoe["password"])
    app.update(address=zoe["address"], password=words.stdout.strip())
    client = caldav.DAVClient(
        url=instance.ends["dav"]["url"], username=app["address"], password=app["password"],
        ssl_verify_cert=instance.values["ca"])
    calendar = client.principal().calendars()[0]
    calendar.save_event(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:zero\r\nDTSTAMP:20260101T000000Z\r\n"
        "DTSTART:20260601T090000Z\r\nSUMMARY:sealed\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    check("an event by an app password", [str(e.icalendar_component["SUMMARY"]) for e in calendar.events()] == ["sealed"])
    clear()
    mx(["by app password"], marker)
    imap = instance.imap(app)
    check("mail by an app password", subjects(imap) == ["by app password"], subjects(imap))
    imap.logout()
    check("its use was noted", json.loads(mailkeep("account", "app-password", "list", zoe["address"], "--json").stdout)[0]["used"])
    mailkeep("account", "app-password", "remove", zoe["address"], "phone")
    try:
        instance.imap(app)
        check("a removed one opens nothing", False, "it logged in")
    except imaplib.IMAP4.error as error:
        check("a removed one opens nothing", b"AUTHENTICATIONFAILED" in str(error).encode(), error)


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


def a_password_change_keeps_sessions_and_mail():
    clear()
    held = instance.imap(zoe)
    mx(["sealed before the change"], marker)
    old, zoe["password"] = zoe["password"], secrets.token_hex(12)
    (work / "old").write_text(old)
    (work / "new").write_text(zoe["password"])
    mailkeep("account", "password", zoe["address"], "--own-password-file", str(work / "old"),
             "--password-file", str(work / "new"))
    wait_for(lambda: subjects(held) == ["sealed before the change"], "the open session to go on")
    held.logout()
    try:
        instance.imap({"address": zoe["address"], "password": old})
        check("the old password opens nothing", False, "it logged in")
    except imaplib.IMAP4.error:
        check("the old password opens nothing", True)
    mx(["sealed after it"], marker)
    imap = instance.imap(zoe)
    check("the new one everything", subjects(imap) == ["sealed before the change", "sealed after it"], subjects(imap))
    imap.logout()


def the_recovery_key_brings_it_back():
    clear()
    mx(["before the recovery"], marker)
    zoe["password"] = secrets.token_hex(12)
    (work / "new").write_text(zoe["password"])
    mailkeep("account", "password", zoe["address"], "--recovery-key-file", str(work / "recovery"),
             "--password-file", str(work / "new"))
    imap = instance.imap(zoe)
    check("everything is there", subjects(imap) == ["before the recovery"], subjects(imap))
    imap.logout()


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
    return json.loads(mailkeep("account", "check", zoe["address"], "--json", check_=False).stdout)[0]


def a_check_of_the_closed_account():
    """Without its key its pages are read; the whole check is made at its owner's next login."""
    before = checked()
    check("its pages are read", before["closed"] and before["sound"] and before["pages"] > 10, before)
    with instance.imap(zoe) as imap:
        imap.noop()
        wait_for(lambda: checked().get("checkedWhole", "") > before.get("checkedWhole", ""), "the check at the login")
    after = checked()
    check("and the whole check at the login found it sound", after["sound"] and after["findings"] == [], after)


def tidy():
    shutil.rmtree(work, ignore_errors=True)
    mailkeep("account", "remove", zoe["address"], "--yes")
    check("no file of arrivals is left", not list((data / "accounts").glob("*.arrivals.db*")))


mailkeep("account", "add", zoe["address"], "--password-file", "-", text=zoe["password"])
if len(sys.argv) > 2 and sys.argv[2] != "protecting":
    sys.argv.insert(2, "protecting")
run_parts(
    [
        protecting, the_operators_keys_open_nothing, mail_comes_in_order_with_its_dates, pop3_sees_it_at_once,
        mbsync_fetches_it, idle_tells_of_it, sending_and_keeping, calendars_with_an_app_password, quota_of_what_waits,
        a_password_change_keeps_sessions_and_mail, the_recovery_key_brings_it_back, kill_in_the_middle_of_filing,
        a_check_of_the_closed_account,
    ], tidy)
