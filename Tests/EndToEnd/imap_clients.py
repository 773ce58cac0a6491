# SPDX-License-Identifier: Apache-2.0
"""IMAP after the login as clients speak it, octet by octet, against a running instance.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import re
import ssl
import time

from checks import check, run_parts
from imap_session import Raw, letter, literal, root, tidy

nested = (
    b"From: anna@demo.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\npreamble\r\n--b1\r\n'
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"
    b"--b1\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=x.bin\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nAAECAwD/\r\n"
    b"--b1\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: x@y.test\r\n"
    b"Content-Type: text/html\r\n\r\n<p>in</p>\r\n--b1--\r\nepilogue\r\n"
)


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


run_parts([folders, reading, searching, changing, idling, big], tidy)
