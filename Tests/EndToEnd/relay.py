# SPDX-License-Identifier: Apache-2.0
"""Submission → SMTPOutbound → a second mail server, whose DKIM check (dkimpy) passes; a recipient that it refuses comes
back as a delivery status notification.   usage: TRY.JSON

The second server is aiosmtpd on the port that the demo's zone and SMTPOutbound use for `elsewhere`.
"""
import email
import pathlib
import re
import sys
from email.message import EmailMessage

import dkim

from second_server import SecondServer
from session import Instance, empty, messages, wait_for

instance = Instance()
alice = instance.accounts[0]
elsewhere = instance.values["elsewhere"]
zone = (pathlib.Path(instance.values["data"]).parent / "dns" / "root.zone").read_text()


def txt(name, timeout=5):
    """The demo's own DKIM records, straight from its zone file."""
    wanted = (name.decode() if isinstance(name, bytes) else name).rstrip(".") + "."
    for line in zone.splitlines():
        if line.split(None, 1)[:1] == [wanted]:
            return "".join(re.findall(r'"([^"]*)"', line)).encode()
    return None


def main():
    imap = instance.imap(alice)
    empty(imap)
    with SecondServer(elsewhere["port"], elsewhere.get("host", "127.0.0.1")) as server, instance.submission(alice) as smtp:
        message = EmailMessage()
        message["From"], message["To"] = alice["address"], f"carol@{elsewhere['domain']}"
        message["Subject"] = "over there"
        message.set_content("A line.\n\n.\ndots\n")
        smtp.send_message(message, alice["address"], [f"carol@{elsewhere['domain']}", f"refused@{elsewhere['domain']}"])
        wait_for(lambda: server.received, "the second server to get the message")
        (envelope,) = server.received
        assert envelope["from"] == alice["address"] and envelope["to"] == [f"carol@{elsewhere['domain']}"], envelope
        data = envelope["data"]
        signatures = re.findall(rb"(?im)^DKIM-Signature:", data)
        assert len(signatures) == 2, f"{len(signatures)} DKIM signatures"
        for index in range(2):
            assert dkim.DKIM(data).verify(idx=index, dnsfunc=txt), f"dkimpy refuses signature {index}"
        assert b"Message-ID:" in data and b"Date:" in data and envelope["tls"], "Message-ID, Date or TLS is missing"
        wait_for(lambda: imap.noop() and messages(imap), "the delivery status notification")
    (notice,) = messages(imap)
    report = email.message_from_bytes(notice)
    assert report.get_content_type() == "multipart/report" and report["From"] and report["Auto-Submitted"], notice
    status = [part for part in report.walk() if part.get_content_type() == "message/delivery-status"]
    text = status[0].as_string()
    assert f"refused@{elsewhere['domain']}" in text and "Action: failed" in text and "Status: 5." in text, text
    assert f"carol@{elsewhere['domain']}" not in text, text
    assert re.fullmatch(r"<[^<>@]+@[^<>@]+>", report["Message-ID"]), report["Message-ID"]
    assert b"Return-Path: <>" in notice, "a notification has the null reverse-path"
    empty(imap)


if __name__ == "__main__":
    main()
    sys.exit(0)
