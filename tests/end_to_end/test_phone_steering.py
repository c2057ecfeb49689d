"""A whole day of a session that is steered from the phone: real agent, real terminal, real browser."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import socket
from collections.abc import Iterator

import psutil
from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.given import steer
from tests.end_to_end.steered import Held, InTerminal, home_of, project_of, wakeline_in
from tests.end_to_end.test_phone import LOOPBACK, drawn, seen_by_a_camera
from tests.lab import homes
from tests.lab.chromium import in_hand
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline


@pytest.fixture
def wakeline() -> Iterator[Wakeline]:
    """A supervisor with a port of its own."""
    with socket.create_server((LOOPBACK, 0)) as free:
        port = free.getsockname()[1]
    with wakeline_in(WAKELINE_PHONE_PORT=str(port)) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty tab on a fresh phone."""
    with in_hand(browser) as context:
        page = context.new_page()
        yield page


def pair(wakeline: Wakeline, page: Page, in_terminal: InTerminal) -> None:
    """Scan the code of a phone that may control, and type its number."""
    terminal = in_terminal(wakeline.command("phone", "--address", LOOPBACK, "--scope", "control"))
    terminal.wait_for("Go on if the address is")
    [link] = seen_by_a_camera(drawn(terminal))
    page.goto(link)
    number = page.locator(".number").inner_text()
    terminal.wait_for("Which number does it show?")
    terminal.press(f"{number}\r")
    terminal.wait_for("Connected:")
    page.locator("#app.live.fresh").wait_for()


def act(page: Page, name: str) -> None:
    """One of the actions."""
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("dialog").get_by_role("button", name=name).first.click()


def say(page: Page, words: str) -> None:
    """Write it and send it."""
    page.get_by_role("textbox", name="Message to the agent").fill(words)
    page.get_by_role("button", name="Send").click()


@pytest.mark.usefixtures("needs_claude")
def test_a_session_is_steered_from_the_phone(
    wakeline: Wakeline, page: Page, fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """Focus, prompt, approval, interruption, back at the desk, pause, stop, resume: one conversation."""
    launch = homes.claude(home_of(wakeline), project_of(wakeline), fake_anthropic.url)
    held = Held(wakeline, launch.plus("--permission-mode", "manual"), in_terminal)
    own_id = held.session(state="idle", kind="hosted")["id"]
    pair(wakeline, page, in_terminal)
    steer(page, own_id)

    say(page, "hello from the phone")
    until(lambda: held.said("user") == ["hello from the phone"], 30)
    expect(page.locator(".given")).to_have_count(0)
    assert held.session()["focus"]["label"] != "the desk"
    held.session(state="idle")

    say(page, "SCENARIO:bash touch made-by-phone")
    card = page.locator(".right .approval:not(.gone)")
    expect(card).to_contain_text("touch made-by-phone")
    card.locator(".verdict.steady:visible").get_by_role("button", name="Allow once", exact=True).click()
    until((held.cwd / "made-by-phone").exists, 30)
    held.session(state="idle")

    say(page, "SCENARIO:slow:200:200")
    held.session(state="working")
    act(page, "Interrupt")
    held.session(state="idle")

    held.terminal.press("x")
    until(lambda: (held.session()["focus"] or {}).get("holder") == "desk")
    expect(page.locator(".composer .focus-line")).to_contain_text("The desk types")
    held.terminal.press("\x15")
    held.terminal.settle()

    act(page, "Pause")
    paused = held.session(state="paused")
    assert psutil.Process(paused["pid"]).status() == psutil.STATUS_STOPPED
    act(page, "Continue")
    until(lambda: held.session()["state"] in {"idle", "working"})

    act(page, "Stop")
    held.session(state="ended")
    act(page, "Resume")
    held.session(state="idle", kind="hosted")
    page.locator(".composer .focus-line").get_by_role("button", name="Take over").or_(
        page.get_by_role("textbox", name="Message to the agent")
    ).first.click()
    say(page, "still the same?")
    until(lambda: held.said("user")[-1] == "still the same?", 30)
    assert held.said("user")[0] == "hello from the phone"


@pytest.mark.usefixtures("needs_claude")
def test_the_terminal_of_a_session_is_on_the_phone(
    wakeline: Wakeline, page: Page, fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """What stands on the screen at the desk stands on the phone, and keys get there."""
    launch = homes.claude(home_of(wakeline), project_of(wakeline), fake_anthropic.url)
    held = Held(wakeline, launch.plus("--permission-mode", "manual"), in_terminal)
    own_id = held.session(state="idle", kind="hosted")["id"]
    pair(wakeline, page, in_terminal)
    steer(page, own_id)

    page.get_by_role("button", name="Terminal").first.click()

    expect(page.locator(".screen")).to_contain_text("manual mode on")
