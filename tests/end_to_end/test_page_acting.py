"""What else a phone does to a session: interrupt, pause, stop, resume, take over, delete, undo."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from supervisor.core.errors import Refused
from supervisor.core.model import Kind, Scope, Session, State
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import COMMAND, hosted, open_session, steer, working
from tests.lab.chromium import hold_time, witnessed
from tests.lab.waiting import until


def begin(page: Page, desk: Desk, session: Session, scope: Scope = Scope.CONTROL) -> None:
    """A session, open on the phone, and its menu."""
    desk.put(session)
    pair(page, desk, scope)
    steer(page)
    menu(page)


def trusted(page: Page, desk: Desk) -> None:
    """From now on this phone may do everything."""
    desk.trust()
    page.reload()
    page.locator("#app.live.fresh").wait_for()


def menu(page: Page) -> None:
    """Open it."""
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("dialog").wait_for()


def choose(page: Page, name: str) -> None:
    """Tap one of its actions."""
    page.get_by_role("dialog").locator(".action").filter(has_text=name).click()


def test_a_turn_is_interrupted(page: Page, desk: Desk) -> None:
    """Two taps; the sheet goes, the state comes from the computer."""
    begin(page, desk, hosted())

    choose(page, "Interrupt")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".now-line")).to_contain_text("Idle")
    assert desk.ordered == [("interrupt", {})]


def test_a_session_is_paused_and_goes_on(page: Page, desk: Desk) -> None:
    """What pausing does is said before; afterwards there is only the way on."""
    begin(page, desk, hosted())
    expect(page.get_by_role("dialog")).to_contain_text("may time out; it repeats the request")

    choose(page, "Pause")
    expect(page.locator(".now-line")).to_contain_text("Paused")
    menu(page)
    expect(page.get_by_role("dialog")).not_to_contain_text("may time out")
    choose(page, "Continue")

    expect(page.locator(".now-line")).to_contain_text("Working")
    assert desk.ordered == [("pause", {}), ("continue", {})]


# --- stop


@pytest.mark.parametrize("left_behind", [False, True])
def test_a_stop_is_sent_after_its_five_seconds(page: Page, desk: Desk, left_behind: bool) -> None:
    """With what it left running, if one says so; the seconds go on when one leaves the session."""
    page.clock.install()
    begin(page, desk, hosted())
    if left_behind:
        page.get_by_role("checkbox", name="Also what it left running").check()
    hold_time(page)

    choose(page, "Stop")
    expect(page.locator(".bar-undo")).to_contain_text("Title of s1 is stopped in a moment.")
    page.get_by_role("link", name="Back to the list").click()
    page.clock.run_for(4500)
    assert desk.ordered == []
    page.clock.run_for(700)

    until(lambda: page.evaluate("1") and desk.ordered == [("stop", {"left_behind": left_behind})])
    expect(page.locator(".bar-undo")).to_have_count(0)


def test_a_stop_can_be_undone(page: Page, desk: Desk) -> None:
    """Then nothing was ever sent."""
    page.clock.install()
    begin(page, desk, hosted())
    hold_time(page)
    choose(page, "Stop")

    page.get_by_role("button", name="Undo").click()
    page.clock.run_for(20_000)

    expect(page.locator(".bar-undo")).to_have_count(0)
    assert desk.ordered == []


def test_a_phone_that_slept_stops_nothing_later(page: Page, desk: Desk) -> None:
    """An hour later nobody expects it any more; it says that it was not done."""
    page.clock.install()
    begin(page, desk, hosted())
    hold_time(page)
    choose(page, "Stop")
    page.locator(".bar-undo").wait_for()

    page.clock.fast_forward(3_600_000)

    witnessed(page, ".bar-undo", "this phone slept over it")
    assert desk.ordered == []


def test_a_stop_that_fails_is_said_so(page: Page, desk: Desk) -> None:
    """Wherever one is by then."""
    desk.memory.steered.refusals["stop"] = Refused("It does not end.", "Try again.")
    page.clock.install()
    begin(page, desk, hosted())
    hold_time(page)
    choose(page, "Stop")
    page.locator(".bar-undo").wait_for()

    page.clock.run_for(5200)

    witnessed(page, ".bar-undo", "It does not end. Try again.")


def test_what_went_on_all_the_same_is_said(page: Page, desk: Desk) -> None:
    """Processes that could not be paused, or that were left running."""
    desk.memory.steered.stubborn = [17]
    page.clock.install()
    begin(page, desk, hosted())
    hold_time(page)

    choose(page, "Pause")
    expect(page.locator(".bar-undo")).to_have_text("1 of its processes could not be paused.Close")
    page.get_by_role("button", name="Close").click()
    menu(page)
    choose(page, "Stop")
    page.locator(".bar-undo").wait_for()
    page.clock.run_for(5200)

    witnessed(page, ".bar-undo", "1 process that it started goes on")


# --- resume, take over


def test_a_lost_session_is_resumed(page: Page, desk: Desk) -> None:
    """From the same menu, which also has its command."""
    begin(page, desk, hosted(state=State.LOST, run=None))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("dialog").get_by_role("button", name="Copy resume command").click()
    until(lambda: page.evaluate("navigator.clipboard.readText()") == COMMAND)

    choose(page, "Resume")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert desk.ordered == [("resume", {})]


def test_taking_over_a_working_agent_is_asked_about(page: Page, desk: Desk) -> None:
    """The computer says what would be lost; only a second tap does it."""
    begin(page, desk, working())

    choose(page, "Take over")
    expect(page.get_by_role("dialog")).to_contain_text("What it is doing now will be lost.")
    page.get_by_role("button", name="Take over all the same").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert desk.ordered == [("takeover", {"confirm": False}), ("takeover", {"confirm": True})]
    expect(page.get_by_role("textbox", name="Message to the agent")).to_be_visible()


def test_taking_over_an_idle_agent_needs_one_tap(page: Page, desk: Desk) -> None:
    """There is nothing to lose."""
    begin(page, desk, working(state=State.IDLE))

    choose(page, "Take over")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert desk.memory.sessions["s1"].kind is Kind.HOSTED


# --- delete


def test_a_deleted_session_can_be_brought_back(page: Page, desk: Desk) -> None:
    """It leaves the list at once; one tap and it is there again."""
    page.clock.install()
    begin(page, desk, hosted(state=State.ENDED, run=None))
    trusted(page, desk)
    menu(page)
    hold_time(page)

    choose(page, "Delete")
    page.locator(".bar-undo").wait_for()
    page.clock.run_for(200)
    expect(page.locator(".row")).to_have_count(0)
    expect(page.locator(".left")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    page.clock.resume()

    expect(page.locator(".row")).to_have_count(1)
    witnessed(page, ".bar-undo", "It is back.")
    assert desk.memory.steered.thrown == {}


def test_the_trash_is_with_the_machine(page: Page, desk: Desk) -> None:
    """Also days later: what, of which agent, until when."""
    desk.put(hosted(state=State.ENDED, run=None), hosted("s2"))
    desk.do(lambda steered: steered.throw_away("s1"))
    pair(page, desk, Scope.CONTROL)
    trusted(page, desk)

    page.locator(".machine").click()
    page.get_by_role("button", name="Deleted sessions").click()
    trash = page.get_by_role("dialog", name="Deleted sessions")
    for words in ("Title of s1", "Claude Code · /home/me/project", "until "):
        expect(trash).to_contain_text(words)
    trash.get_by_role("button", name="Bring back: Title of s1").click()

    expect(trash.locator(".trashed")).to_have_count(0)
    expect(page.locator(".row")).to_have_count(2)


def test_a_phone_without_all_rights_deletes_nothing(page: Page, desk: Desk) -> None:
    """It sees what was deleted, and where it could be brought back."""
    desk.put(hosted("s2", state=State.ENDED, run=None))
    desk.do(lambda steered: steered.throw_away("s2"))
    begin(page, desk, hosted(state=State.ENDED, run=None))
    expect(page.locator(".action.delete")).to_be_disabled()
    expect(page.locator(".action.delete")).to_contain_text("Only at the computer")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Back to the list").click()

    page.locator(".machine").click()
    page.get_by_role("button", name="Deleted sessions").click()

    trash = page.get_by_role("dialog", name="Deleted sessions")
    expect(trash).to_contain_text("Title of s2")
    expect(trash).to_contain_text("Only at the computer")
    expect(trash.get_by_role("button", name="Bring back")).to_have_count(0)


def test_an_empty_trash_says_so(page: Page, desk: Desk) -> None:
    """Nothing was deleted."""
    pair(page, desk, Scope.CONTROL)

    page.locator(".machine").click()
    page.get_by_role("button", name="Deleted sessions").click()

    expect(page.get_by_role("dialog")).to_contain_text("Nothing was deleted.")


# --- what is not possible


def test_what_is_not_possible_says_why(page: Page, desk: Desk) -> None:
    """The computer's reason stands where the action would be; what nobody expects is not there."""
    desk.memory.steered.reasons = {"pause": "It runs as another user."}
    begin(page, desk, hosted())

    pause = page.locator(".action").filter(has_text="Pause")

    expect(pause).to_contain_text("It runs as another user.")
    expect(pause).to_be_disabled()
    expect(page.locator(".action")).to_have_count(3)


def test_a_refusal_stays_in_the_sheet(page: Page, desk: Desk) -> None:
    """Title and hint; the session is as it was."""
    desk.memory.steered.refusals["interrupt"] = Refused("It is not working.", "There is nothing to end.")
    begin(page, desk, hosted())

    choose(page, "Interrupt")

    expect(page.get_by_role("dialog")).to_contain_text("It is not working. There is nothing to end.")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_phone_that_may_only_look_has_the_command_only(page: Page, desk: Desk) -> None:
    """And learns how to get more."""
    desk.put(hosted())
    pair(page, desk, Scope.VIEW)
    open_session(page)

    menu(page)

    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("pair it again and allow control")
    expect(sheet.locator(".action")).to_have_count(0)
    expect(sheet.get_by_role("button", name="Copy resume command")).to_be_visible()


def test_two_fast_taps_are_one_order(page: Page, desk: Desk) -> None:
    """The second finds the first on its way."""
    begin(page, desk, hosted())

    page.locator(".action.interrupt").evaluate("it => { it.click(); it.click(); }")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert _verbs(desk) == ["interrupt"]


def _verbs(desk: Desk) -> list[Any]:
    return [verb for verb, _ in desk.ordered]
