# SPDX-License-Identifier: Apache-2.0
"""IMAP before the login, and what clients do wrong, by mistake or on purpose, against a running instance.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import base64
import re
import ssl
import time

from checks import check, run_parts
from imap_session import Raw, anna


def before_login():
    raw = Raw("imap")
    check("greeting", raw.greeting.startswith(b"* OK"), raw.greeting)
    words = raw.ok("CAPABILITY")[0].split()
    check("in clear: STARTTLS and LOGINDISABLED, no AUTH", {b"STARTTLS", b"LOGINDISABLED"} <= set(words)
          and not any(w.startswith(b"AUTH=") for w in words), words)
    for command in (f'LOGIN {anna["address"]} {anna["password"]}',
                    "AUTHENTICATE PLAIN " + base64.b64encode(b"\0a\0b").decode()):
        answer = raw.say(command)
        check(f"in clear: no {command.split()[0]}", re.match(rb"t\d+ (NO|BAD)", answer[-1]), answer)
    raw.send("x1 APPEND INBOX {10}\r\n")
    answer = raw.response()
    check("no + for a literal before login", answer.startswith((b"x1 NO", b"x1 BAD")), answer)
    check("in step after it", raw.ok("NOOP"))
    raw.send("x2 STARTTLS\r\nx3 CAPABILITY\r\nx4 LOGIN a b\r\n")
    answer = raw.response()
    check("STARTTLS", answer.startswith(b"x2 OK"), answer)
    raw.start_tls()
    answer = raw.say("NOOP")
    check("what was pipelined behind STARTTLS is gone", len(answer) == 1 and b" OK" in answer[0], answer)
    words = set(raw.ok("CAPABILITY")[0].split())
    wanted = set(b"IMAP4rev1 IMAP4rev2 LITERAL+ IDLE UIDPLUS MOVE SPECIAL-USE NAMESPACE ID ENABLE UNSELECT CHILDREN "
                 b"LIST-EXTENDED LIST-STATUS CONDSTORE SASL-IR ESEARCH SEARCHRES BINARY STATUS=SIZE AUTH=PLAIN".split())
    check("capabilities under TLS", wanted <= words and not words & {b"STARTTLS", b"LOGINDISABLED"}, wanted - words)
    check("STARTTLS twice is BAD", b" BAD" in raw.say("STARTTLS")[-1])
    check("SELECT needs a login", re.match(rb"t\d+ (NO|BAD)", raw.say("SELECT INBOX")[-1]))
    started = time.monotonic()
    answer = raw.say(f'LOGIN {anna["address"]} wrong')
    check("wrong password", b" NO [AUTHENTICATIONFAILED]" in answer[-1], answer)
    check("and soon", time.monotonic() - started < 3, time.monotonic() - started)
    raw.send("y1 AUTHENTICATE PLAIN\r\n")
    check("AUTHENTICATE asks", raw.response().startswith(b"+"))
    raw.send("*\r\n")
    check("* cancels it", raw.response().startswith(b"y1 BAD"))
    secret = base64.b64encode(b"\0" + anna["address"].encode() + b"\0" + anna["password"].encode())
    raw.send("y2 AUTHENTICATE PLAIN\r\n")
    raw.response()
    raw.send(secret + b"\r\n")
    answer = raw.until("y2")
    check("AUTHENTICATE PLAIN", b"y2 OK" in answer[-1], answer)
    raw.close()
    raw = Raw(login=False)
    check("SASL-IR", b" OK" in raw.say(b"AUTHENTICATE PLAIN " + secret)[-1])
    answer = raw.say("LOGOUT")
    check("LOGOUT says BYE", answer[0].startswith(b"* BYE"), answer)


def malformed():
    for command in (b"", b"FROB", b"SELECT", b"SELECT \"open", b"FETCH 0 FLAGS", b"FETCH 1 (FLAGS", b"FETCH 1 BODY[",
                    b"FETCH 1:99999999999 FLAGS", b"SEARCH " + b"(" * 5000,
                    b"SELECT \0", b"SELECT \xff\xfe(", b"STORE 1 FLAGS (\\", b"LIST", b"STATUS INBOX",
                    b"STATUS INBOX (FOO)", b"UID", b"UID FROB 1", b"LOGIN x y z", b"APPEND INBOX", b"ENABLE",
                    b"FETCH 1 BODY[1.2.HEADER.FIELDS]", b"FETCH 1 BODY[]<1.0>", b"CREATE \"\"", b"SEARCH CHARSET X-NO ALL",
                    b"SELECT INBOX extra", b"SEARCH RETURN (FOO) ALL"):
        raw = Raw()
        raw.ok("SELECT INBOX")
        answer = raw.say(command)
        check(f"refused and alive: {command[:40]!r}", re.match(rb"(t\d+|\*) (BAD|NO)", answer[-1])
              and b" OK" in raw.say("NOOP")[-1], answer)
        raw.close()
    raw = Raw()
    raw.ok("SELECT INBOX")
    for command in (b"SEARCH " + b"NOT " * 5000 + b"ALL", b"SEARCH " + b"OR ALL " * 5000 + b"ALL", b"NOOP  "):
        check(f"answered: {command[:20]!r}", raw.say(command) and b" OK" in raw.say("NOOP")[-1])
    raw.send(b"\r\n\r\n*\r\n")
    check("lines without a tag", b" OK" in raw.say("NOOP")[-1])
    raw.send(b"z SEARCH SUBJECT " + b"x" * 3_000_000 + b"\r\n")
    try:
        answer = raw.response()
        check("a line without end", answer.startswith((b"z BAD", b"* BAD", b"* BYE", b"z NO")), answer)
        if not answer.startswith(b"* BYE"):
            check("in step after it", b" OK" in raw.say("NOOP")[-1])
    except (EOFError, ConnectionError, ssl.SSLError) as error:
        check("a line without end", True, error)
    raw = Raw()
    raw.send(b"z APPEND INBOX {99999999999}\r\n")
    check("too large is said before +", re.match(rb"z (NO|BAD)", raw.response()))
    check("in step after it", b" OK" in raw.say("NOOP")[-1])
    raw.send(b"z APPEND no-such {10}\r\n")
    answer = raw.response()
    if answer.startswith(b"+"):
        raw.send(b"0123456789\r\n")
        answer = raw.until("z")[-1]
    check("APPEND to nowhere: TRYCREATE", b"NO [TRYCREATE]" in answer, answer)
    ended = False
    try:
        for _ in range(1000):
            ended = ended or any(r.startswith(b"* BYE") for r in raw.say("FROB"))
            if ended:
                break
    except (EOFError, ConnectionError, ssl.SSLError):
        ended = True
    check("too many mistakes end it", ended)


run_parts([before_login, malformed])
