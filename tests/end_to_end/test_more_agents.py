"""Qwen Code, Gemini CLI and Copilot CLI, steered from afar: real agents in real terminals."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.end_to_end.steered import Held, InTerminal, home_of, project_of, wakeline_in
from tests.lab import agents, homes
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

#: What each shows when it can be typed at.
_READY = {"qwen": "Type your message", "gemini": "Type your message", "copilot": "commands"}
_EVERYBODY = tuple(_READY)


@pytest.fixture
def wakeline() -> Iterator[Wakeline]:
    """A supervisor that does not wait long."""
    with wakeline_in(
        WAKELINE_RECONNECT_FIRST_PAUSE_SECONDS="1", WAKELINE_RECONNECT_LONGEST_PAUSE_SECONDS="3"
    ) as running:
        yield running


@pytest.fixture
def held(
    wakeline: Wakeline, fake_openai: Server, in_terminal: InTerminal, request: pytest.FixtureRequest
) -> Held:
    """The agent that a test wants, at its prompt."""
    name: str = request.param
    request.getfixturevalue(f"needs_{name}")
    launch: homes.Launch = getattr(homes, name)(home_of(wakeline), project_of(wakeline), fake_openai.url)
    if node := agents.node(name):
        (wakeline.folder.parent / "bin" / "node").symlink_to(node / "node")
    begun = Held(wakeline, launch, in_terminal)
    begun.terminal.wait_for(_READY[name])
    begun.session(state="idle", kind="hosted")
    begun.terminal.settle(quiet=1.0)
    return begun


def everybody(*names: str) -> pytest.MarkDecorator:
    """For each of these agents."""
    return pytest.mark.parametrize("held", names or _EVERYBODY, indirect=True)


@everybody()
def test_a_prompt_an_interruption_the_end_and_the_way_back(held: Held) -> None:
    """The whole day of a session that is steered from another terminal."""
    wakeline, own_id = held.wakeline, held.session()["id"]

    wakeline.run("send", own_id, "hello\nfrom afar")
    until(lambda: "hello\nfrom afar" in held.said("user") and held.said("assistant"))
    told = held.session(state="idle")
    assert told["model"]
    assert told["agent_version"] == agents.PINS[held.agent].version
    assert told["title"]
    assert told["cwd"] == str(held.cwd.resolve())

    wakeline.run("send", own_id, "%%slow:30%% please")
    held.session(state="working")
    until(lambda: "%%slow:30%% please" in held.said("user"))
    wakeline.run("interrupt", own_id)
    held.session(state="idle")

    wakeline.run("stop", own_id)
    held.session(state="ended")
    wakeline.run("resume", own_id, "--detach")
    back = held.session(state="idle", kind="hosted")
    assert back["id"] == own_id
    assert "hello\nfrom afar" in held.said("user")


@everybody("qwen")
def test_what_is_asked_is_answered_from_afar(held: Held) -> None:
    """Allowed once, denied once, and once answered at the desk."""
    wakeline, own_id = held.wakeline, held.session()["id"]

    wakeline.run("send", own_id, "please %%tool:touch made%%")
    until(lambda: (held.session()["approval"] or {}).get("answerable"))
    asked = held.session(state="needs_you")["approval"]
    assert (asked["tool"], asked["text"]) == ("run_shell_command", "touch made")
    assert "Allowed once." in wakeline.run("approve", own_id).stdout
    until((held.cwd / "made").exists)
    held.session(state="idle")

    wakeline.run("send", own_id, "please %%tool:touch never%%")
    until(lambda: (held.session()["approval"] or {}).get("answerable"))
    assert "Denied." in wakeline.run("approve", own_id, "--deny").stdout
    held.session(state="idle")

    wakeline.run("send", own_id, "please %%tool:touch neither%%")
    until(lambda: (held.session()["approval"] or {}).get("answerable"))
    held.terminal.press("\x1b")
    held.session(state="idle")
    assert held.session()["approval"] is None
    assert sorted(path.name for path in held.cwd.iterdir()) == ["made"]


@everybody("copilot")
def test_what_is_asked_is_answered_at_the_desk(held: Held) -> None:
    """It is shown that something is asked, and that it cannot be answered from here."""
    wakeline, own_id = held.wakeline, held.session()["id"]

    wakeline.run("send", own_id, "please %%tool:touch made%%")
    asks = held.session(state="needs_you")
    held.terminal.wait_for("Do you want to run this command?")
    held.terminal.settle()
    held.terminal.press("\r")

    assert not asks["approval"]["answerable"]
    until((held.cwd / "made").exists)
    held.session(state="idle")


@everybody()
def test_a_refused_request_is_told_and_not_tried(held: Held) -> None:
    """Only a person can help: nothing is typed, and the session says why."""
    own_id = held.session()["id"]

    held.wakeline.run("send", own_id, "bad %%400%%")

    cut = held.session(state="cut_off")
    assert (cut["reconnect"]["reason"], cut["reconnect"]["phase"]) == ("request refused", "stopped")


@everybody()
def test_a_killed_agent_is_started_again_and_goes_on(held: Held) -> None:
    """kill -9 in the middle of a turn: the same conversation is back, and the turn goes on."""
    wakeline, own_id = held.wakeline, held.session()["id"]
    wakeline.run("send", own_id, "hello first")
    until(lambda: held.said("assistant"))
    held.session(state="idle")
    wakeline.run("send", own_id, "%%slow:60%% please")
    working = held.session(state="working")
    until(lambda: "%%slow:60%% please" in held.said("user"))

    os.kill(working["pid"], signal.SIGKILL)

    until(lambda: held.session()["pid"] not in {None, working["pid"]})
    before = held.said("user").index("%%slow:60%% please")
    until(lambda: len(held.said("user")) > before + 1)
    assert held.session()["id"] == own_id


@everybody("qwen")
def test_a_supervisor_that_was_killed_hears_what_is_asked_meanwhile(held: Held) -> None:
    """kill -9 of the supervisor: what is asked in the meantime is asked when it is back."""
    wakeline, own_id = held.wakeline, held.session()["id"]
    wakeline.run("send", own_id, "hello")
    until(lambda: held.said("assistant"))
    held.session(state="idle")
    wakeline.kill()
    held.terminal.prompt("please %%tool:touch made%%")
    held.terminal.wait_for("Allow execution of")

    wakeline.start()

    until(lambda: (held.session()["approval"] or {}).get("answerable"))
    wakeline.run("approve", own_id)
    until((held.cwd / "made").exists)
    held.session(state="idle")


def channels(held: Held) -> list[Path]:
    """The files of all channels."""
    return sorted((home_of(held.wakeline) / ".qwen" / "wakeline").iterdir())


@everybody("qwen")
def test_a_channel_is_for_its_user_alone(held: Held) -> None:
    """Nobody else reads what is told there, or tells something."""
    assert [path.stat().st_mode & 0o077 for path in channels(held)] == [0, 0]
