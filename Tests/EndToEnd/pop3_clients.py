# SPDX-License-Identifier: Apache-2.0
"""POP3 with raw sessions and real clients: poplib, curl, fetchmail, getmail, mpop.   usage: TRY.JSON"""
import os
import pathlib
import poplib
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile

from session import Instance, empty

instance = Instance()
alice, bob = instance.accounts[:2]
ends = instance.values["endpoints"]
tls = ssl.create_default_context(cafile=instance.values["ca"])
MESSAGES = [
    b"From: x@elsewhere.example\r\nSubject: dots\r\nMessage-ID: <1@e>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n.\r\n..\r\n.a\r\nb\r\n",
    b"From: x@elsewhere.example\r\nSubject: none\r\nMessage-ID: <2@e>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n",
    b"From: x@elsewhere.example\r\nSubject: long\r\nMessage-ID: <3@e>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n" + b"line of text\r\n" * 200_000,
]


def deliver():
    """Through port 25, so that each gets a Received line."""
    imap = instance.imap(bob)
    empty(imap)
    imap.logout()
    with smtplib.SMTP(ends["smtp"]["host"], ends["smtp"]["port"]) as smtp:
        for message in MESSAGES:
            smtp.sendmail("x@elsewhere.example", [bob["address"]], message)


def login():
    pop = poplib.POP3_SSL(ends["pop3s"]["host"], ends["pop3s"]["port"], context=tls, timeout=30)
    pop.user(bob["address"])
    pop.pass_(bob["password"])
    return pop


def stored():
    pop = login()
    count, size = pop.stat()
    messages = [b"".join(line + b"\r\n" for line in pop.retr(number + 1)[1]) for number in range(count)]
    assert sum(map(len, messages)) == size, (sum(map(len, messages)), size)
    pop.quit()
    return messages


def raw():
    """No login in clear text; what is pipelined behind STLS is not executed."""
    with socket.create_connection((ends["pop3"]["host"], ends["pop3"]["port"]), 30) as plain:
        file = plain.makefile("rb")
        assert file.readline().startswith(b"+OK")
        plain.sendall(f"USER {bob['address']}\r\n".encode())
        assert file.readline().startswith(b"-ERR")
        plain.sendall(b"STLS\r\nNOOP\r\nQUIT\r\n")
        assert file.readline().startswith(b"+OK")
        with tls.wrap_socket(plain, server_hostname="localhost") as safe:
            safe.sendall(b"CAPA\r\n")
            answer = b""
            while not answer.endswith(b"\r\n.\r\n"):
                answer += safe.recv(4_096)
            assert answer.startswith(b"+OK") and b"\r\nSASL PLAIN\r\n" in answer, answer


def poplib_session():
    pop = login()
    assert b"UIDL" in b" ".join(name.encode() for name in pop.capa()), pop.capa()
    ids = [line.split()[1] for line in pop.uidl()[1]]
    assert len(set(ids)) == len(MESSAGES)
    top = pop.top(3, 2)[1]
    assert top[-2:] == [b"line of text"] * 2 and top[-3] == b"", top[-4:]
    pop.dele(1)
    pop.close()  # without QUIT: nothing is deleted
    pop = login()
    assert [line.split()[1] for line in pop.uidl()[1]] == ids
    pop.dele(2)
    pop.quit()
    pop = login()
    assert [line.split()[1] for line in pop.uidl()[1]] == [ids[0], ids[2]]
    pop.quit()
    starttls = poplib.POP3(ends["pop3"]["host"], ends["pop3"]["port"], timeout=30)
    starttls.stls(tls)
    starttls.user(bob["address"])
    starttls.pass_(bob["password"])
    assert starttls.stat()[0] == 2
    starttls.quit()


def run(*words, **options):
    done = subprocess.run(words, capture_output=True, timeout=120, **options)
    assert done.returncode == 0, (words, done.stdout[-2_000:], done.stderr[-2_000:])
    return done.stdout


def curl():
    expected = stored()
    for name, options in (("pop3s", []), ("pop3", ["--ssl-reqd"])):
        for number, message in enumerate(expected, 1):
            got = run("curl", "-sS", "--cacert", instance.values["ca"], "-u", f"{bob['address']}:{bob['password']}", *options,
                      f"{name}://localhost:{ends[name]['port']}/{number}")
            assert got == message, f"curl {name}: message {number}"


def collector(folder, name):
    """A program that takes a message on its standard input and keeps it."""
    target = folder / name
    target.mkdir()
    script = folder / f"{name}.sh"
    script.write_text(f'#!/bin/sh\ncat > "$(mktemp {target}/XXXXXX)"\n')
    script.chmod(0o700)
    return target, script


def same(folder, expected, who, added=0):
    """What came, apart from line ends and from `added` lines at the top."""
    found = sorted(file.read_bytes().replace(b"\r\n", b"\n") for file in folder.iterdir())
    bodies = sorted(message.replace(b"\r\n", b"\n") for message in expected)
    assert len(found) == len(bodies), f"{who}: {len(found)} of {len(bodies)}"
    for message in bodies:
        tail = message.split(b"\nSubject:", 1)[1].rstrip(b"\n")
        assert any(tail in other for other in found), f"{who}: a message differs"


def fetchmail(folder):
    expected = stored()
    target, script = collector(folder, "fetchmail")
    rc = folder / "fetchmailrc"
    rc.write_text(
        f"poll localhost protocol POP3 port {ends['pop3s']['port']} uidl\n"
        f"  username \"{bob['address']}\" password \"{bob['password']}\"\n"
        f"  ssl sslcertck sslcertfile \"{instance.values['ca']}\" keep mda \"{script}\"\n")
    rc.chmod(0o600)
    run("fetchmail", "-f", str(rc), "--nosyslog", env=dict(os.environ, FETCHMAILHOME=str(folder), HOME=str(folder)))
    same(target, expected, "fetchmail")


def getmail(folder):
    expected = stored()
    home = folder / "getmail"
    home.mkdir()
    target, script = collector(folder, "getmail-mail")
    (home / "getmailrc").write_text(
        f"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = localhost\nport = {ends['pop3s']['port']}\nusername = {bob['address']}\n"
        f"password = {bob['password']}\nca_certs = {instance.values['ca']}\n[destination]\ntype = MDA_external\npath = {script}\n"
        "allow_root_commands = true\n[options]\nread_all = true\ndelete = false\n")
    run("getmail", f"--getmaildir={home}", env=dict(os.environ, HOME=str(folder)))
    same(target, expected, "getmail")


def mpop(folder):
    expected = stored()
    maildir = folder / "mpop-maildir"
    for part in ("new", "cur", "tmp"):
        (maildir / part).mkdir(parents=True)
    rc = folder / "mpoprc"
    rc.write_text(
        f"account bob\nhost localhost\nport {ends['pop3s']['port']}\nuser {bob['address']}\npassword {bob['password']}\ntls on\n"
        f"tls_starttls off\ntls_trust_file {instance.values['ca']}\nkeep off\nuidls_file {folder}/uidls\ndelivery maildir {maildir}\n")
    rc.chmod(0o600)
    run("mpop", "-C", str(rc), "bob", env=dict(os.environ, HOME=str(folder)))
    same(maildir / "new", expected, "mpop")
    assert stored() == [], "mpop was to delete what it got"


def main():
    deliver()
    raw()
    poplib_session()
    curl()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        fetchmail(folder)
        getmail(folder)
        mpop(folder)


main()
sys.exit(0)
