"""A phone that trusts our authority: no warning in a real browser, and nothing else is trusted by it."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import Error as PageError

from supervisor.remote import tls
from supervisor.remote.server import PAGE
from supervisor.remote.words import words
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.fakes.house import House
from tests.fakes.steered import steering
from tests.lab.chromium import Phone, beside, in_hand, look
from tests.lab.fixtures import do_without

#: Only for the test: what a browser refuses to register where a warning was clicked away.
WORKER = "self.addEventListener('fetch', () => {});"
REGISTER = """() => navigator.serviceWorker.register('worker.js').then(
    ({ scope }) => scope, (error) => error.name)"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A computer that serves its page, and a worker beside it."""
    page = tmp_path / "page"
    shutil.copytree(PAGE, page)
    (page / "worker.js").write_text(WORKER)
    made = House(tmp_path, page=page)
    with steering(lambda: desk.memory.steered):
        desk = Desk(made)
        with made:
            made.open_lan()
            yield made


@pytest.fixture
def trusting(tmp_path: Path, house: House, browser: Browser) -> Iterator[Browser]:
    """A browser whose user has installed the authority, as the page says how."""
    store = tmp_path / "home" / ".pki" / "nssdb"
    store.mkdir(parents=True)
    if shutil.which("certutil") is None:
        do_without("needs certutil: apt install libnss3-tools")
    root = tmp_path / "root.der"
    root.write_bytes(house.server.lan.page()["/wakeline-ca.crt"].plain)
    certutil = ["certutil", "-d", f"sql:{store}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True, timeout=60)
    subprocess.run([*certutil, "-A", "-n", "wakeline", "-t", "C,,", "-i", root], check=True, timeout=60)
    with beside(browser, tmp_path / "home") as other:
        yield other


@contextmanager
def tab(browser: Browser, *, clicks_through: bool = False) -> Iterator[Page]:
    """A tab in which the test may register a worker; the page itself may not."""
    with in_hand(browser, clicks_through=clicks_through, scripts=True) as context:
        yield context.new_page()


def test_who_trusts_the_authority_sees_no_warning(house: House, trusting: Browser) -> None:
    """Pairing, the list and a worker: all that a browser does only where it believes who is there."""
    with tab(trusting) as page:
        page.goto(house.dialog()["url"])
        number = int(page.locator(".number").inner_text())
        house.run(house.server.phone.choose(number))
        page.locator("#app.live.fresh").wait_for()
        registered = page.evaluate(REGISTER)

        assert page.evaluate("isSecureContext")
        assert registered == f"https://{house.host}/"


def test_an_address_that_changes_is_trusted_as_well(house: House, trusting: Browser) -> None:
    """A new leaf of the same authority, served at once."""
    house.run(house.server.lan.open(["127.0.0.3"]))

    with tab(trusting) as page:
        page.goto(f"https://127.0.0.3:{house.server.lan.port}/")

        expect(page.get_by_role("heading", name="Not paired yet")).to_be_visible()


def test_without_it_the_browser_warns_and_does_less(browser: Browser, house: House) -> None:
    """So that the test above means something: no page, and behind the warning no worker."""
    with tab(browser) as page, pytest.raises(PageError, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto(f"https://{house.host}/")
    with tab(browser, clicks_through=True) as page:
        page.goto(f"https://{house.host}/")

        assert page.evaluate(REGISTER) == "SecurityError"


def test_the_authority_can_vouch_for_nobody_else(house: House, trusting: Browser) -> None:
    """Whoever steals its key from this machine cannot be a bank: the browser holds it to its bounds."""
    authority = tls._read_authority(house.tls_folder)
    key = tls._leaf_key(house.tls_folder)
    # As our own, but for another name.
    other = tls._new_leaf(tls._Authority(
        root=authority.root, certificate=authority.certificate, key=authority.key, name="localhost",
    ), key, (), house.server.lan._clock())  # fmt: skip
    chain = house.tls_folder / "other.crt"
    chain.write_bytes(tls._pem(other) + tls._pem(authority.certificate))

    with (
        _served(chain, house.tls_folder / "leaf.key") as port,
        tab(trusting) as page,
        pytest.raises(PageError, match="ERR_CERT_INVALID"),
    ):
        page.goto(f"https://localhost:{port}/")


@contextmanager
def _served(chain: Path, key: Path) -> Iterator[int]:
    """Somebody who shows this certificate and says hello."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with socket.create_server(("localhost", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    plain, _ = listening.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as wrapped:
                        wrapped.recv(4096)
                        wrapped.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
                except OSError:
                    plain.close()

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            serving.join()


AGENTS = {
    "iPhone, iPad": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
    "Android": "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36",
    "Computer": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36",
}


@contextmanager
def _as(browser: Browser, agent: str) -> Iterator[BrowserContext]:
    context = browser.new_context(ignore_https_errors=True, user_agent=agent)
    try:
        yield context
    finally:
        context.close()


@pytest.mark.parametrize(
    ("system", "file", "kind"),
    [
        ("iPhone, iPad", "wakeline-ca.mobileconfig", "application/x-apple-aspen-config"),
        ("Android", "wakeline-ca.crt", "application/x-x509-ca-cert"),
        ("Computer", "wakeline-ca.crt", "application/x-x509-ca-cert"),
    ],
)
def test_the_page_says_how_on_this_very_device(
    browser: Browser, desk: Desk, system: str, file: str, kind: str
) -> None:
    """Its own steps, its own file of the right kind, and no complaint of the page's strict policy."""
    with _as(browser, AGENTS[system]) as context:
        page = context.new_page()
        seen = look(page)
        page.goto(f"{desk.origin}/trust.html")

        expect(page.get_by_role("button", name=system)).to_have_attribute("aria-pressed", "true")
        link = page.get_by_role("link", name="Load the")
        expect(link).to_have_attribute("href", file)
        loaded = context.request.get(f"{desk.origin}/{file}")
        assert (loaded.status, loaded.headers["content-type"]) == (200, kind)
        assert seen.complaints == []


def test_both_screens_show_the_same_words(page: Page, desk: Desk, house_of: House) -> None:
    """Worked out on the phone from what it loaded, and at the desk from what is on disk."""
    page.goto(f"{desk.origin}/trust.html")
    expect(page.locator(".known li")).to_have_count(8)

    told = house_of.call(house_of.server.phone.authority)

    assert " ".join(page.locator(".known li").all_inner_texts()) == told["fingerprint_words"]
    assert page.locator(".hex").inner_text() == told["fingerprint_sha256"]
    assert told["fingerprint_words"] == words(house_of.server.lan.root_sha256)
    assert told["pages"] == [f"{desk.origin}/trust.html"]


@pytest.fixture
def house_of(desk: Desk) -> House:
    """What stands behind the desk."""
    return desk._house


@pytest.mark.parametrize("page", [Phone(language="de-DE"), Phone(width=320, height=640)], indirect=True)
def test_the_page_can_be_read_on_any_phone(page: Page, desk: Desk) -> None:
    """In German, and on a small screen without anything beyond its edge."""
    page.goto(f"{desk.origin}/trust.html")
    expect(page.locator(".known li")).to_have_count(8)

    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    language = page.evaluate("document.documentElement.lang")

    assert not wide
    title = {"de": "Diesem Computer vertrauen", "en": "Trust this computer"}[language]
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_a_phone_that_scans_again_says_who_it_was(page: Page, desk: Desk) -> None:
    """In the same place it still has its old key: the owner is offered to replace that entry."""
    pair(page, desk)
    first = next(iter(desk.memory.known_devices))
    page.goto("about:blank")

    page.goto(desk.offer())
    number = int(page.locator(".number").inner_text())
    again = [one["id"] for one in desk.dialog()["again"]]
    house = desk._house
    house.run(house.server.phone.choose(number, first))
    page.locator("#app.live.fresh").wait_for()

    assert again == [first]
    assert first not in desk.memory.known_devices
    assert len(desk.memory.known_devices) == 1
