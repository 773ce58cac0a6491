# SPDX-License-Identifier: Apache-2.0
"""IMAP as clients and attackers speak it: imaplib, curl, mbsync, offlineimap, neomutt and raw octets against a running
instance. Works in mailboxes of its own and removes them.

usage: TRY.JSON   Exits non-zero when a check fails; each check says what it saw."""
import base64
import imaplib
import mailbox as mailboxes
import os
import pty
import re
import select
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from session import Instance

instance = Instance()
anna = instance.accounts[0]
ca = instance.values["ca"]
port = {name: instance.ends[name]["port"] for name in ("imap", "imaps")}
root = f"Clients-{os.getpid()}"
failures = []


def check(name, good, seen=""):
    print(f"  {'ok  ' if good else 'FAIL'} {name}" + ("" if good else f": {str(seen)[:600]}"), flush=True)
    if not good:
        failures.append(name)


def part(function):
    """A failed part does not hide the others."""
    try:
        function()
    except Exception as error:  # noqa: BLE001: whatever it was, it is a finding
        check(function.__name__, False, f"{type(error).__name__}: {error}")


class Raw:
    """A connection that sends exactly what it is told. Replies are whole responses, their literals included."""

    def __init__(self, which="imaps", login=True, limit=60):
        self.socket = socket.create_connection(("127.0.0.1", port[which]), limit)
        if which == "imaps":
            self.socket = instance.tls.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")
        self.count = 0
        self.greeting = self.response()
        if which == "imaps" and login:
            answer = self.say(f'LOGIN {anna["address"]} "{anna["password"]}"')
            assert b" OK" in answer[-1], answer

    def response(self):
        whole = b""
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError(f"closed after {whole!r}")
            whole += line
            literal = re.search(rb"~?\{(\d+)\}\r\n$", line)
            if not literal:
                return whole[:-2]
            whole += self.file.read(int(literal[1]))

    def until(self, tag):
        found = []
        while True:
            found.append(self.response())
            if found[-1].startswith(tag.encode() + b" ") or found[-1].startswith(b"* BYE"):
                return found

    def send(self, octets):
        self.socket.sendall(octets if isinstance(octets, bytes) else octets.encode())

    def say(self, command, *literals):
        """`command` with `{}` for each literal; they go as synchronizing ones. All responses up to the tagged one."""
        self.count += 1
        tag = f"t{self.count}"
        pieces = (command if isinstance(command, bytes) else command.encode()).split(b"{}")
        line = tag.encode() + b" " + pieces[0]
        for literal, piece in zip(literals, pieces[1:]):
            self.send(line + b"{%d}\r\n" % len(literal))
            answer = self.response()
            if not answer.startswith(b"+"):
                return [answer] if answer.startswith(tag.encode()) else [answer] + self.until(tag)
            line = literal + piece
        self.send(line + b"\r\n")
        return self.until(tag)

    def ok(self, command, *literals):
        found = self.say(command, *literals)
        if not re.match(rb"t\d+ OK", found[-1]):
            raise AssertionError(f"{command!r}: {found[-1]!r}")
        return found

    def start_tls(self):
        self.file = None
        self.socket = instance.tls.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def append(self, box, message, arguments=""):
        found = self.ok(f'APPEND "{box}" {arguments}{{}}', message)
        return int(re.search(rb"APPENDUID \d+ (\d+)", found[-1])[1])

    def close(self):
        self.socket.close()


def literal(responses, item):
    """The literal or quoted string behind `item` in the responses."""
    for response in responses:
        at = response.find(item + b" ")
        if at >= 0:
            rest = response[at + len(item) + 1 :]
            found = re.match(rb"~?\{(\d+)\}\r\n", rest)
            if found:
                return rest[found.end() : found.end() + int(found[1])]
            found = re.match(rb'"((?:[^"\\]|\\.)*)"', rest)
            if found:
                return re.sub(rb"\\(.)", rb"\1", found[1])
            return rest.split(b" ")[0].rstrip(b")")
    return None


plain = b"From: Anna <anna@demo.test>\r\nTo: bob@demo.test\r\nSubject: %s\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\n" \
    b"Message-ID: <%s@clients.test>\r\n\r\nHello, %s.\r\n"


def letter(word):
    word = word.encode()
    return plain % (word, word, word)


