# SPDX-License-Identifier: Apache-2.0
"""What opens a zero-access account, and what does not any more: an app password, with caldav and imaplib; another password; the
recovery key.

usage: TRY.JSON [PART…]   Exits non-zero when a check fails; each check says what it saw."""
import imaplib
import json
import secrets

import caldav

from checks import check, run_parts
from session import subjects, wait_for
from zero_access import add, clear, instance, mailkeep, mx, protect, recovery, tidy, work, zoe


def calendars_with_an_app_password():
    words = mailkeep("account", "app-password", "add", zoe["address"], "phone", "--own-password-file", "-", text=zoe["password"])
    app = {"address": zoe["address"], "password": words.stdout.strip()}
    client = caldav.DAVClient(
        url=instance.ends["dav"]["url"], username=app["address"], password=app["password"],
        ssl_verify_cert=instance.values["ca"])
    calendar = client.principal().calendars()[0]
    calendar.save_event(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:zero\r\nDTSTAMP:20260101T000000Z\r\n"
        "DTSTART:20260601T090000Z\r\nSUMMARY:sealed\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    check("an event by an app password", [str(e.icalendar_component["SUMMARY"]) for e in calendar.events()] == ["sealed"])
    clear()
    mx(["by app password"])
    imap = instance.imap(app)
    check("mail by an app password", subjects(imap) == ["by app password"], subjects(imap))
    imap.logout()
    check("its use was noted", json.loads(mailkeep("account", "app-password", "list", zoe["address"], "--json").stdout)[0]["used"])
    mailkeep("account", "app-password", "remove", zoe["address"], "phone")
    try:
        instance.imap(app)
        check("a removed one opens nothing", False, "it logged in")
    except imaplib.IMAP4.error as error:
        check("a removed one opens nothing", b"AUTHENTICATIONFAILED" in str(error).encode(), error)


def a_password_change_keeps_sessions_and_mail():
    clear()
    held = instance.imap(zoe)
    mx(["sealed before the change"])
    old, zoe["password"] = zoe["password"], secrets.token_hex(12)
    (work / "old").write_text(old)
    (work / "new").write_text(zoe["password"])
    mailkeep("account", "password", zoe["address"], "--own-password-file", work / "old",
             "--password-file", work / "new")
    wait_for(lambda: subjects(held) == ["sealed before the change"], "the open session to go on")
    held.logout()
    try:
        instance.imap({"address": zoe["address"], "password": old})
        check("the old password opens nothing", False, "it logged in")
    except imaplib.IMAP4.error:
        check("the old password opens nothing", True)
    mx(["sealed after it"])
    imap = instance.imap(zoe)
    check("the new one everything", subjects(imap) == ["sealed before the change", "sealed after it"], subjects(imap))
    imap.logout()


def the_recovery_key_brings_it_back():
    clear()
    mx(["before the recovery"])
    zoe["password"] = secrets.token_hex(12)
    (work / "new").write_text(zoe["password"])
    mailkeep("account", "password", zoe["address"], "--recovery-key-file", recovery,
             "--password-file", work / "new")
    imap = instance.imap(zoe)
    check("everything is there", subjects(imap) == ["before the recovery"], subjects(imap))
    imap.logout()


add()
protect()
run_parts(
    [calendars_with_an_app_password, a_password_change_keeps_sessions_and_mail, the_recovery_key_brings_it_back], tidy)
