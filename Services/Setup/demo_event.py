# SPDX-License-Identifier: Apache-2.0
"""Puts an event and a contact into a running instance and finds them again.

usage: demo_event.py TRY.JSON

CalDAV and CardDAV over TLS, from the well-known address on as clients go: principal, home, collection. What was put must
come back byte for byte. Exit status 0 when all of it held.
"""
import base64
import http.client
import ssl
import sys
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree

import instance

DAV, CALENDAR, CARDS = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{urn:ietf:params:xml:ns:carddav}"


class Client:
    def __init__(self, url: str, context: ssl.SSLContext, account: dict) -> None:
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30, context=context)
        login = f"{account['address']}:{account['password']}".encode()
        self.headers = {"Authorization": "Basic " + base64.b64encode(login).decode()}

    def ask(self, method: str, path: str, body: bytes = b"", expect: tuple = (200, 201, 204, 207), **fields: str):
        headers = {**self.headers, **{name.replace("_", "-"): value for name, value in fields.items()}}
        self.connection.request(method, path, body or None, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status not in expect:
            sys.exit(f"{method} {path}: {answer.status} {content.decode(errors='replace')[:300]}")
        return answer, content

    def property(self, path: str, name: str, depth: str = "0") -> list:
        """(address, element) of each resource that has the property."""
        namespace, local = name[1:].split("}")
        body = f'<propfind xmlns="DAV:" xmlns:x="{namespace}"><prop><x:{local}/></prop></propfind>'.encode()
        root = ElementTree.fromstring(self.ask("PROPFIND", path, body, Depth=depth)[1])
        return [
            (response.findtext(DAV + "href"), element)
            for response in root.iter(DAV + "response")
            for element in response.iter(name)
            if len(element) or element.text
        ]


def main() -> None:
    described = instance.load(sys.argv[1])
    client = Client(described["endpoints"]["dav"]["url"], instance.tls(described), described["accounts"][0])
    root = client.ask("GET", "/.well-known/caldav", expect=(301,))[0].headers["Location"]
    principal = client.property(root, DAV + "current-user-principal")[0][1].findtext(DAV + "href")
    event, contact = uuid.uuid4(), uuid.uuid4()
    for home, kind, suffix, content in (
        (CALENDAR + "calendar-home-set", CALENDAR + "calendar", "ics",
         f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Mailkeep//try//EN\r\nBEGIN:VEVENT\r\nUID:{event}\r\n"
         "DTSTAMP:20260101T000000Z\r\nDTSTART:20260601T090000Z\r\nDTEND:20260601T100000Z\r\n"
         "SUMMARY:Mailkeep is tried — 메일킵\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"),
        (CARDS + "addressbook-home-set", CARDS + "addressbook", "vcf",
         f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{contact}\r\nFN:Bob — 밥\r\nN:;Bob;;;\r\n"
         f"EMAIL:{described['accounts'][1]['address']}\r\nEND:VCARD\r\n"),
    ):
        folder = client.property(principal, home)[0][1].findtext(DAV + "href")
        collections = [address for address, types in client.property(folder, DAV + "resourcetype", "1") if types.find(kind) is not None]
        path = f"{collections[0]}{uuid.uuid4()}.{suffix}"
        answer, _ = client.ask("PUT", path, content.encode(), If_None_Match="*")
        back, found = client.ask("GET", path)
        if found != content.encode() or back.headers["ETag"] != answer.headers["ETag"]:
            sys.exit(f"{path}: what came back is not what was put")
        print(f"{path}: {len(found)} bytes, all the same")
        client.ask("DELETE", path, If_Match=back.headers["ETag"])
        client.ask("GET", path, expect=(404,))


if __name__ == "__main__":
    main()
