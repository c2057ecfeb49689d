"""What was cut off, on the phone: why, when the next try is, what was tried, and what one says to it."""

import time
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from supervisor.core.errors import Refused
from supervisor.core.model import Attempt, Reconnect, Scope, State
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import hosted, open_session, steer
from tests.lab.chromium import Phone, look
from tests.lab.waiting import until


def cut_off(**link: Any) -> Any:
    """A session that is cut off, and its way back."""
    usual: dict[str, Any] = {
        "attempt": 2,
        "next_try_at": time.time() + 900,
        "reason": "network unreachable",
        "policy": "auto",
    }
    failure = "API Error: Connection error."
    return hosted(state=State.CUT_OFF, reconnect=Reconnect(**{**usual, **link}), failure=failure)


def way(page: Page) -> Locator:
    """What an open session says of its way back."""
    return page.get_by_role("region", name="The way back")


def reconnects(desk: Desk) -> list[dict[str, Any]]:
    """What phones said to ways back."""
    return [body for verb, body in desk.ordered if verb == "reconnect"]


def test_a_cut_off_session_says_what_is_being_done(page: Page, desk: Desk) -> None:
    """Why in plain words, in the agent's own, which attempt, and a countdown to the next."""
    desk.put(cut_off())
    pair(page, desk)

    open_session(page)

    expect(page.locator(".now")).to_contain_text("Cut off")
    expect(way(page)).to_contain_text("The computer has no way to the agent")
    expect(way(page)).to_contain_text("API Error: Connection error.")
    expect(way(page)).to_contain_text("Attempt 2 · next try in ")
    before = way(page).locator("time.runs-down").inner_text()
    until(lambda: way(page).locator("time.runs-down").inner_text() != before)
    expect(way(page).get_by_role("button")).to_have_count(0)


def test_a_reason_that_the_page_does_not_know_is_said_as_it_is(page: Page, desk: Desk) -> None:
    """A newer computer may name others."""
    desk.put(cut_off(reason="solar flare", note="waits for the night"))
    pair(page, desk)

    open_session(page)

    expect(way(page)).to_contain_text("solar flare")
    expect(way(page)).to_contain_text("waits for the night")


def test_the_list_counts_down_too(page: Page, desk: Desk) -> None:
    """Why, attempt, countdown and buttons stand in the row; a try is one tap away."""
    desk.put(cut_off())
    pair(page, desk, Scope.CONTROL)

    row = page.locator(".of-cut_off li")
    expect(row).to_contain_text("The computer has no way to the agent")
    expect(row).to_contain_text("Attempt 2 · next try in ")
    row.get_by_role("button", name="Try now").click()

    until(lambda: page.evaluate("1") and reconnects(desk))
    assert reconnects(desk) == [{"action": "now", "policy": None}]
    assert page.url.endswith("/")


def test_one_says_try_wait_or_stop(page: Page, desk: Desk) -> None:
    """Each is one order; a refusal is said where it was given."""
    desk.put(cut_off())
    pair(page, desk, Scope.CONTROL)
    steer(page)

    for number, name in enumerate(("Try now", "Wait", "Stop trying")):
        button = way(page).get_by_role("button", name=name, exact=True)
        expect(button).to_have_attribute("aria-disabled", "false")
        button.click()
        until(lambda: page.evaluate("1") and len(reconnects(desk)) == number + 1)  # noqa: B023

    now, wait, stop = reconnects(desk)
    assert now == {"action": "now", "policy": None}
    assert wait == {"action": "stop", "policy": None}
    assert stop == {"action": "stop", "policy": "off"}
    desk.memory.steered.refusals["reconnect"] = Refused("It is back already.", "Look again.")
    way(page).get_by_role("button", name="Try now").click()
    expect(way(page).get_by_role("alert")).to_have_text("It is back already. Look again.")