nested = (
    b"From: anna@demo.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\npreamble\r\n--b1\r\n'
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"
    b"--b1\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=x.bin\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nAAECAwD/\r\n"
    b"--b1\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: x@y.test\r\n"
    b"Content-Type: text/html\r\n\r\n<p>in</p>\r\n--b1--\r\nepilogue\r\n"
)


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


def folders():
    raw = Raw()
    raw.ok(f"CREATE {root}/a/b/c")
    names = raw.ok(f'LIST "" "{root}/*"')
    check("CREATE makes parents", len(names) == 4 and all(b' "/" ' in n for n in names[:-1]), names)
    check("CREATE twice", b"NO [ALREADYEXISTS]" in raw.say(f"CREATE {root}/a")[-1])
    names = raw.ok(f'LIST "" "{root}/%"')
    check("% stays on one level", len(names) == 2 and rb"\HasChildren" in names[0], names)
    first = raw.ok(f"STATUS {root}/a/b (UIDVALIDITY UIDNEXT MESSAGES UNSEEN SIZE DELETED RECENT HIGHESTMODSEQ)")[0]
    check("STATUS of a new mailbox", b"UIDNEXT 1" in first and b"SIZE 0" in first and b"DELETED 0" in first, first)
    raw.append(f"{root}/a/b/c", letter("one"))
    raw.ok(f"RENAME {root}/a {root}/z")
    names = b" ".join(raw.ok(f'LIST "" "{root}/*"'))
    check("RENAME moves children", b"/z/b/c" in names and b"/a" not in names.replace(b"/z", b""), names)
    check("and their messages", b"MESSAGES 1" in raw.ok(f"STATUS {root}/z/b/c (MESSAGES)")[0])
    validity = literal(raw.ok(f"STATUS {root}/z/b/c (UIDVALIDITY)"), b"(UIDVALIDITY")
    raw.ok(f"DELETE {root}/z/b/c")
    raw.ok(f"CREATE {root}/z/b/c")
    again = literal(raw.ok(f"STATUS {root}/z/b/c (UIDVALIDITY)"), b"(UIDVALIDITY")
    check("a mailbox made again has another UIDVALIDITY", int(again) > int(validity), (validity, again))
    check("no such mailbox", b"NO [NONEXISTENT]" in raw.say(f"SELECT {root}/none")[-1])
    check("INBOX is fixed", b" NO" in raw.say("DELETE INBOX")[-1])
    raw.ok(f"SUBSCRIBE {root}/z/b")
    check("LSUB", len(raw.ok(f'LSUB "" "{root}/*"')) == 2)
    found = raw.ok(f'LIST (SUBSCRIBED) "" "{root}/*"')
    check("LIST (SUBSCRIBED)", len(found) == 2 and rb"\Subscribed" in found[0], found)
    found = raw.ok(f'LIST (SUBSCRIBED RECURSIVEMATCH) "" "{root}/%"')
    check("LIST RECURSIVEMATCH: CHILDINFO", b'CHILDINFO' in b"".join(found), found)
    raw.ok(f"UNSUBSCRIBE {root}/z/b")
    check("UNSUBSCRIBE", len(raw.ok(f'LSUB "" "{root}/*"')) == 1)
    found = raw.ok('LIST (SPECIAL-USE) "" "*"')
    check("special use", {rb"\Drafts", rb"\Sent", rb"\Archive", rb"\Junk", rb"\Trash"} <=
          set(re.findall(rb"\\\w+", b" ".join(found))), found)
    found = raw.ok(f'LIST "" ({root}/z/b INBOX) RETURN (CHILDREN SUBSCRIBED STATUS (MESSAGES UIDNEXT))')
    check("LIST-STATUS, several patterns", sum(r.startswith(b"* STATUS") for r in found) == 2, found)
    check("the separator", b'"/" ""' in raw.ok('LIST "" ""')[0])
    check("NAMESPACE", b'(("" "/")) NIL NIL' in raw.ok("NAMESPACE")[0])
    check("ID", raw.ok('ID ("name" "clients" "version" NIL)')[0].startswith(b"* ID ("))
    raw.ok(f"CREATE {root}/Entw&APw-rfe")
    found = raw.ok(f'LIST "" "{root}/E*"')
    check("modified UTF-7", b"Entw&APw-rfe" in found[0], found)
    check("modified UTF-7 that is none", re.match(rb"t\d+ (NO|BAD)", raw.say(f"CREATE {root}/x&AAA")[-1]))
    found = raw.ok("ENABLE IMAP4rev2 CONDSTORE FROB")
    check("ENABLE", b"IMAP4rev2" in found[0].upper().replace(b"REV2", b"rev2") and b"FROB" not in found[0], found)
    found = raw.ok(f'LIST "" "{root}/E*"')
    check("UTF-8 names after ENABLE", "Entwürfe".encode() in found[0], found)
    found = raw.ok(f'STATUS "{root}/Entwürfe" (MESSAGES)')
    check("UTF-8 names in commands", b"MESSAGES 0" in found[0], found)
    raw.ok(f'DELETE "{root}/Entwürfe"')
    for name in ("z/b/c", "z/b", "z"):
        raw.ok(f"DELETE {root}/{name}")
    raw.close()


