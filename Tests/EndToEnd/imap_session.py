# SPDX-License-Identifier: Apache-2.0
"""What the IMAP checks share: raw connections and letters. They work in mailboxes below `root`, which `tidy` removes."""
import os
import re
import socket

from session import Instance

instance = Instance()
anna = instance.accounts[0]
port = {name: instance.ends[name]["port"] for name in ("imap", "imaps")}
root = f"Clients-{os.getpid()}"


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


def tidy():
    raw = Raw()
    names = [re.search(rb'"/" "?(.*?)"?$', r)[1].decode() for r in raw.ok(f'LIST "" "{root}*"')[:-1]]
    for name in sorted(names, reverse=True):
        raw.say(f'DELETE "{name}"')
    raw.close()


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
