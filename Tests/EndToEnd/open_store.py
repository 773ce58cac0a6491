# SPDX-License-Identifier: Apache-2.0
"""docs/open_store.py opens the example of docs/store.md, and a running account's file with its log: a message that was just
delivered is in it. A changed bit is an error.   usage: TRY.JSON"""
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from account_files import plain
from session import Instance, messages, wait_for

docs = pathlib.Path(__file__).resolve().parents[2] / "docs"
instance = Instance()
alice, bob = instance.accounts[:2]
MARKER = b"opened without Mailkeep"


def opened(file, key, output):
    return subprocess.run([sys.executable, docs / "open_store.py", file, key, output], capture_output=True, text=True)


def ask(database, question):
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return connection.execute(question).fetchall()


def example(folder):
    key = bytes(range(32)).hex()
    assert opened(docs / "store-example.db", key, folder / "plain").returncode == 0
    assert ask(folder / "plain", "SELECT id, text FROM note") == [(1, "Mailkeep keeps mail.")]
    told = docs.joinpath("store.md").read_text()
    data = docs.joinpath("store-example.db").read_bytes()
    for part in (data[:16], data[24:32], data[4064:4072], data[4072:4076]):
        assert part.hex() in told, f"docs/store.md does not show {part.hex()}"
    broken = bytearray(data)
    broken[5000] ^= 1
    folder.joinpath("broken").write_bytes(broken)
    assert "InvalidSignature" in opened(folder / "broken", key, folder / "broken.plain").stderr


def account(folder):
    with instance.mx() as smtp:
        smtp.sendmail("stranger@client.example", [bob["address"]], b"Subject: marker\r\n\r\n" + MARKER + b"\r\n" + b"and words that come again\r\n" * 100)
    imap = instance.imap(bob)
    wait_for(lambda: any(MARKER in message for message in messages(imap)), "the message")
    ask_mailkeep = lambda *words: subprocess.run([instance.values["mailkeep"], *words], check=True, capture_output=True, text=True).stdout
    key = ask_mailkeep("account", "key", bob["address"]).strip()
    found = 0
    for file in pathlib.Path(instance.values["data"], "accounts").glob("*.db"):
        copy = folder / file.name
        shutil.copy(file, copy)
        if file.with_name(file.name + "-wal").exists():
            shutil.copy(file.with_name(file.name + "-wal"), folder / (copy.name + "-wal"))
        if opened(copy, key, folder / (copy.name + ".plain")).returncode == 0:
            found += 1
            chunks = ask(folder / (copy.name + ".plain"), "SELECT data FROM chunks")
            assert any(MARKER in plain(data) for (data,) in chunks), "the message is not in the opened file"
    assert found == 1, f"{found} files open with the key of {bob['address']}"


with tempfile.TemporaryDirectory() as name:
    example(pathlib.Path(name))
    account(pathlib.Path(name))
