# SPDX-License-Identifier: Apache-2.0
"""Calendars and contacts with real clients: vdirsyncer twice with changes on both sides, the Python caldav client, and
every calendar and card of the corpus.   usage: TRY.JSON"""
import base64
import datetime
import http.client
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

import caldav

from session import Instance

instance = Instance()
url = instance.ends["dav"]["url"]
account = instance.accounts[0]
ca = instance.values["ca"]
corpus = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "corpus"


def check(what, holds, seen=""):
    if not holds:
        sys.exit(f"{what}: {seen}")
    print(what)


class Plain:
    """Requests as they are."""

    def __init__(self, account=account):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=60, context=instance.tls)
        self.login = "Basic " + base64.b64encode(f"{account['address']}:{account['password']}".encode()).decode()

    def ask(self, method, path, body=None, **fields):
        headers = {"Authorization": self.login} | {name.replace("_", "-"): value for name, value in fields.items()}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()


def event(uid, summary, start="20260601T090000Z"):
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n"
        f"DTSTART:{start}\r\nDURATION:PT1H\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def logins():
    plain = Plain()
    plain.login = "Basic " + base64.b64encode(f"{account['address']}:wrong".encode()).decode()
    status, headers, _ = plain.ask("PROPFIND", "/dav/", Depth="0")
    check("a wrong password is 401", status == 401 and "Basic" in headers["WWW-Authenticate"], status)
    for method, path in (("GET", "/dav/"), ("PUT", "/dav/calendars/x/y/z")):
        plain.login = "Bearer x"
        check(f"{method} without a login is 401", plain.ask(method, path, b"")[0] == 401)
    other = instance.accounts[1]["address"]
    status, _, _ = Plain().ask("PROPFIND", f"/dav/calendars/{other}/", Depth="1")
    check("another's calendars are forbidden", status == 403, status)


def python_client():
    client = caldav.DAVClient(url=url, username=account["address"], password=account["password"], ssl_verify_cert=ca)
    principal = client.principal()
    calendar = principal.make_calendar(name="Python 캘린더")
    check("caldav: a calendar is made", "Python 캘린더" in [str(c.get_display_name()) for c in principal.calendars()])
    calendar.save_event(event("py-1", "One"))
    calendar.save_event(event("py-2", "Two", "20270601T090000Z"))
    found = calendar.search(
        start=datetime.datetime(2026, 5, 1), end=datetime.datetime(2026, 7, 1), event=True, expand=False)
    check("caldav: a search finds by time", ["One" in e.data for e in found] == [True], [e.data for e in found])
    calendar.save_event(event("py-3", "Weekly").replace("SUMMARY", "RRULE:FREQ=WEEKLY\r\nSUMMARY"))
    for year, count in ((2019, 0), (2040, 1)):  # from the first of June 2026 on, without end
        found = calendar.search(
            start=datetime.datetime(year, 5, 7), end=datetime.datetime(year, 5, 14), event=True, expand=False)
        check(f"caldav: what repeats is found in {year}", len(found) == count, [e.data for e in found])
    calendar.event_by_uid("py-3").delete()
    check("caldav: by UID", "Two" in calendar.event_by_uid("py-2").data)
    state = calendar.objects_by_sync_token(load_objects=True)
    check("caldav: a first sync has all", len(list(state)) == 2)
    one = calendar.event_by_uid("py-1")
    one.data = event("py-1", "One anew")
    one.save()
    calendar.event_by_uid("py-2").delete()
    updated, deleted = state.sync()
    check("caldav: a sync tells what changed", (len(list(updated)), len(list(deleted))) == (1, 1), (updated, deleted))
    calendar.delete()


program = os.path.join(os.path.dirname(sys.executable), "vdirsyncer")


