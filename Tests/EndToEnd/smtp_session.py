# SPDX-License-Identifier: Apache-2.0
"""What the SMTP checks share: raw connections, and messages that are told apart by a mark of this run."""
import os
import socket
import time

from session import Instance, messages

instance = Instance()
domain = instance.values["domain"]
anna, bob = instance.accounts[0], instance.accounts[1]
port = {name: instance.ends[name]["port"] for name in ("smtp", "submission", "submissions")}
marker = f"smtp-clients-{os.getpid()}-{int(time.time())}"


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
