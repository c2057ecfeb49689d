"""Turns that fail in the middle, and what brings them back: real agents, and a model that goes away."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

import os
import signal
from collections.abc import Iterator

from tests.end_to_end.steered import Held, InTerminal, home_of, project_of, wakeline_in
from tests.lab import homes
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline, entries, said


@pytest.fixture
def wakeline() -> Iterator[Wakeline]:
    """A supervisor that does not wait long."""
    with wakeline_in(
        WAKELINE_RECONNECT_FIRST_PAUSE_SECONDS="1", WAKELINE_RECONNECT_LONGEST_PAUSE_SECONDS="3"
    ) as running:
        yield running


@pytest.fixture
def claude(wakeline: Wakeline, fake_anthropic: Server, in_terminal: InTerminal, needs_claude: None) -> Held:
    """Claude Code as a version without endless patience of its own, at its prompt."""
    del needs_claude
    launch = homes.claude(home_of(wakeline), project_of(wakeline), fake_anthropic.url)
    patient = {"CLAUDE_CODE_RETRY_WATCHDOG": "0", "CLAUDE_CODE_MAX_RETRIES": "1"}
    held = Held(wakeline, launch.plus("--permission-mode", "acceptEdits", **patient), in_terminal)
    held.session(state="idle", kind="hosted")
    return held


def test_an_overloaded_model_is_asked_again_when_it_is_not_any_more(
    claude: Held, fake_anthropic: Server
) -> None:
    """The turn goes on by itself, once; what was tried is to be seen."""
    wakeline, own_id = claude.wakeline, claude.session()["id"]
    fake_anthropic.fault("status", status=529)
    wakeline.run("send", own_id, "SCENARIO:text:20")
    cut = claude.session(state="cut_off")
    assert cut["reconnect"]["reason"] == "overloaded"
    until(lambda: claude.session()["keeps_awake"])

    fake_anthropic.ask("/__clear", {})

    claude.session(state="idle")
    shown = said(entries(wakeline, own_id), "user")
    assert shown == ["SCENARIO:text:20", "Continue from where you left off."]


def test_a_wrong_key_is_told_and_not_tried(claude: Held, fake_anthropic: Server) -> None:
    """Only a person can help: nothing is typed, and the session says why."""
    own_id = claude.session()["id"]
    fake_anthropic.fault("status", status=403)

    claude.wakeline.run("send", own_id, "hello")

    cut = claude.session(state="cut_off")
    assert (cut["reconnect"]["reason"], cut["reconnect"]["phase"]) == ("authentication", "stopped")


def test_a_killed_agent_is_started_again_and_goes_on(claude: Held) -> None:
    """kill -9 in the middle of a turn: the same conversation is back, and the turn is finished."""
    wakeline, own_id = claude.wakeline, claude.session()["id"]
    wakeline.run("send", own_id, "SCENARIO:slow:200:60")
    working = claude.session(state="working")

    os.kill(working["pid"], signal.SIGKILL)

    until(lambda: said(entries(wakeline, own_id), "user")[-1] == "Continue from where you left off.", 60)
    back = claude.session(state="idle", kind="hosted")
    assert back["id"] == own_id
    assert back["pid"] != working["pid"]


def test_what_the_user_stops_stays_stopped(claude: Held, fake_anthropic: Server) -> None:
    """Stop trying: no word is typed when the model is back; try now: it goes on at once."""
    wakeline, own_id = claude.wakeline, claude.session()["id"]
    fake_anthropic.fault("status", status=529)
    wakeline.run("send", own_id, "SCENARIO:text:20")
    claude.session(state="cut_off")

    wakeline.run("retry", own_id, "--stop")
    fake_anthropic.ask("/__clear", {})
    until(lambda: claude.session()["reconnect"]["phase"] == "stopped")
    assert claude.session()["reconnect"]["note"] == "stopped by you"

    wakeline.run("retry", own_id)
    claude.session(state="idle")
    assert said(entries(wakeline, own_id), "user")[-1] == "Continue from where you left off."
