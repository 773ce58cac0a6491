# SPDX-License-Identifier: Apache-2.0
"""Every message of the corpus and some oddities, in by SMTP, back by IMAP byte for byte.   usage: TRY.JSON

Each message is sent with its line ends made CRLF, and compared below our own trace headers. What is refused must be
refused with the code that says why.
"""
import pathlib
import re
import sys

from session import Instance, empty, messages

corpus = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "eml"
instance = Instance()
bob = instance.accounts[1]


def crlf(data: bytes) -> bytes:
    data = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def oddities():
    head = b"From: a@odd.example\r\nTo: b@mailkeep.test\r\nSubject: odd\r\n"
    yield "8-bit", head + b"\r\n" + bytes(range(128, 256)) * 20 + b"\r\n"
    yield "no header", b"\r\njust a body\r\n"
    yield "no body", head
    yield "only a line", b"neither header nor body\r\n"
    yield "lines of 1 MiB", head + b"\r\n" + (b"x" * (1 << 20) + b"\r\n") * 3
    yield "dots", head + b"\r\n.\r\n..\r\n.x\r\n"
    nested = b"Content-Type: text/plain\r\n\r\ndeep\r\n"
    for level in range(60):
        edge = b"edge%d" % level
        nested = b"Content-Type: multipart/mixed; boundary=" + edge + b"\r\n\r\n--" + edge + b"\r\n" + nested + b"\r\n--" + edge + b"--\r\n"
    yield "60 nested multiparts", head + nested
    yield "5,000 header fields", b"".join(b"X-Field-%d: value\r\n" % n for n in range(5000)) + b"\r\nbody\r\n"
    line = (b"0123456789abcdef" * 4 + b"\r\n")
    yield "50 MB", head + b"\r\n" + line * (50_000_000 // len(line))


def main():
    if not corpus.is_dir():
        sys.exit(f"the corpus is not at {corpus}")
    sent, refused = [], []
    imap = instance.imap(bob)
    empty(imap)
    cases = [(str(path.relative_to(corpus)), crlf(path.read_bytes())) for path in sorted(corpus.rglob("*")) if path.suffix in (".eml", ".msg", ".txt")]
    assert len(cases) > 100, f"only {len(cases)} messages in {corpus}"
    smtp = instance.mx()
    smtp.ehlo("corpus.example")
    for name, data in cases + list(oddities()):
        # smtplib stuffs dots but also rewrites line ends, so DATA is spoken by hand
        smtp.mail("sender@corpus.example", ["BODY=8BITMIME"])
        code, text = smtp.rcpt(bob["address"])
        assert code == 250, (name, code, text)
        code, text = smtp.docmd("DATA")
        assert code == 354, (name, code, text)
        smtp.send(re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")
        code, text = smtp.getreply()
        if code == 250:
            sent.append((name, data))
        else:
            refused.append((name, code, text))
            expected = (b"\0" in data and code in (550, 554)) or code in (550, 554)
            assert expected and re.match(rb"5\.\d\.\d", text), (name, code, text)
            smtp.rset()
    smtp.quit()
    imap.noop()
    stored = messages(imap)
    assert len(stored) == len(sent), f"{len(sent)} accepted, {len(stored)} in the mailbox"
    for (name, data), back in zip(sent, stored):
        assert back.endswith(data), f"{name}: {len(data)} bytes sent, {len(back)} back, and they differ"
        trace = back[: len(back) - len(data)]
        assert b"Received: " in trace and b"Authentication-Results: " in trace, (name, trace)
    empty(imap)
    imap.logout()
    print(f"{len(sent)} came back the same, {len(refused)} refused:")
    for name, code, text in refused:
        print(f"  {name}: {code} {text.decode(errors='replace')}")
    # A refusal is for what SMTP cannot carry; the corpus has few such messages.
    assert len(refused) <= 12, "too many were refused"


main()
