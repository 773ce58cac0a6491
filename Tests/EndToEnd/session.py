# SPDX-License-Identifier: Apache-2.0
"""What the Python end-to-end checks share: the running instance and clients logged in to it."""
import imaplib
import json
import poplib
import re
import smtplib
import ssl
import subprocess
import sys
import time

imaplib._MAXLINE = 10_000_000  # its own limit is smaller than what a mailbox of thousands answers


class Instance:
    def __init__(self, path=None):
        with open(path or sys.argv[1], encoding="utf-8") as file:
            self.values = json.load(file)
        self.ends = self.values["endpoints"]
        self.accounts = self.values["accounts"]
        self.tls = ssl.create_default_context(cafile=self.values["ca"])

    def imap(self, account):
        imap = imaplib.IMAP4_SSL("localhost", self.ends["imaps"]["port"], ssl_context=self.tls, timeout=120)
        imap.login(account["address"], account["password"])
        return imap

    def pop3(self, account):
        pop3 = poplib.POP3_SSL("localhost", self.ends["pop3s"]["port"], context=self.tls, timeout=120)
        pop3.user(account["address"])
        pop3.pass_(account["password"])
        return pop3

    def submission(self, account):
        smtp = smtplib.SMTP_SSL("localhost", self.ends["submissions"]["port"], context=self.tls, timeout=120)
        smtp.login(account["address"], account["password"])
        return smtp

    def mx(self):
        return smtplib.SMTP("localhost", self.ends["smtp"]["port"], timeout=120)

    def mailkeep(self, *words, text="", check=True):
        """The operator's command, which reads `text`. RuntimeError: it failed, and `check` asks for that."""
        words = [str(word) for word in words]
        done = subprocess.run([self.values["mailkeep"], *words], input=text, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise RuntimeError(f"mailkeep {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done


def messages(imap, mailbox="INBOX"):
    """Every message of a mailbox as bytes, in UID order."""
    status, _ = imap.select(mailbox, readonly=True)
    assert status == "OK"
    status, found = imap.uid("SEARCH", None, "ALL")
    uids = found[0].split()
    result = []
    for start in range(0, len(uids), 50):
        status, data = imap.uid("FETCH", b",".join(uids[start : start + 50]).decode(), "(BODY.PEEK[])")
        assert status == "OK"
        result += [item[1] for item in data if isinstance(item, tuple)]
    assert len(result) == len(uids), (len(result), len(uids))
    return result


def subjects(imap, mailbox="INBOX"):
    """Of every message, in UID order."""
    return [re.search(rb"(?m)^Subject: (.*?)\r?$", text)[1].decode() for text in messages(imap, mailbox)]


def wait_for(condition, what, limit=60):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"waited {limit} s for {what}")
        time.sleep(0.1)


def empty(imap, mailbox="INBOX"):
    imap.select(mailbox)
    imap.store("1:*", "+FLAGS.SILENT", "\\Deleted")
    imap.expunge()