@pytest.mark.parametrize(
    ("phase", "words", "buttons"),
    [
        ("waiting", "waits until it can go on", ["Try now", "Wait", "Stop trying"]),
        ("trying", "trying now", ["Wait", "Stop trying"]),
        ("asking", "waits for your yes", ["Try now", "Stop trying", "Try, and do not ask again"]),
        ("stopped", "not trying for now", ["Try now"]),
    ],
)
def test_each_phase_has_its_word_and_its_buttons(
    page: Page, desk: Desk, phase: str, words: str, buttons: list[str]
) -> None:
    """Nothing is offered that makes no sense now."""
    desk.put(cut_off(phase=phase, next_try_at=None, note="only a person can help here"))
    pair(page, desk, Scope.CONTROL)

    steer(page)

    expect(way(page)).to_contain_text(f"Attempt 2 · {words}")
    expect(way(page).locator(".button:visible")).to_have_text(buttons)


def test_what_was_stopped_for_good_can_begin_again(page: Page, desk: Desk) -> None:
    """One order brings it back now, and by itself from then on."""
    note = "given up after 6 tries within 10 min"
    desk.put(cut_off(phase="stopped", policy="off", next_try_at=None, note=note))
    pair(page, desk, Scope.CONTROL)
    steer(page)
    expect(way(page)).to_contain_text("not trying any more")
    expect(way(page)).to_contain_text("Given up after 6 tries within 10 min.")

    way(page).get_by_role("button", name="Try, and do not ask again").click()

    until(lambda: page.evaluate("1") and reconnects(desk))
    assert reconnects(desk) == [{"action": "now", "policy": "auto"}]


def test_what_was_tried_unfolds(page: Page, desk: Desk) -> None:
    """When, why, what was done and what came of it; the newest first."""
    at = time.time()
    history = (
        Attempt(at=at - 300, cause="connection dropped", what="asked again", outcome="failed again"),
        Attempt(at=at - 20, cause="network unreachable", what="started again"),
    )
    desk.put(cut_off(history=history))
    pair(page, desk)
    open_session(page)
    tries = way(page).locator("li")
    expect(tries.first).to_be_hidden()

    way(page).get_by_text("2 attempts so far").click()

    expect(tries.first).to_contain_text("The computer has no way to the agent")
    expect(tries.first).to_contain_text("started again → not known yet")
    expect(tries.last).to_contain_text("asked again → failed again")


def test_the_way_back_goes_with_its_need(page: Page, desk: Desk) -> None:
    """At work again, nothing of it is left, in the list or in the session."""
    desk.put(cut_off())
    pair(page, desk, Scope.CONTROL)
    steer(page)
    expect(way(page)).to_be_visible()

    desk.put(hosted())

    expect(way(page)).to_have_count(0)
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator(".row-under")).to_have_count(0)


def test_focus_stays_when_its_button_goes(page: Page, desk: Desk) -> None:
    """Who stops by keyboard is not thrown to the top of the page."""
    desk.put(cut_off())
    pair(page, desk, Scope.CONTROL)
    steer(page)
    way(page).get_by_role("button", name="Wait").focus()

    desk.put(cut_off(phase="stopped", next_try_at=None))

    expect(way(page).get_by_role("button", name="Try now")).to_be_focused()


def test_it_works_without_the_internet(page: Page, desk: Desk) -> None:
    """Nothing but the computer is asked for, and the light says what is missing."""
    seen = look(page)
    desk.memory.online = False
    desk.put(cut_off())
    pair(page, desk, Scope.CONTROL)

    steer(page)
    way(page).get_by_role("button", name="Try now").click()
    until(lambda: page.evaluate("1") and reconnects(desk))

    expect(page.locator(".light")).to_have_text("Live, but it has no internet")
    assert [url for url in seen.requests if not url.startswith(f"{desk.origin}/")] == []
    assert seen.complaints == []


@pytest.mark.parametrize("page", [Phone(language="de-DE")], indirect=True)
def test_reasons_are_said_in_german_too(page: Page, desk: Desk) -> None:
    """What the computer names in English is a sentence in the phone's language."""
    desk.put(cut_off(reason="usage limit", phase="asking", next_try_at=None))
    pair(page, desk, Scope.CONTROL)

    expect(page.locator(".row-way")).to_contain_text("Das Nutzungslimit ist erreicht.")
    expect(page.locator(".row-way")).to_contain_text("wartet auf dein Ja")