def reading():
    raw = Raw()
    box = f"{root}/read"
    raw.ok(f"CREATE {box}")
    odd = b"Subject: odd\r\n\r\n" + bytes(range(1, 256)) + b"\r\n.\r\n..\r\n" + b"x" * 100_000
    raw.append(box, letter("one"), '(\\Flagged $label) "01-Feb-2020 03:04:05 +0100" ')
    uid = raw.append(box, odd)
    third = raw.append(box, nested)
    raw.send(b"p APPEND %s (\\Draft) {%d+}\r\n" % (box.encode(), len(letter("plus"))) + letter("plus") + b"\r\n")
    check("LITERAL+", b"p OK" in raw.until("p")[-1])
    found = raw.ok(f"SELECT {box}")
    text = b"\n".join(found)
    check("SELECT", all(word in text for word in (b"* 4 EXISTS", b"UIDVALIDITY", b"UIDNEXT", b"* FLAGS (",
          b"PERMANENTFLAGS", b"HIGHESTMODSEQ", b"[READ-WRITE]")), found)
    found = raw.ok("FETCH 1 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)")
    check("FETCH: date, flags, envelope", b'" 1-Feb-2020 03:04:05 +0100"' in found[0] and b"$label" in found[0]
          and b'("Anna" NIL "anna" "demo.test")' in found[0] and b"<one@clients.test>" in found[0], found)
    found = raw.ok(f"UID FETCH {uid} BODY.PEEK[]")
    check("bytes as they came", literal(found, b"BODY[]") == odd)
    check("PEEK sets nothing", b"\\Seen" not in raw.ok("FETCH 2 FLAGS")[0])
    check("partial", literal(raw.ok("FETCH 2 BODY.PEEK[]<300.5000>"), b"BODY[]<300>") == odd[300:5300])
    check("partial behind the end", literal(raw.ok("FETCH 2 BODY.PEEK[]<900000.5>"), b"BODY[]<900000>") == b"")
    found = raw.ok("FETCH 2 BODY[TEXT]")
    check("BODY[TEXT] sets \\Seen and says so", b"\\Seen" in b"".join(found), [r[:80] for r in found])
    found = raw.ok(f"UID FETCH {third} (BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (Subject)] BODY.PEEK[1.MIME] BODY.PEEK[3.HEADER] "
                   "BODY.PEEK[3.TEXT] BODY.PEEK[3.1] BINARY.PEEK[1] BINARY.PEEK[2] BINARY.SIZE[2] BODY.PEEK[2]<0.4>)")
    whole = b"".join(found)
    check("BODYSTRUCTURE", whole.count(b'"RFC822"') + whole.count(b'"rfc822"') == 1 and b"x.bin" in whole
          and re.search(rb'"mixed"', whole, re.I), whole)
    check("HEADER.FIELDS", b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n" in whole, whole)
    check("1.MIME", b"quoted-printable\r\n\r\n" in (literal(found, b"BODY[1.MIME]") or b""), whole)
    check("3.HEADER", (literal(found, b"BODY[3.HEADER]") or b"").startswith(b"Subject: inner\r\n"), whole)
    check("3.TEXT and 3.1", literal(found, b"BODY[3.TEXT]") == b"<p>in</p>" == literal(found, b"BODY[3.1]"), whole)
    check("BINARY[1] is decoded", literal(found, b"BINARY[1]") == "Grüße".encode(), whole)
    check("BINARY[2] may hold NUL", literal(found, b"BINARY[2]") == b"\0\1\2\3\0\xff", whole)
    check("BINARY.SIZE", b"BINARY.SIZE[2] 6" in whole, whole)
    check("partial of a part", literal(found, b"BODY[2]<0>") == b"AAEC", whole)
    check("a part that is not there", b" OK" in raw.say(f"UID FETCH {third} BODY.PEEK[9.9]")[-1])
    for name in ("ALL", "FAST", "FULL", "RFC822.HEADER"):
        check(f"FETCH {name}", b" OK" in raw.say(f"FETCH 1:* {name}")[-1])
    check("UID FETCH of what is not there is OK", len(raw.ok("UID FETCH 99999 FLAGS")) == 1)
    check("FETCH of what is not there", re.match(rb"t\d+ (BAD|NO|OK)", raw.say("FETCH 99 FLAGS")[-1]))
    check("UID FETCH * is the last", b"* 4 FETCH" in raw.ok("UID FETCH 999999:* FLAGS")[0])
    found = raw.ok(f"EXAMINE {box}")
    check("EXAMINE is read-only", b"[READ-ONLY]" in found[-1] and b" NO" in raw.say("STORE 1 +FLAGS (\\Seen)")[-1])
    raw.ok("FETCH 1 BODY[]")
    check("and sets no \\Seen", b"\\Seen" not in raw.ok("FETCH 1 FLAGS")[0])
    answer = raw.say(f"APPEND {box} {{}}", b"a: b\r\n\r\n\0")
    check("APPEND refuses NUL in a plain literal", re.match(rb"t\d+ (NO|BAD)", answer[-1]), answer)
    raw.ok("UNSELECT")
    check("UNSELECT leaves nothing selected", re.match(rb"t\d+ (BAD|NO)", raw.say("FETCH 1 FLAGS")[-1]))
    raw.ok(f"DELETE {box}")
    raw.close()


def searching():
    raw = Raw()
    box = f"{root}/search"
    raw.ok(f"CREATE {box}")
    for word in ("apple", "pear", "apple pear", "plum"):
        raw.append(box, letter(word), "(\\Seen) " if word == "pear" else "")
    raw.append(box, nested)
    raw.ok(f"SELECT {box}")

    def found(criteria, *literals):
        for line in raw.ok("SEARCH " + criteria, *literals):
            if line.startswith(b"* SEARCH"):
                return [int(n) for n in line.split()[2:] if n.isdigit()]
        return None

    for criteria, wanted in {
        "ALL": [1, 2, 3, 4, 5], "SUBJECT apple": [1, 3], "NOT SUBJECT apple": [2, 4, 5], "OR SUBJECT plum SEEN": [2, 4],
        "SEEN": [2], "UNSEEN": [1, 3, 4, 5], "SUBJECT apple SUBJECT pear": [3], "2:3 UNSEEN": [3], "(SEEN) ALL": [2],
        "BODY hello": [1, 2, 3, 4], "TEXT plum": [4], "FROM anna": [1, 2, 3, 4, 5], "TO bob@": [1, 2, 3, 4],
        "HEADER Message-ID plum": [4], "LARGER 100000": [], "SMALLER 100000": [1, 2, 3, 4, 5],
        "SENTON 24-Nov-2026": [1, 2, 3, 4], "SENTBEFORE 1-Jan-2020": [], "SINCE 1-Jan-2020": [1, 2, 3, 4, 5],
        "KEYWORD none": [], "UNKEYWORD none": [1, 2, 3, 4, 5], "UID 1:*": [1, 2, 3, 4, 5], "DELETED": [],
        "UNDELETED UNDRAFT UNANSWERED UNFLAGGED": [1, 2, 3, 4, 5], "*": [5], "CHARSET US-ASCII SUBJECT plum": [4],
    }.items():
        seen = found(criteria)
        check(f"SEARCH {criteria}", seen == wanted, seen)
    check("SEARCH in UTF-8, decoded", found("CHARSET UTF-8 SUBJECT {}", "grüße".encode()) == [5])
    check("SEARCH an unknown charset", b"NO [BADCHARSET" in raw.say("SEARCH CHARSET X-FROB SUBJECT x")[-1])
    line = raw.ok("SEARCH RETURN (MIN MAX COUNT ALL) SUBJECT apple")[0]
    check("ESEARCH", line.startswith(b"* ESEARCH (TAG ") and all(w in line for w in (b"MIN 1", b"MAX 3", b"COUNT 2", b"ALL 1,3")), line)
    check("ESEARCH RETURN ()", b"ALL 1,3" in raw.ok("SEARCH RETURN () SUBJECT apple")[0])
    check("UID ESEARCH says UID", b" UID " in raw.ok("UID SEARCH RETURN (COUNT) ALL")[0])
    raw.ok("SEARCH RETURN (SAVE) SUBJECT apple")
    check("$ in FETCH", len(raw.ok("FETCH $ FLAGS")) == 3)
    check("$ in SEARCH", found("$ SUBJECT pear") == [3])
    raw.say("SEARCH RETURN (SAVE) CHARSET X-FROB SUBJECT x")
    check("a failed SAVE empties $", len(raw.ok("UID FETCH $ FLAGS")) == 1)
    raw.ok("UNSELECT")
    raw.ok(f"DELETE {box}")
    raw.close()


def changing():
    raw, other = Raw(), Raw()
    box = f"{root}/change"
    raw.ok(f"CREATE {box}")
    raw.ok(f"CREATE {box}-to")
    for word in ("one", "two", "three", "four"):
        raw.append(box, letter(word))
    raw.ok(f"SELECT {box} (CONDSTORE)")
    other.ok(f"SELECT {box}")
    found = raw.ok("STORE 1:2 +FLAGS (\\Flagged $x)")
    check("STORE answers with flags and modseq", sum(b"FETCH" in r and b"MODSEQ" in r for r in found) == 2, found)
    found = other.ok("NOOP")
    check("another session sees STORE", sum(b"FETCH" in r and b"\\Flagged" in r for r in found) == 2, found)
    check("without MODSEQ that it did not ask for", b"MODSEQ" not in b"".join(found), found)
    check(".SILENT is silent", not any(b"FLAGS" in r for r in raw.ok("STORE 3 +FLAGS.SILENT (\\Seen)")[:-1]))
    check("FLAGS replaces", b"FLAGS (\\Answered)" in raw.ok("STORE 1 FLAGS (\\Answered)")[0].replace(b" \\Recent", b"").replace(b"\\Recent ", b""))
    check("-FLAGS", b"$x" not in raw.ok("STORE 2 -FLAGS ($x)")[0])
    state = int(re.search(rb"HIGHESTMODSEQ (\d+)", raw.ok(f"STATUS {box} (HIGHESTMODSEQ)")[0])[1])
    other.ok("STORE 1 +FLAGS (\\Seen)")
    found = raw.ok(f"STORE 1,4 (UNCHANGEDSINCE {state}) +FLAGS (\\Deleted)")
    check("UNCHANGEDSINCE", b"[MODIFIED 1]" in found[-1], found)
    found = raw.ok(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {state})")
    check("CHANGEDSINCE", sum(b"MODSEQ" in r for r in found) == 2, found)
    check("SEARCH MODSEQ", b"(MODSEQ " in raw.ok(f"SEARCH MODSEQ {state + 1}")[0])
    raw.ok("STORE 4 -FLAGS (\\Deleted)")
    uids = [int(re.search(rb"UID (\d+)", r)[1]) for r in raw.ok("FETCH 1:* UID")[:-1] if b"UID" in r]
    other.ok("NOOP")
    raw.ok("STORE 2 +FLAGS (\\Deleted)")
    found = raw.ok("EXPUNGE")
    check("EXPUNGE", b"* 2 EXPUNGE" in found, found)
    for command in ("FETCH 1 UID", "STORE 1 +FLAGS.SILENT ($q)", "SEARCH ALL"):
        found = other.ok(command)
        check(f"no EXPUNGE during {command.split()[0]}", not any(b" EXPUNGE" in r for r in found), found)
    found = other.ok("NOOP")
    check("EXPUNGE on NOOP", b"* 2 EXPUNGE" in found, found)
    raw.ok(f"UID STORE {uids[0]},{uids[2]} +FLAGS.SILENT (\\Deleted)")
    found = raw.ok(f"UID EXPUNGE {uids[2]}")
    check("UID EXPUNGE takes only those", b"* 2 EXPUNGE" in found and len([r for r in found if b"EXPUNGE" in r[:14]]) == 1, found)
    found = raw.ok(f"UID COPY {uids[0]},{uids[3]} {box}-to")
    check("COPYUID", re.search(rb"\[COPYUID \d+ %d,%d 1:2\]" % (uids[0], uids[3]), found[-1]), found)
    check("COPY to nowhere", b"NO [TRYCREATE]" in raw.say(f"COPY 1 {box}-none")[-1])
    found = raw.ok(f"UID MOVE {uids[3]} {box}-to")
    check("MOVE", any(b"COPYUID" in r for r in found) and any(b" EXPUNGE" in r for r in found), found)
    check("it is there", b"MESSAGES 3" in raw.ok(f"STATUS {box}-to (MESSAGES)")[0])
    raw.ok("CLOSE")
    check("CLOSE expunges", b"MESSAGES 0" in raw.ok(f"STATUS {box} (MESSAGES)")[0])
    # a mailbox that goes away under a session
    other.ok(f"SELECT {box}-to")
    raw.ok(f"DELETE {box}-to")
    try:
        answer = other.say("FETCH 1 FLAGS") + other.say("NOOP")
        check("a mailbox deleted under a session", len(answer) > 0)
    except (EOFError, ConnectionError, ssl.SSLError):
        check("a mailbox deleted under a session", True)
    raw.ok(f"DELETE {box}")
    raw.close()


def idling():
    raw, other = Raw(limit=90), Raw()
    box = f"{root}/idle"
    other.ok(f"CREATE {box}")
    raw.ok(f"SELECT {box}")
    raw.send("i IDLE\r\n")
    check("IDLE", raw.response().startswith(b"+"))
    started = time.monotonic()
    other.append(box, letter("one"))
    answer = raw.response()
    took = time.monotonic() - started
    check("IDLE tells of a new message", b"1 EXISTS" in answer, answer)
    print(f"       after {took:.2f} s (Redis {'woke it' if took < 5 else 'did not wake it'})")
    raw.send("DONE\r\n")
    check("DONE", b"i OK" in raw.until("i")[-1])
    raw.send("j IDLE\r\nDONE\r\nk NOOP\r\n")
    check("IDLE and DONE at once", b"k OK" in raw.until("k")[-1])
    raw.send("l IDLE\r\n")
    raw.response()
    raw.send("frob\r\n")
    check("anything else than DONE is BAD", b"l BAD" in raw.until("l")[-1])
    check("and the session lives", b" OK" in raw.say("NOOP")[-1])
    raw.ok("CLOSE")
    raw.ok(f"DELETE {box}")


def big():
    raw = Raw()
    box = f"{root}/big"
    raw.ok(f"CREATE {box}")
    message = b"Subject: big\r\n\r\n" + (b"0123456789" * 7 + b"\r\n") * 700_000
    started = time.monotonic()
    raw.append(box, message)
    took = time.monotonic() - started
    raw.ok(f"SELECT {box}")
    started = time.monotonic()
    same = literal(raw.ok("FETCH 1 BODY.PEEK[]"), b"BODY[]") == message
    check(f"{len(message) >> 20} MiB in ({took:.1f} s) and out ({time.monotonic() - started:.1f} s)", same)
    raw.send("s FETCH 1 BODY.PEEK[]\r\n")  # a slow reader holds no lock
    time.sleep(0.5)
    other = Raw()
    started = time.monotonic()
    other.append(box, letter("beside"))
    check("a slow reader blocks no writer", time.monotonic() - started < 5, time.monotonic() - started)
    raw.close()
    other.ok(f"DELETE {box}")
    other.close()


def with_imaplib():
    imap = instance.imap(anna)
    box = f"{root}/imaplib"
    imap.create(box)
    check("imaplib APPEND", imap.append(box, "(\\Seen)", imaplib.Time2Internaldate(time.time()), letter("lib"))[0] == "OK")
    check("imaplib SELECT", imap.select(box) == ("OK", [b"1"]))
    check("imaplib FETCH", imap.fetch("1", "(RFC822)")[1][0][1] == letter("lib"))
    check("imaplib SORTs nothing it was not offered", "SORT" not in imap.capabilities)
    check("imaplib SEARCH", imap.search(None, "SEEN") == ("OK", [b"1"]))
    check("imaplib COPY, STORE, EXPUNGE", imap.copy("1", "INBOX")[0] == "OK" and imap.store("1", "+FLAGS", "\\Deleted")[0] == "OK"
          and imap.expunge() == ("OK", [b"1"]))
    imap.close()
    imap.delete(box)
    imap.select("INBOX")
    for number in reversed(imap.search(None, "HEADER", "Message-ID", "<lib@clients.test>")[1][0].split()):
        imap.store(number, "+FLAGS.SILENT", "\\Deleted")
    imap.expunge()
    imap.logout()
    clear = imaplib.IMAP4("localhost", port["imap"])
    clear.starttls(instance.tls)
    check("imaplib over STARTTLS", clear.login(anna["address"], anna["password"])[0] == "OK")
    clear.logout()


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=180, **options)