def machines(folder, kind, collection):
    """Two people's machines, each with a folder, and one collection between them."""
    suffix, storage = ("ics", "caldav") if kind == "calendar" else ("vcf", "carddav")
    home = f"{url}dav/{'calendars' if kind == 'calendar' else 'contacts'}/{account['address']}/{collection}/"
    sides = {}
    for side in ("one", "two"):
        place = folder / side
        (place / "items").mkdir(parents=True)
        (place / "config").write_text(
            f'[general]\nstatus_path = "{place}/status"\n'
            f'[pair p]\na = "here"\nb = "there"\ncollections = null\nconflict_resolution = "b wins"\n'
            f'[storage here]\ntype = "filesystem"\npath = "{place}/items"\nfileext = ".{suffix}"\n'
            f'[storage there]\ntype = "{storage}"\nurl = "{home}"\nusername = "{account["address"]}"\n'
            f'password = "{account["password"]}"\nverify = "{ca}"\n')
        sides[side] = place
        subprocess.run(
            [program, "-c", place / "config", "discover"], input="y\n", capture_output=True, text=True, check=True,
            timeout=120)
    return sides, suffix


def at_once(folder):
    """Both machines sync at the same moment, each with events of its own, and both with a change to the same one."""
    collection = f"/dav/calendars/{account['address']}/at-once/"
    check("a calendar for both at once", Plain().ask("MKCALENDAR", collection)[0] == 201)
    sides, _ = machines(folder, "calendar", "at-once")

    def items(side):
        return sorted(p.read_text() for p in (sides[side] / "items").glob("*.ics"))

    def sync(names):
        # One that lost a race says so, and its next run mends it.
        running = [
            subprocess.Popen(
                [program, "-c", sides[side] / "config", "sync"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for side in names]
        return [process.wait(timeout=120) for process in running]

    for turn in range(3):
        for side in sides:
            place = sides[side] / "items"
            for number in range(20):
                (place / f"{side}-{turn}-{number}.ics").write_text(event(f"{side}-{turn}-{number}", "new"))
            shared = next((p for p in place.glob("*.ics") if "UID:shared\n" in p.read_text()), place / "shared.ics")
            shared.write_text(event("shared", f"turn {turn} by {side}"))
        sync(sides)
        for _ in range(4):
            if [sync([side]) for side in sides] == [[0], [0]] and items("one") == items("two"):
                break
        check(f"vdirsyncer at once, turn {turn}: both have the same", items("one") == items("two"))
        uids = {line for text in items("one") for line in text.splitlines() if line.startswith("UID:")}
        check(f"vdirsyncer at once, turn {turn}: nothing is lost", len(uids) == 40 * (turn + 1) + 1, sorted(uids))
        shared = [text for text in items("one") if "UID:shared\n" in text]
        check(f"vdirsyncer at once, turn {turn}: one change won", len(shared) == 1 and f"turn {turn} by" in shared[0], shared)
    check("the calendar for both goes", Plain().ask("DELETE", collection)[0] == 204)


def plain_clients():
    """What no library here sends."""
    plain = Plain()
    home = f"/dav/calendars/{account['address']}/"
    content = event("plain", "large " * 1000).encode()
    check("a calendar to move to", plain.ask("MKCALENDAR", home + "other/")[0] == 201)
    done = subprocess.run(
        ["curl", "-sS", "--cacert", ca, "--max-time", "30", "--expect100-timeout", "60", "-H", "Expect: 100-continue",
         "-u", f"{account['address']}:{account['password']}", "-T", "-", "-o", os.devnull, "-w", "%{http_code}",
         f"{url}{home[1:]}calendar/plain.ics"], input=content, capture_output=True, timeout=60)
    check("curl waits for 100 Continue, and gets it", done.stdout == b"201", done)
    status, _, _ = plain.ask("MOVE", f"{home}calendar/plain.ics", Destination=f"{url}{home[1:]}other/moved.ics")
    check("an event is moved to another calendar", status == 201, status)
    check("the same bytes are there", plain.ask("GET", home + "other/moved.ics")[2] == content)
    check("and no more here", plain.ask("GET", home + "calendar/plain.ics")[0] == 404)
    status, _, answer = plain.ask("PUT", home + "other/bad.ics", content.replace(b"UID:", b"NO:"))
    check("a refusal has a reason", status == 403 and b"UID is missing" in answer, answer)
    check("the other calendar goes", plain.ask("DELETE", home + "other/")[0] == 204)


def vdirsyncer(folder, kind):
    sides, suffix = machines(folder, kind, kind)

    def sync(side):
        done = subprocess.run(
            [program, "-c", sides[side] / "config", "sync"], capture_output=True, text=True, timeout=120)
        check(f"vdirsyncer {kind}: {side} syncs", done.returncode == 0, done.stdout + done.stderr)

    def item(uid, text):
        if kind == "calendar":
            return event(uid, text)
        return f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{text}\r\nN:{text};;;;\r\nEND:VCARD\r\n"

    def write(side, uid, text):
        (sides[side] / "items" / f"{uid}.{suffix}").write_bytes(item(uid, text).encode())

    def texts(side):
        return {p.stem: p.read_bytes().decode() for p in (sides[side] / "items").glob(f"*.{suffix}")}

    def lines(side):
        return sorted(text.splitlines() for text in texts(side).values())

    write("one", "a", "first 안녕")
    write("one", "b", "second")
    sync("one"), sync("two")
    same = lines("one") == lines("two")
    check(f"vdirsyncer {kind}: both have the same", same and len(texts("two")) == 2, (texts("one"), texts("two")))
    # Both change at once: the one that comes first wins, and the other learns it.
    one, two = (next(k for k, t in texts(s).items() if "UID:a" in t) for s in sides)
    for side, name in (("one", one), ("two", two)):
        (sides[side] / "items" / f"{name}.{suffix}").write_bytes(item("a", f"by {side}").encode())
    write("two", "c", "third")
    next_b = next(k for k, t in texts("two").items() if "UID:b" in t)
    (sides["two"] / "items" / f"{next_b}.{suffix}").unlink()
    sync("one"), sync("two"), sync("one")
    for side in sides:
        all_text = "".join(texts(side).values())
        check(
            f"vdirsyncer {kind}: {side} has what both did",
            len(texts(side)) == 2 and "by one" in all_text and "third" in all_text and "second" not in all_text, all_text)


def whole_corpus():
    plain = Plain()
    kept = refused = 0
    for kind, tree, suffixes in (("ics", "calendars", {".ics"}), ("vcf", "contacts", {".vcf"})):
        collection = f"/dav/{tree}/{account['address']}/corpus/"
        method = "MKCALENDAR" if kind == "ics" else "MKCOL"
        body = None
        if kind == "ics":
            body = (
                '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
                "<c:supported-calendar-component-set>"
                + "".join(f'<c:comp name="{name}"/>' for name in ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"))
                + "</c:supported-calendar-component-set></d:prop></d:set></c:mkcalendar>")
        status, _, answer = plain.ask(method, collection, body)
        check(f"{method} for the corpus", status == 201, answer)
        files = sorted(p for p in (corpus / kind).rglob("*") if p.is_file() and p.suffix in suffixes)
        check(f"the corpus has {kind} files", len(files) > 10)
        for number, file in enumerate(files):
            content = file.read_bytes()
            status, headers, answer = plain.ask("PUT", f"{collection}{number}", content)
            if status == 201:
                kept += 1
                status, _, back = plain.ask("GET", f"{collection}{number}")
                if (status, back) != (200, content):
                    sys.exit(f"{file}: not the same bytes ({status})")
            elif status in (403, 409) and b"error" in answer:
                refused += 1
            else:
                sys.exit(f"{file}: {status} {answer[:300]}")
        status, _, answer = plain.ask("PROPFIND", collection, None, Depth="1")
        check(f"the corpus' {kind} collection is listed", status == 207, status)
        report = (
            b'<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data/></d:prop>'
            b'<c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>' if kind == "ics" else
            b'<r:addressbook-query xmlns:d="DAV:" xmlns:r="urn:ietf:params:xml:ns:carddav"><d:prop><r:address-data/></d:prop>'
            b"<r:filter/></r:addressbook-query>")
        status, _, answer = plain.ask("REPORT", collection, report)
        check(f"a query gives all of them ({kind})", status == 207 and answer.count(b"<d:response>") > 0, answer[:300])
        check(f"the corpus' {kind} collection goes", plain.ask("DELETE", collection)[0] == 204)
    print(f"corpus: {kept} kept byte for byte, {refused} refused with a reason")
    check("enough of the corpus is kept", kept >= 30, kept)


logins()
python_client()
with tempfile.TemporaryDirectory() as name:
    for kind in ("calendar", "contacts"):
        vdirsyncer(pathlib.Path(name) / kind, kind)
    at_once(pathlib.Path(name) / "at-once")
plain_clients()
whole_corpus()
