# SPDX-License-Identifier: Apache-2.0
"""Compares what was restored with what is live: every mailbox of every account over IMAP, with UIDVALIDITY, and of each
message its UID, flags, date and bytes.

usage: demo_restore.py TRY.JSON PORT     PORT: IMAP over TLS on the restored store

Exit status 0 when all is the same, and UIDNEXT and HIGHESTMODSEQ are past those of the live store.
"""
import imaplib
import re
import sys

import instance

LIVE = instance.load(sys.argv[1])
imaplib._MAXLINE = 10_000_000


def session(port: int, account: dict) -> imaplib.IMAP4_SSL:
    imap = imaplib.IMAP4_SSL("localhost", port, ssl_context=instance.tls(LIVE), timeout=60)
    imap.login(account["address"], account["password"])
    return imap


def mailboxes(imap: imaplib.IMAP4_SSL) -> list:
    return sorted(re.search(rb'"/" (.*)$', line)[1].decode() for line in imap.list()[1])


def state(imap: imaplib.IMAP4_SSL, name: str) -> dict:
    _, answer = imap.status(name, "(UIDVALIDITY UIDNEXT HIGHESTMODSEQ)")
    return {key: int(value) for key, value in re.findall(r"(UID\w+|HIGHESTMODSEQ) (\d+)", answer[0].decode())}


def messages(imap: imaplib.IMAP4_SSL, name: str) -> dict:
    imap.select(name, readonly=True)
    found = {}
    for uid in imap.uid("SEARCH", None, "ALL")[1][0].split():
        _, answer = imap.uid("FETCH", uid.decode(), "(FLAGS INTERNALDATE BODY.PEEK[])")
        about = b" ".join(part[0] if isinstance(part, tuple) else part for part in answer)
        flags = re.search(rb"FLAGS \(([^)]*)\)", about)[1].split()
        date = re.search(rb'INTERNALDATE "([^"]*)"', about)[1]
        found[int(uid)] = (sorted(flag for flag in flags if flag != b"\\Recent"), date, answer[0][1])
    return found


def main() -> None:
    compared = 0
    for account in LIVE["accounts"] + [LIVE["administrator"]]:
        live, restored = session(LIVE["endpoints"]["imaps"]["port"], account), session(int(sys.argv[2]), account)
        if mailboxes(live) != mailboxes(restored):
            sys.exit(f"{account['address']}: other mailboxes: {mailboxes(live)} {mailboxes(restored)}")
        for name in mailboxes(live):
            before, after = state(live, name), state(restored, name)
            if before["UIDVALIDITY"] != after["UIDVALIDITY"]:
                sys.exit(f"{name}: another UIDVALIDITY")
            if not (after["UIDNEXT"] > before["UIDNEXT"] and after["HIGHESTMODSEQ"] > before["HIGHESTMODSEQ"]):
                sys.exit(f"{name}: marks are not raised: {before} {after}")
            one, two = messages(live, name), messages(restored, name)
            if one != two:
                sys.exit(f"{name} of {account['address']}: messages differ: {sorted(one)} {sorted(two)}")
            compared += len(one)
        live.logout()
        restored.logout()
    if compared == 0:
        sys.exit("there was no message to compare")
    print(f"{compared} messages are the same, byte for byte")


main()
