# SPDX-License-Identifier: Apache-2.0
"""What the checks of zero access share: an account of their own, mail for it, and what the operator sees of it."""
import json
import pathlib
import secrets
import shutil
import tempfile

from checks import check
from session import Instance, empty

instance = Instance()
anna = instance.accounts[0]
data = pathlib.Path(instance.values["data"])
zoe = {"address": f"zoe-{secrets.token_hex(4)}@{anna['address'].split('@')[1]}", "password": secrets.token_hex(12)}
marker = f"Zwetschgen-{secrets.token_hex(8)}"
work = pathlib.Path(tempfile.mkdtemp(prefix="mailkeep-zero-access-"))
recovery = work / "recovery"
mailkeep = instance.mailkeep


def add():
    mailkeep("account", "add", zoe["address"], "--password-file", "-", text=zoe["password"])


def protect():
    """The recovery key is in `recovery`."""
    return mailkeep(
        "account", "protect", zoe["address"], "--password-file", "-", "--recovery-key-output", recovery, text=zoe["password"])


def shown():
    return json.loads(mailkeep("account", "show", zoe["address"], "--json").stdout)


def mx(names, body=marker):
    """Many over one connection."""
    smtp = instance.mx()
    for subject in names:
        smtp.sendmail("stranger@elsewhere.example", [zoe["address"]], f"Subject: {subject}\r\n\r\n{body}\r\n".encode())
    smtp.quit()


def clear():
    with instance.imap(zoe) as imap:
        empty(imap)


def tidy():
    shutil.rmtree(work, ignore_errors=True)
    mailkeep("account", "remove", zoe["address"], "--yes")
    check("no file of arrivals is left", not list((data / "accounts").glob("*.arrivals.db*")))
