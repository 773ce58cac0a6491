# SPDX-License-Identifier: Apache-2.0
"""What users had before a disaster, and whether they have it again.   usage: disaster.py fill|lose|compare SERVER.JSON STATE

`fill` gives two accounts folders, messages, flags, expunged messages, an event and a contact, and writes down what clients
saw. `lose` adds what no backup will hold: mail whose UIDs clients have seen. `compare` holds the restored server against what was
written down.
"""
import base64
import email.message
import email.utils
import hashlib
import http.client
import json
import pathlib
import re
import sys
import urllib.parse

from session import Instance, wait_for

instance = Instance(sys.argv[2])
state = pathlib.Path(sys.argv[3])
FOLDERS = ("INBOX", "Projects", "Projects/2026 &- more")


def send(sender, recipient, subject):
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = sender["address"], recipient["address"], subject
    message["Message-ID"], message["Date"] = email.utils.make_msgid(), email.utils.localtime()
    message.set_content(f"{subject}\n안녕하세요\n" * 300)
    with instance.submission(sender) as smtp:
        smtp.send_message(message)


def mailbox(imap, name):
    """UIDVALIDITY, UIDNEXT and, by UID, the flags and the hash of each message."""
    status, answer = imap.status(f'"{name}"', "(UIDVALIDITY UIDNEXT)")
    assert status == "OK", answer
    numbers = {key: int(value) for key, value in re.findall(r"(UIDVALIDITY|UIDNEXT) (\d+)", answer[0].decode())}
    assert imap.select(f'"{name}"', readonly=True)[0] == "OK"
    messages = {}
    _, found = imap.uid("SEARCH", None, "ALL")
    for uid in found[0].decode().split():
        _, data = imap.uid("FETCH", uid, "(FLAGS INTERNALDATE BODY.PEEK[])")
        head = b"".join(part if isinstance(part, bytes) else part[0] for part in data).decode()
        flags = sorted(flag for flag in re.search(r"FLAGS \(([^)]*)\)", head)[1].split() if flag != "\\Recent")
        messages[uid] = [flags, re.search(r'INTERNALDATE "([^"]*)"', head)[1], hashlib.sha256(data[0][1]).hexdigest()]
    return {**numbers, "messages": messages}


def seen_by(account):
    imap = instance.imap(account)
    return {name: mailbox(imap, name) for name in FOLDERS}


class Objects:
    """The account's event and contact at fixed addresses."""

    def __init__(self, account):
        parts = urllib.parse.urlsplit(instance.ends["dav"]["url"])
        self.connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=60, context=instance.tls)
        login = base64.b64encode(f"{account['address']}:{account['password']}".encode()).decode()
        self.headers = {"Authorization": "Basic " + login}
        user = account["address"]
        self.paths = (f"/dav/calendars/{user}/calendar/disaster.ics", f"/dav/contacts/{user}/contacts/disaster.vcf")

    def ask(self, method, path, body=None):
        self.connection.request(method, path, body, self.headers | {"Depth": "1"})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def put(self):
        event = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:disaster\r\n"
            "DTSTAMP:20260101T000000Z\r\nDTSTART:20260601T090000Z\r\nSUMMARY:재해 복구\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
        card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:disaster\r\nFN:밥\r\nN:;밥;;;\r\nEND:VCARD\r\n"
        for path, body in zip(self.paths, (event, card)):
            # The first look at a home makes its first collection.
            assert self.ask("PROPFIND", path.rsplit("/", 2)[0] + "/")[0] == 207
            status, answer = self.ask("PUT", path, body.encode())
            assert status in (201, 204), (path, status, answer)

    def get(self):
        found = [self.ask("GET", path) for path in self.paths]
        assert all(status == 200 for status, _ in found), found
        return [hashlib.sha256(body).hexdigest() for _, body in found]


def fill():
    anna, bob = instance.accounts
    for account in (anna, bob):
        imap = instance.imap(account)
        for name in FOLDERS[1:]:
            assert imap.create(f'"{name}"')[0] == "OK"
        Objects(account).put()
    for number in range(12):
        send(anna, bob, f"To Bob {number}")
        send(bob, anna, f"To Anna {number}")
    for account in (anna, bob):
        imap = instance.imap(account)
        wait_for(lambda: imap.select("INBOX")[1][0] == b"12", "twelve messages")
        imap.store("1:3", "+FLAGS", "(\\Seen \\Flagged)")
        imap.store("4", "+FLAGS", "(\\Answered $Work)")
        assert imap.copy("2:5", '"Projects"')[0] == "OK"
        assert imap.copy("6", f'"{FOLDERS[2]}"')[0] == "OK"
        imap.store("11:12", "+FLAGS", "(\\Deleted)")
        imap.expunge()
    state.write_text(json.dumps([{"mail": seen_by(account), "dav": Objects(account).get()} for account in (anna, bob)]))


def lose():
    """After the backup: clients see UIDs that the backup does not know."""
    anna, bob = instance.accounts
    before = json.loads(state.read_text())
    for number in range(3):
        send(anna, bob, f"lost {number}")
    imap = instance.imap(bob)
    wait_for(lambda: imap.select("INBOX")[1][0] == b"13", "the messages that will be lost")
    before[1]["seen"] = mailbox(imap, "INBOX")["UIDNEXT"]
    state.write_text(json.dumps(before))


def compare():
    for account, before in zip(instance.accounts, json.loads(state.read_text())):
        now = seen_by(account)
        for name, was in before["mail"].items():
            assert now[name]["messages"] == was["messages"], (account["address"], name, now[name], was)
            assert now[name]["UIDVALIDITY"] == was["UIDVALIDITY"], (name, now[name], was)
            assert now[name]["UIDNEXT"] >= was["UIDNEXT"], (name, now[name], was)
        if "seen" in before:
            assert now["INBOX"]["UIDNEXT"] >= before["seen"], "UIDs that clients have seen would be given out again"
        assert Objects(account).get() == before["dav"]
        print(f"{account['address']}: {sum(len(one['messages']) for one in now.values())} messages, flags, UIDs, event and contact as before")
    anna, bob = instance.accounts
    send(anna, bob, "after the restore")
    imap = instance.imap(bob)
    wait_for(lambda: imap.select("INBOX")[1][0] == b"11", "new mail after the restore")


{"fill": fill, "lose": lose, "compare": compare}[sys.argv[1]]()
