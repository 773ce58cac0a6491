# SPDX-License-Identifier: Apache-2.0
"""While everything runs, no file of the store has a byte of a message or an address in clear, and an independent
reader (SQLite3 Multiple Ciphers) opens a copy of an account with the key that `mailkeep account key` prints.
usage: TRY.JSON"""
import pathlib
import re
import subprocess

from account_files import opens
from session import Instance, wait_for, messages

instance = Instance()
alice, bob = instance.accounts[:2]
MARKER = "Zwetschgenknödel-marker-7361"


def main():
    with instance.submission(alice) as smtp:
        smtp.sendmail(alice["address"], [bob["address"], "later@elsewhere.test"],
                      f"From: {alice['address']}\r\nTo: {bob['address']}\r\nSubject: marker\r\n\r\n{MARKER}\r\n".encode(),
                      ["BODY=8BITMIME"])
    imap = instance.imap(bob)
    wait_for(lambda: any(MARKER.encode() in message for message in messages(imap)), "the marked message")
    data = pathlib.Path(instance.values["data"])
    files = [path for path in data.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") for path in files), files
    for path in files:
        content = path.read_bytes()
        for secret in (MARKER.encode(), alice["address"].encode(), b"mailkeep.test", b"SQLite format 3", b"CREATE TABLE"):
            assert secret not in content, f"{path} holds {secret!r} in clear"
        assert not re.search("alice|bob", str(path.relative_to(data))), path
    key = subprocess.run([instance.values["mailkeep"], "account", "key", bob["address"]], check=True, capture_output=True, text=True).stdout.strip()
    assert re.fullmatch("[0-9a-f]{64}", key), "the key is not 64 hex digits"
    found = sum(opens(path, key) for path in data.joinpath("accounts").glob("*.db"))
    assert found == 1, f"{found} files open with the key of {bob['address']}"


main()
