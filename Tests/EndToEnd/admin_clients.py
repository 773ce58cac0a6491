# SPDX-License-Identifier: Apache-2.0
"""The web pages in headless Chromium: an administrator's day and a user's, scripts switched off, in both languages, on a
desktop and on a phone, light and dark.   usage: TRY.JSON"""
import http.client
import plistlib
import sys
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import Browser, instance, sizes, trust, url
from session import wait_for

tag = uuid.uuid4().hex[:8]
other_domain, person = f"other-{tag}.test", f"carla-{tag}"
administration = ("", "/domains", f"/domains/{instance.values['domain']}", "/accounts", "/accounts/add", "/aliases", "/queue", "/backups", "/services", "/audit")


def check(what, holds, seen=""):
    if not holds:
        sys.exit(f"{what}: {seen}")
    print(what, flush=True)


def keyboard_alone():
    """From the address bar on: the skip link first, then everything in reach, each seen when it has the focus."""
    with Browser() as browser:
        browser.go("/login")
        active = lambda: browser.driver.switch_to.active_element
        check("the first field has the focus", active().get_attribute("name") == "address")
        active().send_keys(instance.values["administrator"]["address"], Keys.TAB)
        check("the next one is the password", active().get_attribute("name") == "password")
        outline = browser.driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
        check("what has the focus is seen", outline == "solid", outline)
        browser.then(lambda: active().send_keys(instance.values["administrator"]["password"], Keys.ENTER))
        check("Enter logs in", browser.path == "/admin", browser.path)
        browser.find("body").send_keys(Keys.TAB)
        check("the skip link is first", active().get_attribute("class") == "skip", active().get_attribute("outerHTML"))
        active().send_keys(Keys.ENTER)
        check("and leads to the content", browser.path == "/admin#content", browser.path)
        seen = set()
        for _ in range(40):
            active().send_keys(Keys.TAB)
            seen.add(active().get_attribute("href") or active().get_attribute("name"))
        check("every page is in reach", {f"{url}/admin/domains", f"{url}/admin/audit", f"{url}/account"} <= seen, seen)


def wrong_logins():
    with Browser() as browser:
        browser.go("/admin/queue").look("login")
        check("a page leads to the log-in", browser.path == "/login?next=%2Fadmin%2Fqueue", browser.path)
        browser.fill(address="nobody@" + instance.values["domain"], password="wrong-password").send("/login")
        browser.look("login-wrong")
        wrong = browser.find("#password")
        check("what is wrong stands beside the field and is read out with it",
              "is wrong" in browser.find("#" + wrong.get_attribute("aria-describedby").split()[-1]).text
              and wrong.get_attribute("aria-invalid") == "true")
        check("the password does not come back", wrong.get_attribute("value") == "")
        browser.fill(address=instance.values["administrator"]["address"], password=instance.values["administrator"]["password"])
        browser.send("/login")
        check("and then to the page that was wanted", browser.path == "/admin/queue", browser.path)
        browser.send("/logout")
        check("logged out", browser.path == "/login" and "You are logged out." in browser.text)
        check("a page that was seen before is not shown any more", browser.go("/admin").path.startswith("/login"))


