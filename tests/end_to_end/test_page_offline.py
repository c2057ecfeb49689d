"""The page while the computer is out of reach: what a phone keeps of it, and what it never keeps."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from supervisor.core.model import Scope
from supervisor.remote import access
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk, desk_in
from tests.end_to_end.given import entry, hosted, open_session
from tests.lab.chromium import in_hand, launched, trusting
from tests.lab.waiting import until

KEPT = """async () => {
    const names = await caches.keys();
    const kept = [];
    for (const name of names) kept.push(...await (await caches.open(name)).keys());
    return kept.map(({ url }) => new URL(url).pathname);
}"""
ASKED = "performance.getEntriesByType('resource').some((it) => it.name.endsWith('/offline.json'))"
WORKERS = "navigator.serviceWorker?.getRegistrations().then((all) => all.length) ?? 0"


@contextmanager
def trusted_phone(desk: Desk, *flags: str) -> Iterator[BrowserContext]:
    """A phone that trusts the computer's certificate."""
    desk.offer()
    with launched(trusting(desk.origin), *flags) as browser:
        context = browser.new_context(viewport={"width": 390, "height": 844})
        context.set_default_timeout(60_000)
        yield context
        context.close()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A computer whose policy lets a phone keep the page."""
    name = "Content-Security-Policy"
    policy = access.POLICY[name].replace("trusted-types 'none'", "trusted-types offline")
    monkeypatch.setitem(access.POLICY, name, policy)
    with desk_in(tmp_path) as running:
        running.put(hosted())
        running.say("s1", entry(1, "a word that stays on the computer"))
        yield running


def begin_to_keep(page: Page) -> None:
    """At once; else the page does it when it has been live for some seconds."""
    page.evaluate(
        "import('/away.js').then(({ watch }) => watch({ link: { state: 'live' }, quiet: () => 0 }))"
    )


def kept(page: Page) -> list[str]:
    """The paths of all that the phone keeps, once that is whole."""
    begin_to_keep(page)
    listed = "fetch('/offline.json').then((it) => it.json()).then(({ files }) => files)"
    wanted = {*page.evaluate(listed), "/offline.json"}
    until(lambda: set(page.evaluate(KEPT)) == wanted)
    found: list[str] = page.evaluate(KEPT)
    return found


def test_the_page_opens_without_the_computer(desk: Desk) -> None:
    """It says that the computer is not in reach and when it was, and is live again by itself."""
    with trusted_phone(desk) as phone:
        page = phone.new_page()
        pair(page, desk, Scope.CONTROL)
        kept(page)
        until(lambda: page.evaluate("Boolean(navigator.serviceWorker.controller)"))
        desk.stop()

        page.reload()

        card = page.locator(".away-card")
        expect(card).to_contain_text("Your computer is not in reach")
        expect(card).to_contain_text("Last seen")
        expect(page.locator(".banner")).to_be_hidden()
        expect(page.get_by_text("Title of s1")).to_have_count(0)
        desk.start()
        card.get_by_role("button", name="Try now").click()
        expect(page.locator(".row-name")).to_have_text("Title of s1")
        expect(card).to_have_count(0)


def test_the_page_can_be_installed(desk: Desk) -> None:
    """On a home screen, with its own icon and in a window of its own."""
    with trusted_phone(desk) as phone:
        page = phone.new_page()
        pair(page, desk)
        hand = phone.new_cdp_session(page)
        until(lambda: hand.send("Page.getAppManifest")["url"])

        told = hand.send("Page.getAppManifest")
        hindered = hand.send("Page.getInstallabilityErrors")["installabilityErrors"]

        assert told["errors"] == []
        assert [one for one in hindered if one["errorId"] != "in-incognito"] == []


def test_a_phone_keeps_files_of_the_page_only(desk: Desk) -> None:
    """No session, no word of it, no answer of the computer; each file once."""
    with trusted_phone(desk) as phone:
        page = phone.new_page()
        pair(page, desk, Scope.CONTROL)
        open_session(page)

        paths = kept(page)

        assert len(paths) == len(set(paths)) > 30
        assert [path for path in paths if path.startswith("/api")] == []
        texts: Any = page.evaluate(
            """async () => {
                const found = [];
                for (const name of await caches.keys()) {
                    const cache = await caches.open(name);
                    for (const one of await cache.keys()) found.push(await (await cache.match(one)).text());
                }
                return found.filter((text) => /stays on the computer|Title of s1/.test(text));
            }"""
        )
        assert texts == []


def test_a_certificate_that_was_clicked_through_keeps_nothing(desk: Desk) -> None:
    """What nobody can vouch for is asked for anew each time."""
    with launched() as browser, in_hand(browser) as phone:
        page = phone.new_page()
        pair(page, desk)
        begin_to_keep(page)
        until(lambda: page.evaluate(ASKED))

        page.reload()
        page.locator("#app.live.fresh").wait_for()

        assert page.evaluate(WORKERS) == 0
        assert page.evaluate(KEPT) == []


def test_a_foreign_name_leaves_nothing_behind(desk: Desk) -> None:
    """A name that was bent to this computer is not served, so nothing is kept under it."""
    with trusted_phone(desk, "--host-resolver-rules=MAP evil.example 127.0.0.1") as phone:
        page = phone.new_page()
        page.goto(desk.origin.replace("127.0.0.1", "evil.example"))

        assert page.evaluate(WORKERS) == 0
        assert page.evaluate(KEPT) == []
        assert page.locator("#app").count() == 0
        pair(page, desk)
        kept(page)
        assert page.evaluate("caches.keys().then((all) => all.length)") == 1


def test_without_the_computers_leave_nothing_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its policy decides; the page does not even try."""
    policy = access.POLICY["Content-Security-Policy"].replace("trusted-types offline", "trusted-types 'none'")
    monkeypatch.setitem(access.POLICY, "Content-Security-Policy", policy)
    with trusted_phone(desk) as phone:
        page = phone.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        pair(page, desk)

        begin_to_keep(page)
        until(lambda: page.evaluate(ASKED))

        assert page.evaluate(WORKERS) == 0
        assert [text for text in said if "TrustedTypePolicy" in text] == []
