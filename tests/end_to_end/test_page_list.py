"""The list of sessions and the card of keep-awake, in a real browser."""

import time

from playwright.sync_api import Page, expect

from supervisor.core.model import (
    Awake,
    EntryKind,
    Reason,
    Scope,
    State,
)
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import entry, working


def test_who_needs_you_comes_first(page: Page, desk: Desk) -> None:
    """Needs you, working, cut off, starting, idle, paused, and what is over at the end."""
    order = ["needs_you", "working", "cut_off", "starting", "idle", "paused", "ended", "lost"]
    at = time.time()
    for age, name in enumerate(reversed(order)):
        desk.put(working(name, state=State(name), last_activity_at=at - age))

    pair(page, desk)

    rows = page.locator(".row")
    expect(rows).to_have_count(len(order))
    assert rows.evaluate_all("rows => rows.map(row => row.hash.slice(4))") == [*order[:6], "lost", "ended"]
    assert page.locator(".group-title").all_inner_texts()[-1].startswith("Over")
    shapes = page.locator(".row .sign svg").evaluate_all("all => all.map(one => one.innerHTML)")
    assert len(set(shapes)) == len(order)


def test_a_row_tells_what_one_wants_to_know(page: Page, desk: Desk) -> None:
    """State, agent, name, the end of the folder, machine, since when, and the last line."""
    folder = "/home/me/very/long/way/down/to/some/project/inner"
    desk.put(working(cwd=folder, last_entry=entry(1, "npm test", EntryKind.TOOL_CALL)))

    pair(page, desk)

    row = page.locator(".row")
    for words in ("Title of s1", "Working", "Claude Code", "…/down/to/some/project/inner · devbox"):
        expect(row).to_contain_text(words)
    expect(row).to_contain_text("Bash: npm test")
    expect(row.locator("time")).to_have_text("4 min")


def test_the_list_is_live(page: Page, desk: Desk) -> None:
    """A session that begins, changes or goes is so on the phone at once, and the title counts."""
    pair(page, desk)
    expect(page.locator(".empty").first).to_contain_text("No session is running")

    desk.put(working())
    expect(page.locator(".row")).to_have_count(1)
    desk.put(working(state=State.NEEDS_YOU))

    expect(page.locator(".of-needs_you .row")).to_have_count(1)
    expect(page).to_have_title("(1) Needs you · Wakeline")
    desk.publish("session", "s1", {"id": "s1", "removed": True, "replaced_by": None})
    expect(page.locator(".row")).to_have_count(0)
    expect(page).to_have_title("Wakeline")


def test_older_sessions_come_page_by_page(page: Page, desk: Desk) -> None:
    """What ended long ago is there when one asks for it."""
    at = time.time()
    desk.memory.past = [
        working(f"old{n}", state=State.ENDED, run=None, last_activity_at=at - 90_000 - n) for n in range(70)
    ]
    pair(page, desk)

    page.get_by_role("button", name="Show older sessions").click()
    expect(page.locator(".row").nth(49)).to_be_attached()
    page.locator(".scroll").evaluate("box => box.scrollTo(0, box.scrollHeight)")

    expect(page.locator(".row")).to_have_count(70)


def test_the_awake_card_explains_itself(page: Page, desk: Desk) -> None:
    """Which session, since when, by which mechanism; who may only look sees no switch."""
    since = time.time() - 900
    reason = Reason(text="Title of s1 is working", since=since, session_id="s1")
    desk.memory.awake = Awake(wanted=True, held=True, mechanism="logind (sleep)", reasons=(reason,))
    pair(page, desk)

    page.locator(".awake summary").click()

    card = page.locator(".awake")
    expect(card).to_contain_text("Awake: 1 session working")
    for words in ("Title of s1 is working", "15 min", "logind (sleep)", "may look, not change"):
        expect(card).to_contain_text(words)
    expect(card.get_by_role("button")).to_have_count(0)


def test_a_phone_with_control_switches_keep_awake(page: Page, desk: Desk) -> None:
    """On, for two hours, off, and back to automatic."""
    pair(page, desk, Scope.CONTROL)
    page.locator(".awake summary").click()
    switch = page.get_by_role("group", name="Keep awake")

    choices = [("2 h", "on", True), ("On", "on", False), ("Off", "off", False), ("Auto", "auto", False)]
    for name, mode, limited in choices:
        button = switch.get_by_role("button", name=name, exact=True)
        button.click()

        expect(button).to_have_attribute("aria-pressed", "true")
        assert (desk.memory.awake.mode, desk.memory.awake.mode_until is not None) == (mode, limited)