def administrators_day():
    """Returns the address and password of the account that was made."""
    with Browser() as browser:
        browser.login(instance.values["administrator"]).look("overview")
        check("every service is ready", len(browser.all(".states .badge.good")) >= 5, browser.text)
        browser.go("/admin/domains").fill(domain="not a domain").send("/admin/domains").look("domains-wrong")
        check("a wrong domain is told", "is not a domain name" in browser.find("#domain-wrong").text)
        browser.fill(domain=other_domain).send("/admin/domains").look("domain-added")
        check("a domain is added", browser.path == f"/admin/domains/{other_domain}" and "DKIM" in browser.find(".notice").text)
        check("its records are missing in the DNS", len(browser.all(".badge.missing")) > 3)
        browser.go(f"/admin/domains/{instance.values['domain']}").look("domain")
        check("the demo domain's are there", "10 mail." in browser.find("table").text and browser.all(".badge.right"))

        browser.go(f"/admin/accounts/add?domain={other_domain}").fill(name=person, displayName="Carla 카를라 <b>").look("account-add")
        browser.send("/admin/accounts/add").look("account-password")
        password = browser.find(".secret").text
        carla = {"address": f"{person}@{other_domain}", "password": password}
        check("an account is added, its password shown once", carla["address"] in browser.text and len(password) == 23)
        browser.go("/admin/accounts").look("accounts")
        check("it is listed, its name as it was typed", "Carla 카를라 <b>" in browser.text)
        browser.fill(search=person).click(".filter button")
        check("and found", [row.text for row in browser.all("tbody th")] == [carla["address"]])
        browser.click("tbody th a").look("account-detail")
        detail = browser.path
        check("without a quota there is no limit", "0B used, no limit" in browser.text and not browser.all("meter"))
        browser.fill(quota="much").send(f"{detail}/quota").look("account-quota-wrong")
        check("a wrong quota is told", browser.find("#quota").get_attribute("aria-invalid") == "true" and browser.find("#quota").get_attribute("value") == "much")
        browser.fill(quota="5G").send(f"{detail}/quota").look("account-quota")
        check("a quota is set", "0B of 5GB used (0 %)" in browser.text and float(browser.find("meter").get_attribute("max")) == 5 << 30)
        browser.fill(quota="").send(f"{detail}/quota").go(f"/admin/domains/{other_domain}").fill(quota="2G").send(f"/admin/domains/{other_domain}/quota")
        check("a domain's default is set", "The default quota" in browser.find(".notice").text and browser.find("#quota").get_attribute("value") == "2G")
        browser.go(detail)
        check("and holds for its account", "of 2GB used" in browser.text)
        browser.send(f"{detail}/administrator")
        check("it becomes an administrator", "is an administrator" in browser.find(".notice").text)
        browser.send(f"{detail}/administrator").send(f"{detail}/disabled")
        check("it is disabled", "is disabled" in browser.find(".notice").text)
        with Browser() as hers:
            check("and cannot log in", "is wrong" in hers.try_login(carla).text)
        browser.send(f"{detail}/disabled")

        browser.go("/admin/aliases").fill(alias=f"info@{other_domain}", targets=carla["address"]).send("/admin/aliases").look("aliases")
        check("an alias is added", f"info@{other_domain}" in browser.find("tbody").text)
        browser.fill(alias=f"info@{other_domain}", targets="nobody@x.test").send("/admin/aliases").look("aliases-wrong")
        check("a target that is not ours is refused", browser.find("#targets").get_attribute("aria-invalid") == "true")
        browser.go(f"/admin/aliases/remove?alias=info%40{other_domain}").look("alias-remove").send("/admin/aliases/remove")
        check("and removed", "is removed" in browser.find(".notice").text)
    return carla


def the_queue():
    """A message to a server that is away waits, with its story."""
    sender = instance.accounts[0]
    recipient = f"{tag}@{instance.values['elsewhere']['domain']}"
    with instance.submission(sender) as smtp:
        smtp.sendmail(sender["address"], [recipient], f"From: {sender['address']}\r\nTo: {recipient}\r\nSubject: waits\r\n\r\nx\r\n")
    with Browser() as browser:
        browser.login(instance.values["administrator"])
        wait_for(lambda: "next try" in browser.go("/admin/queue").text, "a first try")
        browser.look("queue")
        browser.click("tbody th a")
        wait_for(lambda: browser.all(".story li") or browser.driver.refresh(), "its story")
        browser.look("delivery")
        path = browser.path
        check("the story of its tries is told", "4." in browser.find(".story").text, browser.text)
        browser.send(f"{path}/hold")
        check("it is held", "on hold" in browser.find(".facts").text)
        browser.send(f"{path}/retry")
        check("it is tried again", "on hold" not in browser.find(".facts").text)
        browser.click("a.danger").look("delivery-remove").send(f"{path}/remove")
        check("it is removed", recipient in browser.find(".notice").text and tag not in browser.find("main").text.replace(browser.find(".notice").text, ""))


def the_backups():
    """One more is taken and verified by the Backup service, asked from the page."""
    with Browser() as browser:
        browser.login(instance.values["administrator"]).go("/admin/backups")
        idle = lambda: browser.go("/admin/backups").all("form[action='/admin/backups/run']")
        wait_for(idle, "the Backup service")
        names = lambda: [name.text for name in browser.all("tbody th code")]
        before = set(names())
        browser.send("/admin/backups/run")
        check("a backup is asked for", "is asked for" in browser.find(".notice").text)
        wait_for(lambda: idle() and set(names()) - before, "a further backup")
        new = (set(names()) - before).pop()
        row = lambda: next(row for row in browser.all("tbody tr") if new in row.text)
        check("it is taken, and not verified yet", "not yet" in row().text, row().text)
        browser.then(lambda: row().find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER))
        wait_for(lambda: idle() and row().find_elements(By.CSS_SELECTOR, ".badge.good"), "its verification")
        browser.look("backups")
        check("and verified", "backup verify" in browser.go("/admin/audit").find("tbody").text)


def every_page_everywhere():
    for size in sizes:
        for language in ("en", "ko"):
            with Browser(size, language) as browser:
                if (size, language) != ("desktop", "en"):
                    browser.go("/login").look("login")
                browser.login(instance.values["administrator"])
                check(f"{size} {language}: the language is the browser's", browser.find("html").get_attribute("lang") == language)
                for page in administration:
                    browser.go("/admin" + page).look("page" + page.replace("/", "-").replace(instance.values["domain"], "one"))
                    assert browser.path == "/admin" + page, browser.path
                browser.go("/account").look("own").go("/account/password").look("own-password").go("/nothing").look("not-found")
    with Browser(dark=True) as browser:
        browser.go("/login").look("login").login(instance.values["administrator"]).look("overview")
        for page in ("/accounts", f"/domains/{instance.values['domain']}"):
            browser.go("/admin" + page).look("page" + page.split("/")[1])
    with Browser() as browser:
        browser.go("/login").click("button[value=ko]")
        check("the switch changes the language", browser.find("html").get_attribute("lang") == "ko" and browser.path == "/login")
        check("and is remembered", "로그인" in browser.go("/login").text)


