# SPDX-License-Identifier: Apache-2.0
"""SMTP as strangers, users and attackers speak it: swaks, curl, smtplib and raw octets against a running instance.

usage: TRY.JSON   Exits non-zero when a check fails; each check says what it saw."""
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from session import Instance, messages, wait_for

instance = Instance()
domain = instance.values["domain"]
anna, bob = instance.accounts[0], instance.accounts[1]
ca = instance.values["ca"]
port = {name: instance.ends[name]["port"] for name in ("smtp", "submission", "submissions")}
failures = []
marker = f"smtp-clients-{os.getpid()}-{int(time.time())}"


def check(name, good, seen=""):
    print(f"  {'ok  ' if good else 'FAIL'} {name}" + ("" if good else f": {seen}"), flush=True)
    if not good:
        failures.append(name)


class Raw:
    """A connection that sends exactly what it is told."""

    def __init__(self, which, host="127.0.0.1", tls=False):
        self.socket = socket.create_connection((host, port[which]), 60)
        if tls:
            self.socket = instance.tls.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply()

    def reply(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                return (b"\n".join(lines) or b"<closed>").decode("ascii", "replace")
            lines.append(line.rstrip(b"\r\n"))
            if line[3:4] != b"-":
                return b"\n".join(lines).decode("ascii", "replace")

    def send(self, octets):
        self.socket.sendall(octets)

    def say(self, line):
        self.send(line + b"\r\n")
        return self.reply()

    def envelope(self, recipient=None, sender=b"stranger@elsewhere.invalid"):
        self.say(b"RSET")
        self.say(b"MAIL FROM:<" + sender + b">")
        return self.say(b"RCPT TO:<" + (recipient or anna["address"].encode()) + b">")


def message(subject, sender=None, extra=""):
    sender = sender or anna["address"]
    return (
        f"From: {sender}\r\nTo: {bob['address']}\r\nSubject: {marker} {subject}\r\n{extra}\r\nHello.\r\n"
    ).encode()


def stored(account, subject):
    imap = instance.imap(account)
    try:
        wanted = f"Subject: {marker} {subject}\r\n".encode()
        return [text for text in messages(imap) if wanted in text]
    finally:
        imap.logout()


def swaks(*arguments):
    run = subprocess.run(
        ["swaks", "--helo", "client.example", "--timeout", "60", *arguments], capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout + run.stderr


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


def with_swaks():
    code, output = swaks(
        "--server", f"127.0.0.1:{port['smtp']}", "--from", "s@elsewhere.invalid", "--to", anna["address"],
        "--header", f"Subject: {marker} swaks in", "--tls", "--tls-ca-path", ca,
    )
    check("swaks brings a message over STARTTLS", code == 0 and stored(anna, "swaks in"), output)
    for mechanism in ("PLAIN", "LOGIN"):
        code, output = swaks(
            "--server", f"localhost:{port['submission']}", "--from", anna["address"], "--to", bob["address"], "--tls",
            "--auth", mechanism, "--auth-user", anna["address"], "--auth-password", anna["password"],
            "--header", f"Subject: {marker} swaks {mechanism}",
        )
        check(f"swaks submits with {mechanism}", code == 0 and stored(bob, f"swaks {mechanism}"), output)
    code, output = swaks(
        "--server", f"localhost:{port['submissions']}", "--from", anna["address"], "--to", bob["address"],
        "--tls-on-connect", "--auth", "PLAIN", "--auth-user", anna["address"], "--auth-password", "wrong",
    )
    check("swaks with a wrong password fails", code == 28, output)
    code, output = swaks(
        "--server", f"127.0.0.1:{port['smtp']}", "--from", "s@elsewhere.invalid", "--to", f"nobody@{domain}"
    )
    check("swaks to nobody fails", code == 24 and "550 5.1.1" in output, output)


def with_curl():
    with tempfile.NamedTemporaryFile() as file:
        file.write(message("curl"))
        file.flush()
        run = subprocess.run(
            ["curl", "-sS", "--max-time", "60", "--cacert", ca, "--url", f"smtps://localhost:{port['submissions']}",
             "--user", f"{anna['address']}:{anna['password']}", "--mail-from", anna["address"],
             "--mail-rcpt", bob["address"], "--upload-file", file.name],
            capture_output=True, text=True, check=False,
        )
        check("curl submits", run.returncode == 0 and stored(bob, "curl"), run.stderr)
        run = subprocess.run(
            ["curl", "-sS", "--max-time", "60", "--url", f"smtp://127.0.0.1:{port['smtp']}/client.example",
             "--mail-from", "c@elsewhere.invalid", "--mail-rcpt", bob["address"], "--upload-file", file.name],
            capture_output=True, text=True, check=False,
        )
        check("curl brings a message", run.returncode == 0, run.stderr)


for tool in ("swaks", "curl"):
    if not shutil.which(tool):
        sys.exit(f"{tool} is not installed")
for part in (
    greeting_and_keywords, relay_probes, smuggling_probes, starttls_injection, submission_rights, sizes_and_chunks, traces,
    with_swaks, with_curl,
):
    print(part.__name__.replace("_", " "))
    try:
        part()
    except Exception as error:  # a check that could not be made is a failed check; the others go on
        check(part.__name__, False, repr(error))
sys.exit(f"failed: {', '.join(failures)}" if failures else 0)
