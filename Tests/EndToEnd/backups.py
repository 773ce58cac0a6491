# SPDX-License-Identifier: Apache-2.0
"""What the checks of backups share: the running instance's command, and what is in a store that came back, read by an independent
program (SQLite3 Multiple Ciphers)."""
import json
import pathlib
import tempfile

from account_files import opened, plain
from session import Instance

instance = Instance()
alice, bob = instance.accounts[:2]
recovery = instance.values["backup"]["recovery_key_file"]
work = pathlib.Path(tempfile.mkdtemp(prefix="mailkeep-backup-"))
mailkeep = instance.mailkeep


def texts(store, address):
    """Every message in a restored account, read by SQLite3 Multiple Ciphers."""
    places = ["--data", store / "data", "--keys", store / "keys"]
    key = mailkeep("account", "key", address, *places).stdout.strip()
    [file] = [a["file"] for a in json.loads(mailkeep("account", "list", "--json", *places).stdout) if a["address"] == address]
    with opened(store / "data" / file, key) as connection:
        return [plain(row[0]).decode("latin-1") for row in connection.execute("SELECT data FROM chunks")]


def send(subject, body="text"):
    text = f"From: {alice['address']}\r\nTo: {bob['address']}\r\nSubject: {subject}\r\n\r\n{body}\r\n"
    with instance.submission(alice) as smtp:
        smtp.sendmail(alice["address"], [bob["address"]], text)
