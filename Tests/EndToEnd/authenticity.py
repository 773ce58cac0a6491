# SPDX-License-Identifier: Apache-2.0
"""What SMTPInbound says about mail from other servers, with the demo's zone as the DNS: a message that our own
SMTPOutbound signed comes back whole and changed, our domain's SPF, a forged author.   usage: TRY.JSON"""
import re
import smtplib
import sys
from email.message import EmailMessage

from second_server import SecondServer
from session import Instance, empty, messages, wait_for

instance = Instance()
alice, bob = instance.accounts[:2]
domain = alice["address"].split("@")[1]
elsewhere = instance.values["elsewhere"]


def signed():
    """A submission as the second server got it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = alice["address"], f"carol@{elsewhere['domain']}", "signed"
    message.set_content("The signed line.\n")
    with SecondServer(elsewhere["port"]) as server, instance.submission(alice) as smtp:
        smtp.send_message(message)
        wait_for(lambda: server.received, "the second server to get the message")
    return server.received[0]["data"]


def results(imap, sender, message):
    """The Authentication-Results of a message that came in on port 25."""
    empty(imap)
    with instance.mx() as smtp:
        smtp.sendmail(sender, [bob["address"]], message)
    (found,) = messages(imap)
    return re.search(rb"\AReturn-Path: [^\r]*\r\nAuthentication-Results: ((?:[^\r]|\r\n\t)*)\r\n", found)[1].decode()


def expect(what, text, *patterns):
    for pattern in patterns:
        assert re.search(pattern, text), f"{what}: no {pattern!r} in {text!r}"


def main():
    imap = instance.imap(bob)
    original = signed()
    passes = rf"dkim=pass header\.d={re.escape(domain)} header\.s=\S+ header\.a={{}}"
    expect(
        "a forwarded message", results(imap, "list@stranger.invalid", original), r"spf=none smtp\.mailfrom=stranger\.invalid",
        passes.format("ed25519-sha256"), passes.format("rsa-sha256"),
        rf"dmarc=pass \(p=quarantine\) header\.from={re.escape(domain)}",
    )
    changed = results(imap, "list@stranger.invalid", original.replace(b"signed line", b"forged line"))
    expect("a changed message", changed, r"dkim=fail \(body changed\)", r"dmarc=fail \(p=quarantine\)")
    assert "dkim=pass" not in changed and "dmarc=pass" not in changed, changed
    plain = f"From: {alice['address']}\r\nSubject: plain\r\n\r\ntext\r\n".encode()
    expect(
        "our domain's own host", results(imap, alice["address"], plain),
        rf"spf=pass smtp\.mailfrom={re.escape(domain)}", "dkim=none", "dmarc=pass",
    )
    forged = f"From: Carol <carol@{elsewhere['domain']}>\r\nSubject: forged\r\n\r\ntext\r\n".encode()
    with instance.mx() as smtp:
        try:
            smtp.sendmail("eve@stranger.invalid", [bob["address"]], forged)
            sys.exit("a forged author of a domain with p=reject was accepted")
        except smtplib.SMTPDataError as error:
            assert error.smtp_code == 550 and error.smtp_error.startswith(b"5.7.1"), error
    empty(imap)


if __name__ == "__main__":
    main()
