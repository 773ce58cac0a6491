# SPDX-License-Identifier: Apache-2.0
"""SMTP as strangers, users and attackers speak it: smtplib and raw octets against a running instance.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import smtplib
import ssl
import time

from checks import check, run_parts
from session import wait_for
from smtp_session import Raw, anna, bob, domain, instance, marker, message, port, stored


def greeting_and_keywords():
    for host in ("127.0.0.1", "::1"):
        raw = Raw("smtp", host)
        check(f"greeting on {host}", raw.greeting.startswith("220 "), raw.greeting)
    words = raw.say(b"EHLO client.example")
    for keyword in ("SIZE 67108864", "PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES", "STARTTLS"):
        check(f"EHLO offers {keyword}", keyword in words.replace("-", " "), words)
    check("port 25 offers no AUTH", "AUTH" not in words, words)
    check("submission offers no AUTH in clear", "AUTH" not in Raw("submission").say(b"EHLO x"), words)
    words = Raw("submissions", tls=True).say(b"EHLO x")
    check("submissions offers AUTH", "AUTH PLAIN LOGIN" in words and "STARTTLS" not in words, words)


def relay_probes():
    raw = Raw("smtp")
    raw.say(b"EHLO client.example")
    outside = b"victim@elsewhere.invalid"
    for recipient in (
        outside, b"@" + domain.encode() + b":" + outside, b"victim%elsewhere.invalid@" + domain.encode(),
        b'"victim@elsewhere.invalid"@' + domain.encode(), b"elsewhere.invalid!victim@" + domain.encode(),
        b"victim@[127.0.0.1]", b"victim@localhost", b"nobody-here@" + domain.encode(),
    ):
        answer = raw.envelope(recipient, sender=anna["address"].encode())
        check(f"refused at RCPT: {recipient.decode()}", answer.startswith("550 5."), answer)
    answer = raw.envelope(b"nobody-here@" + domain.encode())
    check("unknown recipient is 550 5.1.1", answer.startswith("550 5.1.1"), answer)
    check("AUTH on port 25 is refused", raw.say(b"AUTH PLAIN AGEAYg==")[:1] == "5", answer)
    for name in ("postmaster", "abuse"):
        answer = raw.envelope(f"{name}@{domain}".encode())
        check(f"{name}@ is there", answer.startswith("250"), answer)
    answer = raw.envelope(b"Postmaster")
    check("<Postmaster> is there", answer.startswith("250"), answer)


def smuggling_probes():
    for name, end in {
        "LF.LF": b"\n.\n", "LF.CRLF": b"\n.\r\n", "CRLF.LF": b"\r\n.\n", "CR.CR": b"\r.\r", "CR.CRLF": b"\r.\r\n",
        "CRLF.CR": b"\r\n.\r", "NUL": b"\r\n\0.\r\n", "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n",
    }.items():
        raw = Raw("smtp")
        raw.say(b"EHLO client.example")
        raw.envelope()
        raw.say(b"DATA")
        inner = b"MAIL FROM:<admin@elsewhere.invalid>\r\nRCPT TO:<" + bob["address"].encode() + b">\r\nDATA\r\n"
        raw.send(message("smuggled") + end + inner + message("smuggled inside") + b"\r\n.\r\n")
        answer = raw.reply()
        check(f"{name} ends no message and is refused", answer.startswith("554 5.6.0"), answer)
        answer = raw.say(b"NOOP")
        check(f"{name}: in step afterwards", answer.startswith("250"), answer)
    raw = Raw("smtp")
    raw.send(b"EHLO client.example\nMAIL FROM:<a@b.example>\r\n")
    answer = raw.reply()
    check("a command ended by a bare LF is refused", answer.startswith("500"), answer)


def starttls_injection():
    raw = Raw("submission")
    raw.say(b"EHLO x")
    raw.send(b"STARTTLS\r\nEHLO injected\r\nMAIL FROM:<" + anna["address"].encode() + b">\r\n")
    answer = raw.reply()
    check("STARTTLS", answer.startswith("220"), answer)
    try:
        raw.socket = instance.tls.wrap_socket(raw.socket, server_hostname="localhost")
        raw.file = raw.socket.makefile("rb")
        answer = raw.say(b"NOOP")
        check("nothing injected before the handshake is answered after it", answer.startswith("250 2.0.0 OK"), answer)
        answer = raw.say(b"MAIL FROM:<>")
        check("EHLO before the handshake is forgotten", answer.startswith("503"), answer)
    except (ssl.SSLError, ConnectionError) as error:
        # Injected clear text may also break the handshake: as good.
        check("injected clear text breaks the handshake", True, error)


def submission_rights():
    raw = Raw("submission")
    raw.say(b"EHLO x")
    answer = raw.say(b"AUTH PLAIN AGEAYg==")
    check("AUTH in clear is refused", answer[:1] == "5", answer)
    answer = raw.say(b"MAIL FROM:<" + anna["address"].encode() + b">")
    check("MAIL without TLS is 530", answer.startswith("530 5.7.0"), answer)

    smtp = smtplib.SMTP_SSL("localhost", port["submissions"], context=instance.tls, timeout=60)
    smtp.ehlo()
    code, text = smtp.mail(anna["address"])
    check("MAIL without login is 530 5.7.0", code == 530 and text.startswith(b"5.7.0"), text)
    start = time.monotonic()
    try:
        smtp.login(anna["address"], "wrong-password")
        check("a wrong password is refused", False)
    except smtplib.SMTPAuthenticationError as error:
        check("a wrong password is 535 5.7.8", error.smtp_code == 535 and b"5.7.8" in error.smtp_error, error)
    check("within 3 s", time.monotonic() - start < 3, time.monotonic() - start)
    smtp.login(anna["address"], anna["password"])
    code, text = smtp.mail(bob["address"])
    check("another's envelope sender is 553 5.7.1", code == 553 and text.startswith(b"5.7.1"), text)

    def send(octets):
        smtp.rset()
        smtp.mail(anna["address"])
        smtp.rcpt(bob["address"])
        return smtp.data(octets)

    for name, octets in {
        "another's From": message("from", bob["address"]),
        "own and another's From": message("from", f"{anna['address']}, {bob['address']}"),
        "two From fields": message("from", extra=f"From: {bob['address']}\r\n"),
        "From with a blank before the colon": message("from", extra=f"From : {bob['address']}\r\n"),
        "no From": f"Subject: {marker}\r\n\r\nx\r\n".encode(),
        "From without a mailbox": message("from", "nobody in particular"),
    }.items():
        code, text = send(octets)
        check(f"{name} is 550 5.7.1", code == 550 and text.startswith(b"5.7.1"), text)
    code, text = send(message("completed", f"Anna <{anna['address'].upper()}>"))
    check("an own From is accepted", code == 250, text)
    smtp.quit()
    wait_for(lambda: stored(bob, "completed"), "the submission")
    text = stored(bob, "completed")[0]
    check("Date and Message-ID were added", b"\r\nDate: " in text and b"\r\nMessage-ID: <" in text, text)


def sizes_and_chunks():
    raw = Raw("smtp")
    raw.say(b"EHLO client.example")
    answer = raw.say(b"MAIL FROM:<a@elsewhere.invalid> SIZE=67108865")
    check("SIZE beyond the limit is 552 5.3.4", answer.startswith("552 5.3.4"), answer)
    raw.envelope()
    raw.say(b"DATA")
    block = (b"x" * 998 + b"\r\n") * 1000
    for _ in range(68):
        raw.send(block)
    raw.send(b".\r\n")
    answer = raw.reply()
    check("68 MB without SIZE is 552 5.3.4", answer.startswith("552 5.3.4"), answer)
    check("in step after it", raw.say(b"NOOP").startswith("250"))

    raw.envelope()
    text = message("chunks")
    raw.send(b"BDAT 10\r\n" + text[:10])
    answer = raw.reply()
    check("BDAT", answer.startswith("250"), answer)
    raw.send(b"BDAT %d LAST\r\n" % len(text[10:]) + text[10:])
    answer = raw.reply()
    check("BDAT LAST", answer.startswith("250"), answer)
    check("chunks are stored", stored(anna, "chunks")[0].endswith(text))
    raw.send(b"BDAT 6\r\nQUIT\r\n")
    answer = raw.reply()
    check("BDAT out of order is refused and read", answer.startswith("503"), answer)
    check("in step after it too", raw.say(b"NOOP").startswith("250"))

    raw.envelope()
    raw.say(b"DATA")
    raw.send(b"Received: from a by b\r\n" * 101 + message("loop") + b".\r\n")
    answer = raw.reply()
    check("101 Received lines are 554 5.4.6", answer.startswith("554 5.4.6"), answer)

    sender = b"MAIL FROM:<p@elsewhere.invalid>\r\nRCPT TO:<" + anna["address"].encode() + b">\r\nDATA\r\n"
    raw.say(b"RSET")
    raw.send((sender + message("pipelined") + b".\r\n") * 5 + b"NOOP\r\n")
    answers = [raw.reply()[:3] for _ in range(21)]
    check("five pipelined messages", answers == ["250", "250", "354", "250"] * 5 + ["250"], answers)
    check("all five stored", len(stored(anna, "pipelined")) == 5)


def traces():
    raw = Raw("smtp")
    raw.say(b"EHLO client.example")
    hostname = raw.greeting.split()[1].encode()
    raw.envelope()
    raw.say(b"DATA")
    forged = b"Authentication-Results: " + hostname + b"; dkim=pass header.d=bank.example\r\n"
    other = b"Authentication-Results: other.example; dkim=pass\r\n"
    text = message("trace", "stranger@elsewhere.invalid")
    raw.send(forged + other + text + b".\r\n")
    answer = raw.reply()
    check("mail of a domain without any policy is accepted", answer.startswith("250"), answer)
    found = stored(anna, "trace")[0]
    head = found[: found.index(other)]
    check("the octets below the trace are unchanged", found.endswith(other + text), found)
    check("the forged results are gone", b"bank.example" not in found, found)
    check("Return-Path", head.startswith(b"Return-Path: <stranger@elsewhere.invalid>\r\n"), head)
    check("Received", b"Received: from client.example (" in head and b"127.0.0.1" in head, head)
    results = b"Authentication-Results: " + hostname + b";\r\n\tspf=none smtp.mailfrom=elsewhere.invalid;\r\n\tdkim=none;\r\n"
    check("results of our own", results in head and b"\tdmarc=none header.from=elsewhere.invalid;" in head, head)
    raw.say(b"RSET")
    raw.say(b"MAIL FROM:<>")
    raw.say(b"RCPT TO:<" + anna["address"].encode() + b">")
    raw.say(b"DATA")
    raw.send(message("bounce", "mailer-daemon@elsewhere.invalid") + b".\r\n")
    answer = raw.reply()
    check("the null sender is accepted", answer.startswith("250"), answer)


run_parts(
    [greeting_and_keywords, relay_probes, smuggling_probes, starttls_injection, submission_rights, sizes_and_chunks, traces]
)