def users_day(carla):
    with Browser("phone", "ko") as browser:
        browser.login(carla).look("user")
        check("a user sees their own account", browser.path == "/account" and carla["address"] in browser.text)
        check("with what it holds and may hold", "2GB 중 0B 사용" in browser.text and browser.all("meter[aria-label]"), browser.text)
        browser.go("/admin/accounts").look("forbidden")
        check("and nothing of the administration", "관리자만" in browser.text and not browser.all("nav a[href^='/admin']"))
        browser.go("/account/password").fill(old="wrong-password", new="ein neues Passwort", again="ein neues Passwort")
        browser.send("/account/password").look("own-password-wrong")
        check("a wrong old password is told", browser.find("#old").get_attribute("aria-invalid") == "true")
        browser.fill(old=carla["password"], new="ein neues Passwort", again="ein neues Passwort").send("/account/password")
        check("the password is changed", browser.path == "/account" and browser.all(".notice"))
        cookies = {cookie["name"]: cookie for cookie in browser.driver.get_cookies()}
        session = cookies["__Host-mailkeep-session"]
        check("the session's cookie is guarded", session["secure"] and session["httpOnly"] and session["sameSite"] == "Strict", session)
        profile = plistlib.loads(fetch("/account/mailkeep.mobileconfig", cookie=f"{session['name']}={session['value']}")[1])
        kinds = [part["PayloadType"] for part in profile["PayloadContent"]]
        check("the profile for Apple is whole", kinds == ["com.apple.mail.managed", "com.apple.caldav.account", "com.apple.carddav.account"])
        check("and holds no password", not any("Password" in key and key != "OutgoingPasswordSameAsIncomingPassword" and isinstance(value, str) and value != "EmailAuthPassword"
                                               for part in profile["PayloadContent"] for key, value in part.items()))
    with Browser() as browser:
        check("the old password is none any more", "is wrong" in browser.try_login(carla).text)
        new = {**carla, "password": "ein neues Passwort"}
        check("the new one is", browser.login(new).path == "/account")
    imap = instance.imap({**carla, "password": "ein neues Passwort"})
    check("for IMAP too", imap.select("INBOX")[0] == "OK")
    imap.logout()


def removal(carla):
    with Browser() as browser:
        browser.login(instance.values["administrator"]).go(f"/admin/accounts?search={person}").click("tbody th a")
        detail = browser.path
        browser.click("a.danger").look("account-remove").fill(typed="anna@example.org").send(f"{detail}/remove")
        check("another address removes nothing", browser.find("#typed").get_attribute("aria-invalid") == "true")
        browser.fill(typed=carla["address"]).send(f"{detail}/remove")
        check("the account is removed", browser.path == "/admin/accounts" and carla["address"] not in browser.find("table").text)
        browser.go(f"/admin/domains/{other_domain}/remove").look("domain-remove").send(f"/admin/domains/{other_domain}/remove")
        check("and its domain", other_domain not in browser.find("table").text)
        browser.go("/admin/audit").look("audit")
        said = browser.find("tbody").text
        check("the log names who did what", all(word in said for word in ("domain remove", "account remove", "queue hold", "alias add", ", web")))


def fetch(path, host=None, cookie=None):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30, context=instance.tls)
    connection.request("GET", path, headers={"Host": host or parts.netloc, **({"Cookie": cookie} if cookie else {})})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


def programs():
    domain = instance.values["domain"]
    status, body, _ = fetch("/mail/config-v1.1.xml", f"autoconfig.{domain}")
    settings = ElementTree.fromstring(body).find("emailProvider/incomingServer[@type='imap']")
    check("Thunderbird finds its settings", status == 200 and int(settings.findtext("port")) == instance.ends["imaps"]["port"])
    status, body, headers = fetch("/.well-known/mta-sts.txt", f"mta-sts.{domain}")
    check("the MTA-STS policy is there", status == 200 and body.startswith(b"version: STSv1\r\nmode: testing\r\n") and headers["Content-Type"].startswith("text/plain"))
    check("for our domains alone", fetch("/.well-known/mta-sts.txt", "mta-sts.elsewhere.example")[0] == 404)
    check("nothing is for search engines", b"Disallow: /\n" in fetch("/robots.txt")[1])


trust()
programs()
wrong_logins()
keyboard_alone()
carla = administrators_day()
the_queue()
the_backups()
users_day(carla)
every_page_everywhere()
removal(carla)
