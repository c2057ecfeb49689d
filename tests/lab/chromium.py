"""A real Chromium for tests of the phone's page, and the shapes of phones."""

import base64
import json
import os
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.lab.fixtures import do_without
from tests.lab.waiting import until

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

#: Places of the page whose words go again by themselves.
_PASSING = ("#said", ".light", ".approval.gone", ".approval .warn", ".bar-undo", ".toast", ".copy .button")
# Keeps every text that ever stood in such a place: a busy machine may look only when it is gone.
_WITNESS = """places => {
    window.witnessed = Object.fromEntries(places.map((place) => [place, []]));
    new MutationObserver(() => {
        for (const place of places) {
            const texts = window.witnessed[place];
            for (const { textContent: text } of document.querySelectorAll(place)) {
                if (text.trim() && texts.at(-1) !== text) texts.push(text);
            }
        }
    }).observe(document, { subtree: true, childList: true, characterData: true, attributeFilter: ['class'] });
}"""

# A busy machine is slow to paint; ms.
_PATIENCE = 60_000
expect.set_options(timeout=_PATIENCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A screen to look at the page with."""

    width: int = 390
    height: int = 844
    dark: bool = False
    language: str = "en-US"
    sharpness: float = 1.0


SMALL = Phone(width=320, height=640)


#: Servers are cut on purpose, and a browser that does not trust the computer keeps nothing of its page.
_MEANT = ("Failed to load resource", "An SSL certificate error occurred when fetching the script")


@dataclass
class Watched:
    """What a page asked for and complained of. Owner: the listeners of ``look``."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def asked(self, request: Request) -> None:
        """A request, whatever became of it."""
        self.requests.append(request.url)

    def said(self, message: ConsoleMessage) -> None:
        """A line on the console; what is meant to fail is no complaint."""
        if message.type in {"error", "warning"} and not any(one in message.text for one in _MEANT):
            self.complaints.append(message.text)


def look(page: Page) -> Watched:
    """Write down every request, script error and complaint of *page* from now on."""
    seen = Watched()
    page.on("request", seen.asked)
    page.on("console", seen.said)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    return seen


def witnessed(page: Page, place: str, words: str) -> None:
    """Wait until *words* stand, or have stood, in one of the places whose words go by themselves."""
    assert place in _PASSING
    until(
        lambda: any(words in text for text in page.evaluate("place => window.witnessed[place]", place)),
        saying=f"{words!r} in {place}",
    )


def hold_time(page: Page) -> None:
    """From now on the time of *page* stands still, frames too; its clock must have been installed."""
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)


@contextmanager
def in_hand(
    browser: Browser, phone: Phone = Phone(), *, clicks_through: bool = True, scripts: bool = False
) -> Iterator[BrowserContext]:
    """A fresh phone: nothing stored, and a certificate of nobody's is clicked through.

    *scripts*: the test may run scripts that the page's own policy would not allow.
    """
    context = browser.new_context(
        viewport={"width": phone.width, "height": phone.height},
        device_scale_factor=phone.sharpness,
        color_scheme="dark" if phone.dark else "light",
        locale=phone.language,
        ignore_https_errors=clicks_through,
        bypass_csp=scripts,
        has_touch=True,
    )
    context.set_default_timeout(_PATIENCE)
    context.add_init_script(f"({_WITNESS})({json.dumps(_PASSING)})")
    try:
        yield context
    finally:
        context.close()


def trusting(address: str) -> str:
    """The flag by which a browser trusts the key that is served there, as if its CA had been installed."""
    where = urlsplit(address)
    assert where.hostname
    served = ssl.get_server_certificate((where.hostname, where.port or 443))
    key = x509.load_pem_x509_certificate(served.encode()).public_key()
    digest = sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}"


@contextmanager
def launched(*flags: str) -> Iterator[Browser]:
    """Chromium without a screen, with these flags too. Skips where there is none."""
    program = _program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*_QUIET, *flags])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def beside(browser: Browser, home: Path) -> Iterator[Browser]:
    """Another Chromium, of a user with this home: what is trusted there, it trusts."""
    environment: dict[str, str | float | bool] = {**os.environ, "HOME": str(home)}
    other = browser.browser_type.launch(executable_path=_program(), args=[*_QUIET], env=environment)
    try:
        yield other
    finally:
        other.close()


def _program() -> str:
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        do_without("Chromium is missing: apt install chromium")
    return program


# Not for the whole run: while it lives, its thread has a running loop, and asynchronous tests could not run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a module; each opens phones of its own in it."""
    with launched() as chromium:
        yield chromium
