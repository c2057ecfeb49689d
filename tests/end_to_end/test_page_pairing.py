"""How a phone is paired with the page, comes back, and is sent away."""

from typing import Any

from playwright.sync_api import Page, expect

from supervisor.core.model import (
    Scope,
)
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import working
from tests.lab.chromium import look


def test_a_phone_is_paired_by_its_number(page: Page, desk: Desk) -> None:
    """From the code to the live list: the owner picks the number that the phone shows."""
    desk.put(working())
    page.goto(desk.offer())
    number = int(page.locator(".number").inner_text())
    offered = desk.dialog()["numbers"]

    desk.choose(number)

    expect(page.locator(".row-name")).to_have_text("Title of s1")
    expect(page.locator(".light")).to_have_text("Live")
    assert number in offered
    assert [device.scope for device in desk.memory.known_devices.values()] == [Scope.VIEW]


def test_a_wrong_number_pairs_nobody(page: Page, desk: Desk) -> None:
    """The phone is told that it was declined, and how to begin again."""
    page.goto(desk.offer())
    number = int(page.locator(".number").inner_text())
    wrong = next(one for one in desk.dialog()["numbers"] if one != number)

    desk.choose(wrong)

    expect(page.get_by_role("alert")).to_contain_text("declined on the computer")
    assert desk.memory.known_devices == {}


def test_a_closed_dialog_is_said_in_plain_words(page: Page, desk: Desk) -> None:
    """An old code leads to a sentence, not to a riddle."""
    old = desk.offer()
    desk.offer()

    page.goto(old)

    expect(page.get_by_role("alert")).to_contain_text("no longer valid")


def test_a_second_phone_with_the_same_code_is_told_so(page: Page, desk: Desk) -> None:
    """Each code works once, for one phone."""
    link = desk.offer()
    page.goto(link)
    page.locator(".number").wait_for()

    other = page.context.new_page()
    other.goto(link)

    expect(other.get_by_role("alert")).to_contain_text("already used")


def test_the_secret_leaves_the_address_bar_before_anything_is_asked(page: Page, desk: Desk) -> None:
    """No history, no later request and no style sheet sees the fragment; it never travels at all."""
    page.add_init_script(
        """window.seen = [];
        const note = (what) => window.seen.push([what, location.hash]);
        const { append } = Element.prototype;
        Element.prototype.append = function (...children) {
            if (this.tagName === 'HEAD') note('subresource');
            return append.apply(this, children);
        };
        const { fetch } = window;
        window.fetch = (...all) => { note(String(all[0])); return fetch(...all); };"""
    )
    seen = look(page)
    link = desk.offer()

    page.goto(link)
    page.locator(".number").wait_for()

    noted: list[list[str]] = page.evaluate("window.seen")
    assert {what for what, _ in noted} >= {"subresource", "/api/pair/hello"}
    assert [hash_ for _, hash_ in noted if hash_] == []
    assert page.url == f"{desk.origin}/"
    secret = link.rpartition(".")[2]
    assert not [url for url in seen.requests if secret in url.partition("#")[0]]


def test_a_browser_without_webcrypto_is_told_so(page: Page, desk: Desk) -> None:
    """There is no weaker way in."""
    page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })")

    page.goto(desk.offer())

    expect(page.locator("h1")).to_have_text("This browser cannot do it")


def test_a_link_can_be_pasted(page: Page, desk: Desk) -> None:
    """Who cannot scan pastes; a link of another computer is refused."""
    page.goto(desk.origin)
    page.get_by_text("I have the link as text").click()
    field = page.get_by_label("Pairing link")

    field.fill(desk.offer().replace("127.0.0.1", "192.0.2.1"))
    page.get_by_role("button", name="Pair").click()
    expect(page.get_by_role("alert")).to_contain_text("not a pairing link")
    field.fill(desk.offer())
    page.get_by_role("button", name="Pair").click()

    expect(page.locator(".number")).to_be_visible()


def test_a_known_phone_comes_straight_back(page: Page, desk: Desk) -> None:
    """The key stays in the browser and cannot be taken out of it; the token is nowhere stored."""
    desk.put(working())
    pair(page, desk)

    page.reload()

    expect(page.locator(".row-name")).to_have_text("Title of s1")
    kept: dict[str, Any] = page.evaluate(
        """async () => {
            const { key } = await (await import('/keys.js')).kept('device');
            return { extractable: key.extractable, stored: localStorage.length + sessionStorage.length,
                     cookies: document.cookie };
        }"""
    )
    assert kept == {"extractable": False, "stored": 0, "cookies": ""}


def test_a_revoked_phone_says_so_and_forgets(page: Page, desk: Desk) -> None:
    """The open page ends within moments, and nothing of the sessions stays on the screen."""
    desk.put(working())
    pair(page, desk)

    desk.revoke_all()

    expect(page.locator("h1")).to_have_text("This phone was removed")
    assert "Title of s1" not in page.content()
    assert page.evaluate("import('/keys.js').then(({ kept }) => kept('device'))") is None
