# SPDX-License-Identifier: Apache-2.0
"""No key is in what a core dump would have, and neither a key nor a password in a log.

While people are logged in by every protocol, all memory of each service that a dump takes (every mapping but those that the kernel
was told to leave out) is searched for the master key, purpose keys, keys of accounts' files and passwords, as bytes and as text; where
keys are, in what is left out, must be locked, so that it is never swapped. The services themselves allow no dump; only root gets here. A password may be left in memory that was freed, of the HTTP library most of
all (docs/security.md): that is told.   usage: TRY.JSON
"""
import base64
import imaplib
import os
import pathlib
import re
import smtplib
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from session import Instance

instance = Instance()
alice, bob = instance.accounts[:2]
administrator = instance.values["administrator"]
state = pathlib.Path(instance.values["data"]).parent
pids = {name: pid for name, pid in instance.values["pids"].items() if name != "redis"}


def mappings(pid):
    """(first, end, flags) of each that can be read. A core dump has those without the flag dd; lo is locked."""
    span = None
    for line in open(f"/proc/{pid}/smaps", encoding="utf-8"):
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
        if head:
            span = (int(head[1], 16), int(head[2], 16), head[3], head[4])
        elif line.startswith("VmFlags:"):
            first, end, rights, name = span
            if "r" in rights and not name.startswith("[v"):
                yield first, end, line.split()


def is_dumped(flags):
    return "dd" not in flags


def found(pid, secrets, where=is_dumped):
    """Names of the secrets that are in such memory, with how often."""
    result = {}
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for first, end, flags in mappings(pid):
            if not where(flags):
                continue
            tail = b""
            for start in range(first, end, 8 << 20):
                try:
                    memory.seek(start)
                    data = tail + memory.read(min(8 << 20, end - start))
                except OSError:  # a mapping of a device, or one that has no pages behind its file
                    break
                for name, spellings in secrets.items():
                    for spelling in spellings:
                        count = data.count(spelling)
                        if count:
                            result[name] = result.get(name, 0) + count
                tail = data[-200:]
    return result


def key_spellings(digits):
    return [bytes.fromhex(digits), digits.encode(), digits.upper().encode()]


def password_spellings(account):
    password = account["password"].encode()
    plain = b"\0" + account["address"].encode() + b"\0" + password
    basic = account["address"].encode() + b":" + password
    return [password, base64.b64encode(plain), base64.b64encode(password), base64.b64encode(basic)]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def http_error_303(self, request, answer, code, message, headers):
        return answer


def log_in_everywhere():
    """Sessions stay open; what the answers hold is kept, so that they do."""
    open_sessions = []
    for account in (alice, bob):
        imap = instance.imap(account)
        imap.select("INBOX")
        open_sessions.append(imap)
        sasl = imaplib.IMAP4_SSL("localhost", instance.ends["imaps"]["port"], ssl_context=instance.tls)
        sasl.authenticate("PLAIN", lambda _: b"\0" + account["address"].encode() + b"\0" + account["password"].encode())
        open_sessions.append(sasl)
        open_sessions.append(instance.pop3(account))
        smtp = instance.submission(account)
        smtp.sendmail(account["address"], [bob["address"]], f"From: {account['address']}\r\nSubject: memory\r\n\r\ntext\r\n")
        open_sessions.append(smtp)
        login = smtplib.SMTP_SSL("localhost", instance.ends["submissions"]["port"], context=instance.tls)
        login.ehlo()
        login.user, login.password = account["address"], account["password"]
        login.auth("LOGIN", login.auth_login)
        open_sessions.append(login)
        request = urllib.request.Request(instance.ends["dav"]["url"] + "principal/", method="PROPFIND")
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{account['address']}:{account['password']}".encode()).decode())
        try:
            urllib.request.urlopen(request, context=instance.tls).read()
        except urllib.error.HTTPError as error:
            assert error.code != 401, "the password was not taken"
    form = urllib.parse.urlencode(administrator).encode()
    request = urllib.request.Request(instance.ends["admin"]["url"] + "login", form)
    request.add_header("Origin", instance.ends["admin"]["url"].rstrip("/"))
    page = urllib.request.build_opener(urllib.request.HTTPSHandler(context=instance.tls), NoRedirect()).open(request)
    assert "session" in page.headers["Set-Cookie"], "no log-in to the web pages"
    return open_sessions


def main():
    if os.geteuid() != 0:
        print("not tested: only root may look into the memory of a service")
        return
    for name, pid in pids.items():
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits), f"{name} may dump core"
        # Of a process that is not dumpable, everything in /proc is root's.
        assert subprocess.run(["setpriv", "--reuid", str(os.stat(f"/proc/{pid}").st_uid or 65534), "--clear-groups", "cat", f"/proc/{pid}/environ"],
                              capture_output=True).returncode != 0
    keys = {path.name: key_spellings(path.read_text().strip()) for path in (state / "keys").glob("*.key")}
    keys["repository.key"] = key_spellings((state / "backup-keys" / "repository.key").read_text().strip())
    for account in (alice, bob):
        digits = subprocess.run([instance.values["mailkeep"], "account", "key", account["address"]], capture_output=True, text=True, check=True).stdout.strip()
        keys[f"file key of {account['address']}"] = key_spellings(digits)
    passwords = {f"password of {account['address']}": password_spellings(account) for account in (alice, bob, administrator)}
    sessions = log_in_everywhere()
    # The search finds what is there: the host name is in every service's memory.
    for name, pid in pids.items():
        assert found(pid, {"host": [f"mail.{instance.values['domain']}".encode()]}), f"nothing is found in {name}"
    wrong = []
    for name, pid in pids.items():
        for what, count in found(pid, keys | passwords).items():
            line = f"{name}: {what}, {count} times"
            if what in keys:
                wrong.append(line)
            else:
                print("in freed memory of", line)
        wrong += [f"{name}: {what}, {count} times where it may be swapped"
                  for what, count in found(pid, keys, lambda flags: not is_dumped(flags) and "lo" not in flags).items()]
    assert found(pids["mail-access"], keys, lambda flags: not is_dumped(flags) and "lo" in flags), "no key is where keys belong"
    for log in (state / "logs").iterdir():
        data = log.read_bytes()
        for what, spellings in (keys | passwords).items():
            if any(spelling in data for spelling in spellings):
                wrong.append(f"{log.name}: {what}")
    del sessions
    if wrong:
        sys.exit("secrets lie in the open:\n" + "\n".join(wrong))


if __name__ == "__main__":
    main()
