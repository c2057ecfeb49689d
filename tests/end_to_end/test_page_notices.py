"""Notices on the open page: what happened while one looked elsewhere."""

import time
from typing import Any

from playwright.sync_api import Locator, Page, expect

from supervisor.remote import wire
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import hosted, steer
from tests.lab.chromium import hold_time, look, witnessed


def tell(desk: Desk, notice_id: str, session_id: str | None = "s2", **facts: Any) -> None:
    """A notice goes out."""
    usual = {
        "id": notice_id,
        "kind": "finished",
        "level": "full",
        "session": session_id,
        "sessions": [session_id] if session_id else [],
        "title": "“Something” happened",
        "text": "All tests pass.",
        "at": wire.time(time.time()),
        "count": 1,
        "urgent": False,
        "silent": False,
        "withdrawn": False,
    }
    desk.publish("notice", session_id, {**usual, **facts})


def toasts(page: Page) -> Locator:
    """What stands above the page."""
    return page.locator(".toast")


def begin(page: Page, desk: Desk) -> None:
    """Three sessions, the first of them open; no notice goes by itself while one looks."""
    page.clock.install()
    desk.put(hosted("s1"), hosted("s2"), hosted("s3"))
    pair(page, desk)
    steer(page)
    hold_time(page)


def test_a_notice_leads_to_its_session(page: Page, desk: Desk) -> None:
    """The session's name, what happened, and a tap that goes there; then it is gone."""
    seen = look(page)
    begin(page, desk)

    tell(desk, "n1")
    expect(toasts(page)).to_contain_text("Title of s2")
    expect(toasts(page)).to_contain_text("Is done · All tests pass.")
    witnessed(page, "#said", "Title of s2: Is done")
    toasts(page).get_by_role("link").click()
    page.clock.resume()

    expect(page.locator(".titles h1")).to_have_text("Title of s2")
    expect(toasts(page)).to_have_count(0)
    assert seen.complaints == []


def test_what_one_looks_at_is_not_told(page: Page, desk: Desk) -> None:
    """The open session shows it anyway; another's notice comes all the same."""
    begin(page, desk)

    tell(desk, "n1", "s1")
    tell(desk, "n2", "s2")

    expect(toasts(page)).to_have_count(1)
    expect(toasts(page)).to_contain_text("Title of s2")


def test_a_notice_that_was_answered_elsewhere_goes(page: Page, desk: Desk) -> None:
    """Withdrawn at the computer, it is withdrawn here."""
    begin(page, desk)
    tell(desk, "n1", kind="needs_you")
    expect(toasts(page)).to_contain_text("Needs you")

    tell(desk, "n1", kind="needs_you", withdrawn=True)

    expect(toasts(page)).to_have_count(0)


def test_several_notices_take_the_room_of_one(page: Page, desk: Desk) -> None:
    """The newest is shown with the number of the others, which unfold; one per session."""
    begin(page, desk)
    tell(desk, "n1", kind="cut_off")
    expect(toasts(page)).to_have_count(1)
    tell(desk, "n2", kind="recovered")
    expect(toasts(page)).to_contain_text("Goes on")
    tell(desk, "n3", "s3")
    expect(toasts(page)).to_contain_text("Title of s3")
    tell(desk, "n4", None, kind="battery", text="")
    expect(toasts(page)).to_contain_text("The computer may sleep now")

    page.get_by_role("button", name="2 more").click()

    expect(toasts(page)).to_have_count(3)
    toasts(page).first.get_by_role("button", name="Close").click()
    expect(toasts(page)).to_have_count(2)
    expect(toasts(page).first.get_by_role("link")).to_be_focused()


def test_a_notice_goes_by_itself(page: Page, desk: Desk) -> None:
    """Its time runs while somebody looks, and stands still under the focus."""
    begin(page, desk)
    tell(desk, "n1")
    toasts(page).get_by_role("link").focus()
    page.clock.run_for(60_000)
    expect(toasts(page)).to_have_count(1)

    page.get_by_role("button", name="Details").focus()
    page.clock.run_for(60_000)

    expect(toasts(page)).to_have_count(0)


def test_old_news_is_no_news(page: Page, desk: Desk) -> None:
    """What comes late with a stream that was cut is not told as if it were now."""
    begin(page, desk)

    tell(desk, "n1", at=wire.time(time.time() - 3600))
    tell(desk, "n2", "s3")

    expect(toasts(page)).to_contain_text("Title of s3")
    expect(page.locator(".toast-more")).to_be_hidden()


def test_what_was_told_can_be_looked_up(page: Page, desk: Desk) -> None:
    """All of the last time, from the page of the machine; each leads to its session."""
    begin(page, desk)
    page.clock.resume()
    told = [
        {"id": f"n{n}", "kind": kind, "session": "s2", "sessions": ["s2"], "title": "", "text": "",
         "at": wire.time(time.time() - 600), "withdrawn": n == 1, "silent": False, "urgent": False}
        for n, kind in enumerate(["finished", "needs_you"])
    ]  # fmt: skip
    page.route("**/api/notices", lambda route: route.fulfill(json={"notices": told}))
    page.get_by_role("link", name="Back to the list").click()
    page.locator(".machine").click()

    page.get_by_role("button", name="Notices").click()
    sheet = page.get_by_role("dialog", name="Notices")

    expect(sheet.locator("li")).to_have_count(2)
    expect(sheet.locator(".notice-over")).to_contain_text("Needs you")
    sheet.get_by_role("link").first.click()
    expect(page.locator(".titles h1")).to_have_text("Title of s2")
