# SPDX-License-Identifier: Apache-2.0
"""Programs that people use with IMAP: imaplib, curl, mbsync, offlineimap and neomutt against a running instance.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import imaplib
import mailbox as mailboxes
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time

from checks import check, run_parts
from imap_session import Raw, anna, instance, letter, port, root, tidy

ca = instance.values["ca"]


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


def installed():
    missing = [tool for tool in ("curl", "mbsync", "offlineimap", "neomutt") if not shutil.which(tool)]
    check("the clients are installed", not missing, missing)


with tempfile.TemporaryDirectory() as scratch:
    parts = [installed, with_imaplib]
    for client in (with_curl, with_mbsync, with_offlineimap, with_neomutt):
        def bound(client=client):
            client(scratch)
        bound.__name__ = client.__name__
        parts.append(bound)
    run_parts(parts, tidy)
