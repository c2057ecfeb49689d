"""The link between page and computer: cut, lost, silent, and found again."""

import pytest
from playwright.sync_api import Page, expect

from supervisor.core.model import (
    State,
)
from tests.end_to_end.conftest import pair
from tests.end_to_end.desk import Desk
from tests.end_to_end.given import entry, messages, open_session, working
from tests.lab.chromium import hold_time, look
from tests.lab.waiting import until


def test_a_cut_stream_loses_and_repeats_nothing(page: Page, desk: Desk) -> None:
    """Cut again and again while the agent writes: every entry is there once, in order, without a banner."""
    desk.put(working())
    pair(page, desk)
    open_session(page)
    expect(page.locator(".top")).to_contain_text("Nothing has been said")

    for round_ in range(5):
        desk.say("s1", *(entry(round_ * 100 + n, f"m{round_ * 10 + n}") for n in range(5)))
        desk.cut()
        desk.say("s1", *(entry(round_ * 100 + n, f"m{round_ * 10 + n}") for n in range(5, 10)))
        expect(page.locator(".message").last).to_contain_text(f"m{round_ * 10 + 9}")

    expect(messages(page)).to_have_text([f"m{n}" for n in range(50)])
    expect(page.locator(".banner")).to_be_hidden()


def test_a_new_life_of_the_supervisor_is_caught_up_with(page: Page, desk: Desk) -> None:
    """Stopped, restarted, all numbers anew: a fresh picture, and no entry lost or doubled."""
    desk.put(working())
    desk.say("s1", entry(1, "before"))
    pair(page, desk)
    open_session(page)
    expect(page.locator(".message")).to_have_count(1)

    desk.stop()
    desk.memory.transcripts["s1"] += [entry(2, "meanwhile"), entry(3, "and more")]
    desk.memory.sessions["s1"] = working(state=State.IDLE)
    desk.new_life()
    desk.start()
    page.get_by_role("button", name="Try now").or_(page.locator(".live .now.is-idle")).first.wait_for()
    page.evaluate("dispatchEvent(new Event('online'))")

    expect(page.locator(".now")).to_contain_text("Idle")
    expect(page.locator(".message")).to_have_count(3)
    desk.say("s1", entry(4, "after"))
    expect(page.locator(".message")).to_have_count(4)
    expect(messages(page)).to_have_text(["before", "meanwhile", "and more", "after"])


def test_the_page_says_truthfully_that_nothing_comes(page: Page, desk: Desk) -> None:
    """After three seconds a banner: why, last seen when; nothing spins; it goes when the link is back."""
    page.clock.install()
    desk.put(working())
    pair(page, desk)
    banner = page.locator(".banner")
    hold_time(page)

    desk.stop()
    expect(page.locator(".light")).to_have_text("Connecting …")
    expect(banner).to_be_hidden()
    page.clock.resume()
    expect(banner).to_contain_text("Wakeline does not answer on devbox. It may be stopped.")
    expect(banner).to_contain_text("Last seen ")
    expect(page.locator(".light")).to_have_text("Not connected")
    assert page.locator(".row .turn").evaluate("it => getComputedStyle(it).animationName") == "none"
    desk.start()
    page.get_by_role("button", name="Try now").click()

    expect(page.locator(".light")).to_have_text("Live")
    expect(banner).to_be_hidden()


@pytest.mark.parametrize(
    ("leaving", "words"),
    [("sleep", "devbox went to sleep."), ("stop", "Wakeline was stopped on devbox.")],
)
def test_a_farewell_is_believed(page: Page, desk: Desk, leaving: str, words: str) -> None:
    """Who said that it goes is not guessed about."""
    pair(page, desk)

    desk.publish("machine", None, leaving)
    # What comes after it is here, so it is here.
    desk.put(working())
    expect(page.locator(".row")).to_have_count(1)
    desk.stop()

    expect(page.locator(".banner")).to_contain_text(words)


def test_a_phone_without_network_says_that_it_is_the_phone(page: Page, desk: Desk) -> None:
    """It does not blame the computer."""
    pair(page, desk)

    page.context.set_offline(True)
    desk.cut()

    expect(page.locator(".banner")).to_contain_text("This phone has no network.")
    page.context.set_offline(False)
    expect(page.locator(".light")).to_have_text("Live")


def test_a_silent_stream_is_dead_after_35_seconds(page: Page, desk: Desk) -> None:
    """Browsers believe in streams that the system killed; heartbeats tell the truth."""
    page.clock.install()
    seen = look(page)
    desk.put(working())
    pair(page, desk)

    hold_time(page)

    def streams(later: int) -> list[str]:
        page.clock.run_for(later)
        return [url for url in seen.requests if "/api/events" in url]

    assert len(streams(23_000)) == 1
    # A heartbeat may come in between: it counts anew from there.
    until(lambda: len(streams(36_000)) > 1)

    assert streams(0)[1].endswith("?after=e1-1")


def test_coming_back_asks_from_the_last_number(page: Page, desk: Desk) -> None:
    """A page that was hidden does not trust its stream: it asks again at once."""
    desk.put(working())
    pair(page, desk)
    seen = look(page)
    hide = """hidden => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }"""

    page.evaluate(hide, True)
    page.evaluate("Date.now = ((now) => () => now() + 5000)(Date.now)")
    page.evaluate(hide, False)

    until(lambda: page.evaluate("1") and [url for url in seen.requests if "after=e1-1" in url])
    expect(page.locator(".light")).to_have_text("Live")


def test_a_token_that_ran_out_is_renewed_quietly(page: Page, desk: Desk) -> None:
    """A 401 is answered with a new proof, once, and nobody notices."""
    desk.put(working())
    pair(page, desk)
    seen = look(page)

    desk.end_tokens()
    desk.cut()
    open_session(page)

    expect(page.locator(".top")).to_contain_text("Nothing has been said")
    assert f"{desk.origin}/api/auth/token" in seen.requests
    assert not [url for url in seen.requests if "token=" in url.lower()]
