# SPDX-License-Identifier: Apache-2.0
"""Logs the administrator of a running instance in to the web pages, as a browser without scripts does.

usage: demo_admin.py TRY.JSON

The overview, the accounts and the state of the services are read; after the log-out nothing of it is shown any more. Exit
status 0 when all of it held.
"""
import http.client
import re
import sys
import urllib.parse

import instance


class Browser:
    def __init__(self, of: dict) -> None:
        parts = urllib.parse.urlsplit(of["endpoints"]["admin"]["url"])
        self.origin = f"https://{parts.netloc}"
        self.connection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=30, context=instance.tls(of))
        self.cookies: dict = {}

    def ask(self, method: str, path: str, form: dict | None = None):
        """Status, address that it leads to, text."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers |= {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request(method, path, urllib.parse.urlencode(form) if form is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for field in answer.headers.get_all("Set-Cookie") or []:
            name, value = field.split(";")[0].split("=", 1)
            self.cookies[name] = value
            if "Max-Age=0" in field:
                del self.cookies[name]
        return answer.status, answer.headers["Location"], text


def need(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"{what} does not hold")
    print(what)


def main() -> None:
    server = instance.load(sys.argv[1])
    browser = Browser(server)
    administrator = server["administrator"]
    need(browser.ask("GET", "/admin")[1] == "/login?next=%2Fadmin", "without a log-in nothing is shown")
    status, _, text = browser.ask("POST", "/login", {"address": administrator["address"], "password": "wrong-password"})
    need(status == 422 and "is wrong" in text, "a wrong password is refused")
    status, place, _ = browser.ask("POST", "/login", {**administrator, "next": "/admin"})
    need(status == 303 and place == "/admin", f"{administrator['address']} is logged in")
    status, _, text = browser.ask("GET", "/admin")
    need(status == 200 and administrator["address"] in text, "the overview is there")
    listed = browser.ask("GET", "/admin/accounts")[2]
    need(all(account["address"] in listed for account in server["accounts"]), "every account is listed")
    services = browser.ask("GET", "/admin/services")[2]
    need('badge good">ready' in services, "services say that they are ready")
    token = re.search(r'name="token" value="([0-9a-f]{64})"', text).group(1)
    need(browser.ask("POST", "/logout", {"token": token})[1] == "/login", "logged out")
    need(browser.ask("GET", "/admin")[0] == 303, "and nothing is shown any more")


if __name__ == "__main__":
    main()
