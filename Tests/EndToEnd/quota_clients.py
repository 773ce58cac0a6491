# SPDX-License-Identifier: Apache-2.0
"""Quotas as imaplib, smtplib and HTTP clients meet them, on an account of its own: to the byte, from one message to the
next, with mail, copies and calendars in one count.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import base64
import http.client
import json
import re
import secrets
import threading
import urllib.parse

import caldav
import caldav.lib.error

from checks import check, run_parts
from session import Instance, wait_for

instance = Instance()
domain = instance.accounts[0]["address"].split("@")[1]
anna = instance.accounts[0]
quinn = {"address": f"quinn-{secrets.token_hex(4)}@{domain}", "password": secrets.token_hex(12)}


def mailkeep(*words, text=""):
    return instance.mailkeep(*words, text=text).stdout


def quota(size):
    mailkeep("account", "quota", quinn["address"], str(size))


def shown():
    return json.loads(mailkeep("account", "show", quinn["address"], "--json"))


def summed():
    """Every message of every mailbox, as STATUS tells."""
    imap = instance.imap(quinn)
    total = 0
    for line in imap.list()[1]:
        name = line.decode().rsplit(" ", 1)[1]
        total += int(re.search(rb"SIZE (\d+)", imap.status(name, "(SIZE)")[1][0]).group(1))
    imap.logout()
    return total


def clear():
    quota("none")
    imap = instance.imap(quinn)
    for line in imap.list()[1]:
        imap.select(line.decode().rsplit(" ", 1)[1])
        imap.store("1:*", "+FLAGS.SILENT", "\\Deleted")
        imap.expunge()
    imap.logout()
    check("the account is empty again", shown()["messages"] == 0, shown())


def message(size, subject="quota"):
    head = f"From: {anna['address']}\r\nTo: {quinn['address']}\r\nSubject: {subject}\r\n\r\n".encode()
    data = (head + (b"x" * 62 + b"\r\n") * (size // 64 + 1))[: size - 2]
    return (data[:-1] + b"x" if data.endswith(b"\r") else data) + b"\r\n"


def send(data, announce=True, recipients=(quinn["address"],)):
    """The code and text of whatever refused it, or 250."""
    smtp = instance.mx()
    smtp.ehlo("client.example")
    smtp.mail("", options=[f"SIZE={len(data)}"] if announce else [])
    answers = {recipient: smtp.rcpt(recipient) for recipient in recipients}
    code, text = max(answers.values()) if all(a[0] != 250 for a in answers.values()) else smtp.data(data)
    smtp.close()
    return code, text.decode(), {recipient: code for recipient, (code, _) in answers.items()}


def appended_to_the_byte():
    clear()
    imap = instance.imap(quinn)
    check("the capabilities", {"QUOTA", "QUOTA=RES-STORAGE", "APPENDLIMIT=67108864"} <= set(imap.capabilities), imap.capabilities)
    quota(10_000)
    check("8,000 bytes go in", imap.append("INBOX", None, None, message(8_000))[0] == "OK")
    status, answer = imap.append("INBOX", None, None, message(2_001))
    check("2,001 more do not", status == "NO" and b"OVERQUOTA" in answer[0], answer)
    imap.select("INBOX")
    status, answer = imap.copy("1", "Archive")
    check("nor does a copy", status == "NO" and b"OVERQUOTA" in answer[0], answer)
    check("2,000 do", imap.append("Sent", None, None, message(2_000))[0] == "OK")
    check("mailkeep says so to the byte", (shown()["used"], shown()["quota"]) == (10_000, 10_000), shown())
    status, answer = imap.getquotaroot("INBOX")
    check("GETQUOTAROOT", status == "OK" and b"Account (STORAGE 10 10)" in answer[1][0], answer)
    status, answer = imap.setquota("Account", "(STORAGE 99999)")
    check("SETQUOTA is refused", status == "NO", answer)
    imap.store("1", "+FLAGS", "\\Deleted")
    check("DELETED-STORAGE", b"DELETED-STORAGE 8" in imap.status("INBOX", "(DELETED-STORAGE)")[1][0])
    imap.expunge()
    check("what is expunged is there again at once", shown()["used"] == 2_000, shown())
    check("and usable", imap.append("INBOX", None, None, message(8_000))[0] == "OK")
    imap.logout()


def refused_before_the_literal():
    """The server says NO while the client still waits for +, and the connection goes on."""
    clear()
    quota(1_000)
    imap = instance.imap(quinn)
    imap.send(b"x1 APPEND INBOX {5000}\r\n")
    line = imap.readline()
    check("NO in place of +", line.startswith(b"x1 NO [OVERQUOTA]"), line)
    imap.send(b"x2 APPEND INBOX {5000+}\r\n" + message(5_000) + b"\r\nx3 NOOP\r\n")
    lines = [imap.readline(), imap.readline()]
    check("a literal without + is passed over", lines[0].startswith(b"x2 NO [OVERQUOTA]") and lines[1].startswith(b"x3 OK"), lines)
    imap.logout()


def deliveries():
    clear()
    quota(200_000)
    code, text, _ = send(message(100_000))
    check("a message that fits is taken", code == 250, text)
    code, text, _ = send(message(150_000))
    check("one too large by SIZE is 452 4.2.2 at RCPT", (code, text[:5]) == (452, "4.2.2"), (code, text))
    code, text, answers = send(message(150_000), announce=False)
    check("without SIZE it is so after DATA", (code, text[:5]) == (452, "4.2.2") and 250 in answers.values(), (code, text))
    held = instance.imap(quinn)
    check("nothing of it is kept", held.select("INBOX")[1] == [b"1"])
    quota("1G")
    code, text, _ = send(message(150_000))
    check("a new quota holds for the next message", code == 250, text)
    before = shown()["used"]
    quota(1)
    code, text, _ = send(message(1_000), announce=False)
    check("so does a lower one", code == 452, (code, text))
    check("what was there stays", shown()["used"] == before, shown())
    held.logout()


def one_of_two_recipients():
    """What was accepted for both comes to both: to the full one when there is room."""
    clear()
    quota(2_000)
    marker = f"spooled-{secrets.token_hex(6)}"
    code, text, _ = send(message(5_000, marker), announce=False, recipients=(anna["address"], quinn["address"]))
    check("accepted, since one has room", code == 250, text)

    def waiting():
        return [d for d in json.loads(mailkeep("queue", "list", "--json")) if d["recipient"] == quinn["address"]]

    wait_for(lambda: any(d["attempts"] > 0 and not d["inDelivery"] for d in waiting()), "a first try of the row")
    one = waiting()[0]
    check("it waits in the queue", "4.2.2" in mailkeep("queue", "show", str(one["id"])), one)
    quota(20_000)
    mailkeep("queue", "retry", str(one["id"]))
    imap = instance.imap(quinn)

    def arrived():
        imap.select("INBOX")
        return imap.search(None, "SUBJECT", marker)[1][0].split()

    wait_for(arrived, "the message in the full account")
    check("it comes once, when there is room", len(arrived()) == 1 and not waiting())
    imap.logout()


def warned_once():
    clear()
    quota(100_000)
    imap = instance.imap(quinn)

    def warnings():
        imap.select("INBOX")
        return len(imap.search(None, "SUBJECT", '"nearly full"')[1][0].split())

    for _ in range(3):
        check("a delivery", send(message(29_000))[0] == 250)
    check("no warning below nine tenths", warnings() == 0)
    check("a delivery", send(message(5_000))[0] == 250)
    check("one at nine tenths", warnings() == 1)
    check("a delivery", send(message(1_000))[0] == 250)
    check("and no second", warnings() == 1)
    imap.store("1", "+FLAGS.SILENT", "\\Deleted")
    imap.expunge()
    check("a delivery", send(message(29_000))[0] == 250)
    check("again after there was room", warnings() == 2)
    imap.logout()


def calendars_count():
    clear()
    address = urllib.parse.urlsplit(instance.ends["dav"]["url"])
    connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=60, context=instance.tls)
    login = base64.b64encode(f"{quinn['address']}:{quinn['password']}".encode()).decode()
    home = f"/dav/calendars/{quinn['address']}/"

    def ask(method, path, body=None, **fields):
        connection.request(method, path, body, {"Authorization": f"Basic {login}"} | fields)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def event(name, size):
        text = (
            f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:{name}\r\n"
            "DTSTAMP:20260101T000000Z\r\nDTSTART:20260601T090000Z\r\nSUMMARY:~\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
        return text.replace("~", "s" * (size - len(text) + 1))

    ask("PROPFIND", home, Depth="1")
    quota(5_000)
    check("an event goes in", ask("PUT", f"{home}calendar/1", event("1", 3_000))[0] == 201)
    imap = instance.imap(quinn)
    status, answer = imap.append("INBOX", None, None, message(2_001))
    check("mail has what is left", status == "NO" and b"OVERQUOTA" in answer[0], answer)
    client = caldav.DAVClient(
        url=instance.ends["dav"]["url"], username=quinn["address"], password=quinn["password"],
        ssl_verify_cert=instance.values["ca"])
    try:
        client.principal().calendars()[0].save_event(event("2", 2_100))
        check("caldav: an event over the quota is refused", False, "it was taken")
    except caldav.lib.error.PutError as error:
        check("caldav: an event over the quota is refused", "507" in str(error), error)
    status, answer = ask("PUT", f"{home}calendar/2", event("2", 2_001))
    check("PUT over the quota is 507", status == 507 and "quota-not-exceeded" in answer, (status, answer))
    check("to the byte", ask("PUT", f"{home}calendar/2", event("2", 2_000))[0] == 201)
    check("counted", (shown()["used"], shown()["objectBytes"]) == (5_000, 5_000), shown())
    status, answer = ask(
        "PROPFIND", f"{home}calendar/",
        '<d:propfind xmlns:d="DAV:"><d:prop><d:quota-available-bytes/><d:quota-used-bytes/></d:prop></d:propfind>',
        Depth="0")
    check("RFC 4331 properties", ">0</d:quota-available-bytes>" in answer and ">5000</d:quota-used-bytes>" in answer, answer)
    check("DELETE gives back", ask("DELETE", f"{home}calendar/1")[0] == 204 and shown()["used"] == 2_000, shown())
    check("DELETE gives back", ask("DELETE", f"{home}calendar/2")[0] == 204 and shown()["used"] == 0, shown())
    imap.logout()


def everything_at_once():
    """Deliveries by one process and appends by another, together: never above, but for the warning that a delivery may
    bring along, and nothing that fits is refused."""
    clear()
    size = 3_000
    limit = 30 * size + 9 * size // 10
    quota(limit)
    results = []

    def append():
        imap = instance.imap(quinn)
        for _ in range(15):
            results.append(imap.append("Archive", None, None, message(size))[0] == "OK")
        imap.logout()

    def deliver():
        for _ in range(10):
            results.append(send(message(size - 400), announce=False)[0] == 250)

    threads = [threading.Thread(target=task) for task in [append] * 3 + [deliver] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    imap = instance.imap(quinn)
    imap.select("INBOX")
    warnings = imap.search(None, "SUBJECT", '"nearly full"')[1][0].split()
    extra = sum(int(re.search(rb"SIZE (\d+)", imap.fetch(n, "(RFC822.SIZE)")[1][0]).group(1)) for n in warnings)
    imap.logout()
    used = shown()["used"]
    check("some were refused", not all(results), results)
    check("never above the quota", used - extra <= limit, (used, extra))
    check("and filled to less than a message", used + size + 400 > limit, (used, extra))
    check("at most one warning", len(warnings) <= 1, warnings)
    check("the count is the sum of all mailboxes", summed() == used == shown()["messageBytes"], (summed(), used))


def domain_default():
    clear()
    quota("default")
    mailkeep("domain", "quota", domain, "3K")
    try:
        imap = instance.imap(quinn)
        status, answer = imap.append("INBOX", None, None, message(4_000))
        check("the domain's quota holds where none is set", status == "NO", answer)
        quota("none")
        check("none is none", imap.append("INBOX", None, None, message(4_000))[0] == "OK")
        imap.logout()
    finally:
        mailkeep("domain", "quota", domain, "none")


def tidy():
    mailkeep("account", "remove", quinn["address"], "--yes")


mailkeep("account", "add", quinn["address"], "--password-file", "-", text=quinn["password"])
run_parts(
    [
        appended_to_the_byte, refused_before_the_literal, deliveries, one_of_two_recipients, warned_once, calendars_count,
        everything_at_once, domain_default,
    ], tidy)