def with_curl(folder):
    url = f"imaps://localhost:{port['imaps']}/{root}%2Fcurl"
    login = ("--cacert", ca, "--user", f"{anna['address']}:{anna['password']}", "--silent", "--show-error")
    raw = Raw()
    raw.ok(f"CREATE {root}/curl")
    file = f"{folder}/letter"
    with open(file, "wb") as out:
        out.write(letter("curl"))
    done = run("curl", *login, "-T", file, url)
    check("curl uploads", done.returncode == 0, done.stderr)
    done = subprocess.run(["curl", *login, url + ";MAILINDEX=1"], capture_output=True, timeout=60)
    check("curl downloads", done.stdout == letter("curl"), (done.stdout, done.stderr))
    done = run("curl", *login, "--request", "SEARCH SUBJECT curl", url)
    check("curl searches", "* SEARCH 1" in done.stdout, done)
    done = run("curl", *login, "--ssl-reqd", f"imap://localhost:{port['imap']}/")
    check("curl lists over STARTTLS", "INBOX" in done.stdout, done)
    raw.ok(f"DELETE {root}/curl")
    raw.close()


def with_mbsync(folder):
    raw = Raw()
    for number in range(5):
        if number == 0:
            raw.ok(f"CREATE {root}/mbsync/far")
        raw.append(f"{root}/mbsync/far", letter(f"far{number}"))
    os.makedirs(f"{folder}/mbsync", exist_ok=True)
    with open(f"{folder}/mbsyncrc", "w", encoding="utf-8") as out:
        out.write(f"""IMAPAccount m
Host localhost
Port {port['imaps']}
User {anna['address']}
Pass {anna['password']}
{'TLSType' if 'TLSType' in mbsync_words() else 'SSLType'} IMAPS
CertificateFile {ca}

IMAPStore far
Account m
Path {root}/mbsync/

MaildirStore near
Path {folder}/mbsync/
Inbox {folder}/mbsync-inbox
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
""")
    def sync():
        return run("mbsync", "-c", f"{folder}/mbsyncrc", "-a")
    done = sync()
    near = mailboxes.Maildir(f"{folder}/mbsync/far", factory=None, create=False) if done.returncode == 0 else None
    check("mbsync fetches", near is not None and len(near) == 5, done.stderr or done.stdout)
    if near is None:
        return
    texts = {near.get_bytes(key).replace(b"\r\n", b"\n") for key in near.keys()}
    # mbsync may add an X-TUID line of its own to what it copies; the letters are compared without
    texts = {re.sub(rb"X-TUID: .*\n", b"", text) for text in texts}
    check("the same letters", texts == {letter(f"far{n}").replace(b"\r\n", b"\n") for n in range(5)}, texts)
    near.add(letter("near").replace(b"\r\n", b"\n"))
    keys = [k for k in near.keys() if b"far0" in near.get_bytes(k)]
    near.remove(keys[0])
    fresh = mailboxes.Maildir(f"{folder}/mbsync/made", factory=None, create=True)
    fresh.add(letter("made").replace(b"\r\n", b"\n"))
    raw.ok(f"SELECT {root}/mbsync/far")
    raw.ok("STORE 3 +FLAGS.SILENT (\\Seen \\Flagged)")
    done = sync()
    check("mbsync again", done.returncode == 0, done.stderr or done.stdout)
    found = raw.ok("NOOP") + raw.ok("UID SEARCH SUBJECT near") + raw.ok("UID SEARCH SUBJECT far0")
    check("mbsync sends a letter and removes one", re.search(rb"SEARCH \d+", b" ".join(found)), found)
    check("it is gone", not re.search(rb"SEARCH \d", b" ".join(raw.ok("SEARCH SUBJECT far0"))))
    near = mailboxes.Maildir(f"{folder}/mbsync/far", factory=None, create=False)
    check("flags came over", any({"S", "F"} <= set(m.get_flags()) for m in near), [m.get_flags() for m in near])
    check("mbsync makes a mailbox", b"MESSAGES 1" in raw.ok(f"STATUS {root}/mbsync/made (MESSAGES)")[0])
    done = sync()
    check("a third time there is nothing to do", done.returncode == 0, done.stderr or done.stdout)
    raw.ok("UNSELECT")
    for name in ("/far", "/made", ""):
        raw.say(f"DELETE {root}/mbsync{name}")
    raw.close()


