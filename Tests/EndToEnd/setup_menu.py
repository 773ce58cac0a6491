# SPDX-License-Identifier: Apache-2.0
"""setup.sh on a terminal, as an operator sees it.   usage: setup_menu.py SETUP.SH RECOVERY-KEY-FILE FLAG…

Every entry of the menu, then `install` answered by hand: wrong answers are explained and asked for again, those of the last
run are offered; then the recovery key, which is asked back, and written to the file. The flags are for what tests must not share (ports, project, images).
"""
import pathlib
import re
import sys

import pexpect

script, key_file, *flags = sys.argv[1:]


def start(*arguments):
    child = pexpect.spawn(script, list(arguments), encoding="utf-8", timeout=240, dimensions=(50, 160))
    child.logfile_read = sys.stdout  # a test server's; shown when the check fails
    return child


def menu():
    child = start()
    prompt = "Choose 1 to 7: "
    child.expect_exact(prompt)
    for title in (
        "Initial setup", "Setup Backups", "Setup Auto Upgrades", "Renew certificates", "Restore from Backup", "Help", "Exit",
    ):
        assert title in child.before, title
    for choice, words in (
        ("3", "Auto upgrades are not there yet"), ("4", "by itself is not there yet"), ("6", "./setup.sh install"),
        ("nonsense", "'nonsense' is not one of them"),
    ):
        child.sendline(choice)
        child.expect_exact(words)
        child.expect_exact(prompt)
    # An entry that is broken off, or refuses, leads back to the menu.
    for choice, words in (
        ("1", "Mailkeep: initial setup"), ("2", "Mailkeep: backups"), ("5", "Mailkeep: restore"),
    ):
        child.sendline(choice)
        child.expect_exact(words)
        if child.expect(["there is no server yet", "(Domain|Where to).*: $"]) == 1:
            child.sendcontrol("d")
        child.expect_exact("that did not work")
        child.expect_exact(prompt)
    child.sendline("7")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.exitstatus


def install():
    child = start("install", "--offline", *flags)
    child.expect_exact("Domain [example.org]: ")
    for wrong, words in (("Example Org", "is not a domain name"), ("192.0.2.1", "a name such as example.org is meant")):
        child.sendline(wrong)
        child.expect_exact(words)
        child.expect_exact("Domain [example.org]: ")
    child.sendline("")
    child.expect_exact("Host name [mail.example.org]: ")
    child.sendline("mail.local")
    child.expect_exact("other mail servers need a name of the DNS")
    child.sendline("")
    child.expect_exact("Administrator's name [anna]: ")
    child.sendline("postmaster")
    child.expect_exact("reaches the administrators by itself")
    child.sendline("")
    child.expect("Public addresses .*: ")
    child.sendline("10.0.0")
    child.expect_exact("is not an IP address")
    child.sendline("")
    child.expect_exact("now? [Y/n] ")
    child.sendline("y")
    child.expect_exact("anna@example.org is there already; its password stays")
    child.expect_exact("Set these records in the DNS of example.org")
    child.expect("Done in")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.exitstatus


def recovery_key():
    """`backups` makes new keys where there are none."""
    settings = pathlib.Path(flags[flags.index("--settings") + 1])
    secrets = pathlib.Path(re.search(r"(?m)^MAILKEEP_SECRETS=(.*)$", settings.read_text())[1]) / "all"
    for name in ("repository.key", "recovery.sealed"):
        (secrets / name).unlink()
    child = start("backups", "--settings", str(settings), "--to", "folder", "--folder", f"{settings.parent}/by-hand")
    child.expect_exact("Every day at (HH:MM, UTC) [03:15]: ")
    child.sendline("quarter past three")
    child.expect_exact("is not a time such as 03:15")
    child.sendline("")
    child.expect_exact("How many to keep, by days, weeks and months [7d,4w,6m]: ")
    child.sendline("")
    child.expect(r"(MKR1-[0-9A-Z-]+)")
    key = child.match[1]
    question = "to show that you have it: "
    child.expect_exact(question)
    assert not (secrets / "repository.key").exists(), "keys are there before their recovery key is known"
    child.sendline("AAAA" if not key.endswith("AAAA") else "BBBB")
    child.expect_exact("Those are others")
    child.expect_exact(question)
    child.sendline(key[-4:].lower())
    child.expect("read back and verified +done")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.exitstatus
    pathlib.Path(key_file).unlink()
    pathlib.Path(key_file).write_text(key + "\n")


menu()
install()
recovery_key()
