# SPDX-License-Identifier: Apache-2.0
"""The disk of the store runs full: mail is refused with 452 4.3.1 and nothing of it is kept, reading goes on, and with room
again everything works without a restart. The store must be on a small disk of its own (disk_full.sh).

usage: TRY.JSON            against a running instance
       TRY.JSON at-rest    the services are stopped: files are opened and examined on a full disk"""
import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

from session import Instance, messages, wait_for

instance = Instance()
anna, bob = instance.accounts[:2]
data = instance.values["data"]
filler = os.path.join(data, "filler")
free_for_all = 1 << 20  # below the twentieth of 24 MiB that mail leaves


def letter(subject, size=600):
    line = b"Some words of a letter, as they are written.\r\n"
    return b"From: " + anna["address"].encode() + b"\r\nSubject: " + subject.encode() + b"\r\n\r\n" + line * (size // len(line))


def fill(leaving=0):
    """To the last byte, or so that as many bytes stay free. A full disk takes no page of 4 KiB, and no part of one."""
    with open(filler, "ab", buffering=0) as out:
        for block in (1 << 20, 1 << 16, 4096, 1):
            try:
                while not leaving or free() - block >= leaving:
                    out.write(b"x" * block)
            except OSError:
                pass


def free():
    disk = os.statvfs(data)
    return disk.f_bavail * disk.f_frsize


def send(smtp, subject, recipient, size=600):
    """The reply to the message, or to the command that refused it."""
    for command in (f"MAIL FROM:<{anna['address']}>", f"RCPT TO:<{recipient}>"):
        code, text = smtp.docmd(command)
        if code >= 300:
            smtp.docmd("RSET")
            return code, text.decode()
    code, text = smtp.data(letter(subject, size))
    return code, text.decode()


def subjects(account):
    imap = instance.imap(account)
    found = {text.split(b"Subject: ", 1)[1].split(b"\r\n")[0].decode() for text in messages(imap)}
    imap.logout()
    return found


def examine():
    done = subprocess.run(
        [instance.values["mailkeep"], "account", "check", "--all", "--json"], capture_output=True, text=True, timeout=120)
    lines = json.loads(done.stdout or "[]")
    assert done.returncode == 0 and len(lines) >= 3 and all(line["sound"] for line in lines), done
    return {line["address"]: line["messages"] for line in lines}


def dav(method, path, data=None, **header):
    """The status of a request to Bob's calendars."""
    word = base64.b64encode(f"{bob['address']}:{bob['password']}".encode()).decode()
    request = urllib.request.Request(
        f"{instance.ends['dav']['url']}dav/calendars/{bob['address']}/{path}", data, method=method,
        headers={"Authorization": f"Basic {word}", **header})
    try:
        with urllib.request.urlopen(request, context=instance.tls, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def put(name):
    event = (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:{name}\r\nDTSTAMP:20260101T000000Z\r\n"
             "DTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    return dav("PUT", f"calendar/{name}.ics", event.encode())


def refuse(stranger, submission):
    status = put("refused")
    assert status == 507, status
    for number in range(10):
        code, text = send(stranger, f"refused {number}", bob["address"])
        assert code == 452 and text.startswith("4.3.1"), (code, text)
    for recipient in (bob["address"], "someone@elsewhere.test"):
        code, text = send(submission, "refused", recipient)
        assert code == 452 and text.startswith("4.3.1"), (recipient, code, text)


def running():
    stranger, submission = instance.mx(), instance.submission(anna)
    stranger.ehlo("client.example")
    for number in range(5):
        code, text = send(stranger, f"before {number}", bob["address"])
        assert code == 250, text
    assert dav("PROPFIND", "", Depth="1") == 207
    sitting = instance.imap(bob)
    before = messages(sitting)

    # What mail may not take is left: everything but adding works.
    fill(leaving=free_for_all)
    refuse(stranger, submission)
    assert messages(sitting) == before
    sitting.select("INBOX")
    assert sitting.store("1", "+FLAGS", "\\Flagged")[0] == "OK"
    assert sitting.store("1:2", "+FLAGS", "\\Deleted")[0] == "OK" and sitting.expunge()[0] == "OK"
    before = messages(sitting)
    print("  with the reserve left: mail is 452 4.3.1, IMAP reads, flags and expunges")

    # Something else takes that too.
    fill()
    refuse(stranger, submission)
    print("  with nothing left: 452 4.3.1 too, for submissions to us and elsewhere as well")

    again = messages(sitting)
    assert again == before
    status, answer = sitting.append("INBOX", None, None, letter("appended", 50_000))
    assert status == "NO", (status, answer)
    assert messages(sitting) == before
    pop = instance.pop3(bob)
    assert b"\r\n".join(pop.retr(1)[1]) + b"\r\n" == before[0]
    pop.quit()
    fresh = instance.imap(anna)
    messages(fresh)
    fresh.logout()
    print("  IMAP and POP3 read on, in old sessions and new ones; APPEND is NO")

    os.unlink(filler)
    code, text = send(stranger, "after", bob["address"])
    assert code == 250, (code, text)
    status = put("after")
    assert status == 201, status
    for recipient in (bob["address"], "someone@elsewhere.test"):
        code, text = send(submission, "submitted after", recipient)
        assert code == 250, (recipient, code, text)
    wait_for(lambda: {"after", "submitted after"} <= subjects(bob), "the letters after the disk had room again")
    found = subjects(bob)
    assert not [name for name in found if name.startswith(("refused", "appended"))], found
    assert {f"before {n}" for n in range(2, 5)} <= found, found
    examine()
    print("  with room again everything works, what was refused is not there, every file is sound")


def at_rest():
    before = examine()
    fill(leaving=free_for_all)
    assert examine() == before
    os.unlink(filler)
    print("  files that nobody has open are opened and read when mail has filled the disk")


at_rest() if sys.argv[2:] == ["at-rest"] else running()