def mbsync_words():
    version = run("mbsync", "--version").stdout
    number = re.search(r"(\d+)\.(\d+)", version)
    return "TLSType" if number and (int(number[1]), int(number[2])) >= (1, 5) else "SSLType"


def with_offlineimap(folder):
    raw = Raw()
    raw.ok(f"CREATE {root}/offline")
    for number in range(3):
        raw.append(f"{root}/offline", letter(f"off{number}"))
    with open(f"{folder}/offlineimaprc", "w", encoding="utf-8") as out:
        out.write(f"""[general]
accounts = a
metadata = {folder}/offlineimap-state
ui = basic
[Account a]
localrepository = l
remoterepository = r
[Repository l]
type = Maildir
localfolders = {folder}/offlineimap
sep = /
[Repository r]
type = IMAP
remotehost = localhost
remoteport = {port['imaps']}
remoteuser = {anna['address']}
remotepass = {anna['password']}
ssl = yes
sslcacertfile = {ca}
folderfilter = lambda name: name == '{root}/offline'
""")
    done = run("offlineimap", "-o", "-c", f"{folder}/offlineimaprc")
    path = f"{folder}/offlineimap/{root}/offline"
    near = mailboxes.Maildir(path, factory=None, create=False) if os.path.isdir(path) else None
    check("offlineimap fetches", done.returncode == 0 and near is not None and len(near) == 3, done.stderr + done.stdout)
    if near is not None:
        near.add(letter("offnew").replace(b"\r\n", b"\n"))
        done = run("offlineimap", "-o", "-c", f"{folder}/offlineimaprc")
        check("offlineimap sends", b"MESSAGES 4" in raw.ok(f"STATUS {root}/offline (MESSAGES)")[0], done.stderr + done.stdout)
    raw.ok(f"DELETE {root}/offline")
    raw.close()


