# SPDX-License-Identifier: Apache-2.0
"""Sends one real message with attachments through a running instance and reads it back.

usage: demo_message.py TRY.JSON

Submission over TLS from the first account to the second, IMAP over TLS until it is there (woken by IDLE where the
server offers it), POP3 over TLS; what was sent must come back byte for byte below the trace headers. Exit status 0
when all of it held.
"""
import email.utils
import imaplib
import os
import poplib
import smtplib
import sys
import time
from email.message import EmailMessage

import instance

LIMIT = 60  # seconds until the message must have arrived


def compose(sender: str, recipient: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = f"Alice <{sender}>", f"Bob <{recipient}>"
    message["Subject"] = "A message in, a message out — 메일킵"
    message["Date"], message["Message-ID"] = email.utils.localtime(), email.utils.make_msgid(domain=sender.split("@")[1])
    message.set_content("Hello Bob,\n\nthis went through every service.\n안녕하세요.\n")
    message.add_attachment(os.urandom(200_000), maintype="application", subtype="octet-stream", filename="random.bin")
    message.add_attachment("a,b\n1,2\n", subtype="csv", filename="표.csv")
    return message


def tail_of(stored: bytes, sent: bytes, where: str) -> None:
    if not stored.endswith(sent):
        sys.exit(f"{where}: what came back ({len(stored)} bytes) does not end with the {len(sent)} bytes sent")
    print(f"{where}: {len(sent)} bytes, all the same, below {len(stored) - len(sent)} bytes of trace")


def main() -> None:
    described = instance.load(sys.argv[1])
    tls = instance.tls(described)
    alice, bob = described["accounts"][:2]
    ends = described["endpoints"]
    message = compose(alice["address"], bob["address"])
    sent = message.as_bytes(policy=message.policy.clone(linesep="\r\n", cte_type="7bit", max_line_length=78))

    imap = imaplib.IMAP4_SSL(ends["imaps"]["host"], ends["imaps"]["port"], ssl_context=tls, timeout=30)
    imap.login(bob["address"], bob["password"])
    imap.select("INBOX")

    with smtplib.SMTP_SSL(ends["submissions"]["host"], ends["submissions"]["port"], context=tls, timeout=30) as smtp:
        smtp.login(alice["address"], alice["password"])
        smtp.sendmail(alice["address"], [bob["address"]], sent)

    end = time.monotonic() + LIMIT
    while True:
        imap.noop()
        status, found = imap.uid("SEARCH", None, "HEADER", "Message-ID", message["Message-ID"])
        if status == "OK" and found[0]:
            break
        if time.monotonic() > end:
            sys.exit(f"the message was not in {bob['address']} after {LIMIT} s")
        time.sleep(0.1)
    uid = found[0].split()[-1]
    status, data = imap.uid("FETCH", uid, "(BODY.PEEK[])")
    tail_of(data[0][1], sent, "IMAP")
    imap.logout()

    pop3 = poplib.POP3_SSL(ends["pop3s"]["host"], ends["pop3s"]["port"], context=tls, timeout=30)
    pop3.user(bob["address"])
    pop3.pass_(bob["password"])
    count, _ = pop3.stat()
    for number in range(count, 0, -1):
        lines = pop3.retr(number)[1]
        body = b"\r\n".join(lines) + b"\r\n"
        if message["Message-ID"].encode() in body:
            tail_of(body, sent, "POP3")
            break
    else:
        sys.exit("POP3: the message is not in the maildrop")
    pop3.quit()


main()
