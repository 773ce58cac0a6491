# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium at the web pages, scripts switched off: what a check does with it, and what is true of every page. A picture of
each page is left in MAILKEEP_SCREENSHOTS (.build-screenshots)."""
import base64
import os
import pathlib
import subprocess
import tempfile

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from session import Instance, wait_for

instance = Instance()
url = instance.ends["admin"]["url"].rstrip("/")
root = pathlib.Path(__file__).resolve().parents[2]
pictures = pathlib.Path(os.environ.get("MAILKEEP_SCREENSHOTS") or root / ".build-screenshots")
pictures.mkdir(parents=True, exist_ok=True)
home = tempfile.TemporaryDirectory(prefix="mailkeep-chromium-")
sizes = {"desktop": (1280, 900), "phone": (390, 844)}


def trust():
    """The instance's authority in the key store of a home folder of its own."""
    store = pathlib.Path(home.name, ".pki", "nssdb")
    store.mkdir(parents=True)
    for arguments in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "mailkeep", "-i", instance.values["ca"]]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *arguments], check=True)


class Browser:
    def __init__(self, size="desktop", language="en", dark=False):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                         "--force-device-scale-factor=1", f"--user-data-dir={tempfile.mkdtemp(dir=home.name)}"):
            options.add_argument(argument)
        if dark:
            options.add_argument("--force-dark-mode")
        options.add_experimental_option("prefs", {
            "profile.managed_default_content_settings.javascript": 2, "intl.accept_languages": language,
            "credentials_enable_service": False, "profile.password_manager_leak_detection": False})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService("/usr/bin/chromedriver", env={**os.environ, "HOME": home.name})
        self.driver = webdriver.Chrome(options=options, service=service)
        self.name = f"{size}-{language}{'-dark' if dark else ''}"
        width, height = sizes[size]
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"})
        if dark:
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def go(self, path):
        self.driver.get(url + path)
        return self

    @property
    def path(self):
        return self.driver.current_url.removeprefix(url)

    @property
    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def find(self, selector):
        """The first; waits for it, as a page that has just begun may not have it yet."""
        wait_for(lambda: self.all(selector), f"{selector} on {self.driver.current_url}: {self.driver.title}", 20)
        return self.all(selector)[0]

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def fill(self, **fields):
        for name, value in fields.items():
            field = self.find(f"[name={name}]")
            field.clear()
            field.send_keys(value)
        return self

    def then(self, act):
        """Does what leads to another page, and waits for that: this one is marked."""
        self.driver.execute_script("document.documentElement.dataset.before = 1")
        act()

        def is_there():
            try:
                return self.driver.execute_script(
                    "return document.readyState == 'complete' && !document.documentElement.dataset.before")
            except WebDriverException:  # between the two
                return False

        wait_for(is_there, "the next page")
        return self

    def click(self, selector):
        """By key: a pointer could meet what has just moved there."""
        return self.then(lambda: self.find(selector).send_keys(Keys.ENTER))

    def send(self, action):
        """The one form that goes to this path."""
        return self.click(f"form[action='{action}'] button")

    def try_login(self, account):
        return self.go("/login").fill(address=account["address"], password=account["password"]).send("/login")

    def login(self, account):
        self.try_login(account)
        assert not self.path.startswith("/login"), f"{self.name}: {account['address']} is not logged in: {self.text}"
        return self

    def look(self, name):
        """Keeps a picture, and holds what is true of every page."""
        self.holds_together(name)
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", {
            "format": "png", "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}})
        (pictures / f"{name}-{self.name}.png").write_bytes(base64.b64decode(picture["data"]))
        return self

    def holds_together(self, name):
        where = f"{name} {self.name}"
        run = self.driver.execute_script
        assert run("return document.documentElement.scrollWidth <= window.innerWidth"), f"{where}: wider than the window"
        assert len(self.all("h1")) == 1, f"{where}: not one heading"
        assert self.find("html").get_attribute("lang") in ("en", "ko") and self.driver.title, where
        unlabelled = run("""return [...document.querySelectorAll('input:not([type=hidden]):not([aria-hidden]), select')]
            .filter(e => !e.labels.length).map(e => e.name)""")
        assert not unlabelled, f"{where}: without a label: {unlabelled}"
        lost = run("""return [...document.querySelectorAll('[aria-describedby]')].flatMap(e => e.getAttribute('aria-describedby')
            .split(' ').filter(i => i && !document.getElementById(i)))""")
        assert not lost, f"{where}: described by nothing: {lost}"
        small = run("""return [...document.querySelectorAll('button, .button, nav a')].map(e => e.getBoundingClientRect())
            .filter(r => r.height && r.height < 36).length""")
        assert not small, f"{where}: {small} too small to touch"
        ids = run("return [...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids)), f"{where}: an id twice: {ids}"
        said = [line for line in self.driver.get_log("browser") if "status of" not in line["message"]]
        assert not said, f"{where}: the browser complains: {said}"