def with_neomutt(folder):
    raw = Raw()
    raw.ok(f"CREATE {root}/mutt")
    for number in range(3):
        raw.append(f"{root}/mutt", letter(f"mutt{number}"))
    with open(f"{folder}/neomuttrc", "w", encoding="utf-8") as out:
        out.write(f"""set folder = "imaps://localhost:{port['imaps']}/"
set imap_user = "{anna['address']}"
set imap_pass = "{anna['password']}"
set ssl_ca_certificates_file = "{ca}"
set certificate_file = "{ca}"
set ssl_verify_host = yes
set quit = yes
set confirm_create = no
set confirm_append = no
set wait_key = no
set header_cache = ""
set mbox_type = mbox
""")
    keys = f"<tag-pattern>~A<enter><tag-prefix><copy-message>{folder}/mutt.mbox<enter><quit>"
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", HOME=folder)
        os.execvp("neomutt", ["neomutt", "-F", f"{folder}/neomuttrc", "-f", f"imaps://localhost:{port['imaps']}/{root}/mutt",
                              "-e", f"push \"{keys}\""])
    end, screen = time.monotonic() + 60, b""
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 1)
        if ready:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            screen += piece
    else:
        os.kill(pid, 15)
    os.waitpid(pid, 0)
    os.close(terminal)
    count = len(mailboxes.mbox(f"{folder}/mutt.mbox")) if os.path.exists(f"{folder}/mutt.mbox") else 0
    check("neomutt reads and copies", count == 3, screen[-500:])
    raw.ok(f"DELETE {root}/mutt")
    raw.close()


def tidy():
    raw = Raw()
    names = [re.search(rb'"/" "?(.*?)"?$', r)[1].decode() for r in raw.ok(f'LIST "" "{root}*"')[:-1]]
    for name in sorted(names, reverse=True):
        raw.say(f'DELETE "{name}"')
    raw.close()


missing = [tool for tool in ("curl", "mbsync", "offlineimap", "neomutt") if not shutil.which(tool)]
check("the clients are installed", not missing, missing)
with tempfile.TemporaryDirectory() as scratch:
    parts = [before_login, malformed, folders, reading, searching, changing, idling, big, with_imaplib]
    for client in (with_curl, with_mbsync, with_offlineimap, with_neomutt):
        def bound(client=client):
            client(scratch)
        bound.__name__ = client.__name__
        parts.append(bound)
    chosen = sys.argv[2:]
    for one in parts:
        if not chosen or one.__name__ in chosen:
            print(one.__name__, flush=True)
            part(one)
    part(tidy)
if failures:
    sys.exit(f"{len(failures)} of the IMAP checks failed: " + "; ".join(failures))
