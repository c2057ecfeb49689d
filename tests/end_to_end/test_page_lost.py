"""What was lost, on the phone: what is left of each, and bringing one, some or all back."""

import time
from dataclasses import replace
from typing import Any

from playwright.sync_api import Locator, Page, expect

from supervisor.core.errors import Failed
from supervisor.core.model import Scope, Session, State
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import COMMAND, entry, hosted
from tests.fakes.steered import Remains
from tests.lab.chromium import witnessed
from tests.lab.waiting import until


def lost(session_id: str, **facts: Any) -> Session:
    """A session whose process was killed."""
    usual: dict[str, Any] = {
        "state": State.LOST,
        "run": None,
        "cause": "killed",
        "git_branch": "main",
        "model": "claude-sonnet-4-5",
        "last_entry": entry(1, f"The last line of {session_id}."),
        "since": time.time() - 110_000,
    }
    return hosted(session_id, **{**usual, **facts})


def put(desk: Desk, *sessions: Session, **left: Any) -> None:
    """They are lost, and this is left of them."""
    desk.put(*sessions)
    for session in sessions:
        what: dict[str, Any] = {"branch_now": "main", **left}
        desk.memory.steered.remains[session.id] = Remains(session=session, **what)


def open_list(page: Page) -> Locator:
    """Tap the line above the list."""
    page.locator(".to-lost").click()
    sheet = page.get_by_role("dialog", name="Lost")
    sheet.locator(".lost").first.wait_for()
    return sheet


def card(sheet: Locator, session_id: str) -> Locator:
    """What is said of one."""
    return sheet.locator(".lost", has_text=f"Title of {session_id}")


def brought_back(desk: Desk) -> list[str]:
    """The sessions that phones wanted back."""
    return [session_id for verb, session_id, _ in desk.memory.steered.orders if verb == "recover"]


def test_what_was_lost_tells_what_one_must_know(page: Page, desk: Desk) -> None:
    """Folder, agent, model, branch, last line, when and how it ended."""
    put(desk, lost("s1"))
    pair(page, desk)
    expect(page.locator(".to-lost")).to_contain_text("1 session was lost")

    sheet = open_list(page)

    told = "/home/me/project|Claude Code|sonnet-4-5|main|The last line of s1.|Its process was killed.|30 h"
    for words in told.split("|"):
        expect(card(sheet, "s1")).to_contain_text(words)


def test_without_a_loss_there_is_no_list_of_it(page: Page, desk: Desk) -> None:
    """It comes when something is lost, and goes when that is back."""
    desk.put(hosted())
    pair(page, desk)
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".to-lost:visible")).to_have_count(0)

    desk.put(lost("s1"))
    expect(page.locator(".to-lost")).to_be_visible()
    desk.put(hosted())

    expect(page.locator(".to-lost")).to_be_hidden()


def test_what_is_missing_is_said(page: Page, desk: Desk) -> None:
    """A folder or transcript that is gone makes it impossible; another branch only wants to be known."""
    put(desk, lost("s1"), folder_exists=False)
    put(desk, lost("s2"), transcript_exists=False)
    put(desk, lost("s3"), branch_now="fix/it")
    pair(page, desk, Scope.CONTROL)

    sheet = open_list(page)

    for session_id, words in (("s1", "Its folder is gone."), ("s2", "Its transcript is gone.")):
        expect(card(sheet, session_id)).to_contain_text(words)
        expect(card(sheet, session_id).get_by_role("button", name="Resume", exact=True)).to_have_count(0)
        expect(card(sheet, session_id).get_by_role("checkbox")).to_have_count(0)
    expect(card(sheet, "s3")).to_contain_text("on branch fix/it now; it was on main")
    expect(card(sheet, "s3").get_by_role("button", name="Resume", exact=True)).to_be_visible()
    expect(sheet.get_by_role("button", name="Resume it")).to_be_visible()


def test_one_is_brought_back(page: Page, desk: Desk) -> None:
    """One tap, without a question; then its card says where it stands and leads there."""
    put(desk, lost("s1"), lost("s2"))
    pair(page, desk, Scope.CONTROL)
    sheet = open_list(page)

    card(sheet, "s2").get_by_role("button", name="Resume", exact=True).click()

    expect(card(sheet, "s2")).to_contain_text("Back: Starting")
    assert brought_back(desk) == ["s2"]
    desk.put(hosted("s2"))
    card(sheet, "s2").get_by_role("link", name="Back: Working").click()
    expect(page.locator(".titles h1")).to_have_text("Title of s2")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_several_are_brought_back(page: Page, desk: Desk) -> None:
    """Those that are ticked; without a tick it is all that can be."""
    put(desk, *(lost(f"s{n}") for n in range(4)))
    pair(page, desk, Scope.CONTROL)
    sheet = open_list(page)
    expect(sheet.get_by_role("button", name="Resume all 4")).to_be_visible()

    for name in ("s1", "s3"):
        sheet.get_by_role("checkbox", name=f"Choose Title of {name}").check()
    sheet.get_by_role("button", name="Resume the 2 chosen").click()
    until(lambda: page.evaluate("1") and len(brought_back(desk)) == 2)
    assert set(brought_back(desk)) == {"s1", "s3"}
    sheet.get_by_role("button", name="Resume all 2").click()

    until(lambda: page.evaluate("1") and set(brought_back(desk)) == {"s0", "s1", "s2", "s3"})
    expect(sheet.get_by_role("button", name="Resume all")).to_be_hidden()


def test_a_refusal_is_said_at_its_card(page: Page, desk: Desk) -> None:
    """Nothing looks as if it were on its way that is not."""
    put(desk, lost("s1"))
    desk.memory.steered.refusals["recover"] = Failed("No terminal could be opened.", "Try again.")
    pair(page, desk, Scope.CONTROL)
    sheet = open_list(page)

    card(sheet, "s1").get_by_role("button", name="Resume", exact=True).click()

    expect(card(sheet, "s1").get_by_role("status").first).to_contain_text("No terminal could be opened.")
    expect(card(sheet, "s1").get_by_role("button", name="Resume", exact=True)).to_be_enabled()


def test_the_command_of_a_lost_session_is_copied(page: Page, desk: Desk) -> None:
    """For who would rather do it by hand; a phone that may only look can too."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    put(desk, lost("s1"))
    pair(page, desk)
    sheet = open_list(page)
    expect(sheet.get_by_role("checkbox")).to_have_count(0)

    sheet.get_by_role("button", name="Copy resume command").click()

    witnessed(page, ".copy .button", "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == COMMAND


def test_a_loss_while_the_list_is_open_does_not_disturb_it(page: Page, desk: Desk) -> None:
    """The cards stay as they were opened; the next opening has them all."""
    put(desk, lost("s1"))
    pair(page, desk, Scope.CONTROL)
    sheet = open_list(page)

    put(desk, replace(lost("s2"), title="Title of s2"))
    expect(page.locator(".to-lost")).to_contain_text("2 sessions were lost")
    expect(sheet.locator(".lost")).to_have_count(1)
    page.keyboard.press("Escape")

    expect(open_list(page).locator(".lost")).to_have_count(2)
