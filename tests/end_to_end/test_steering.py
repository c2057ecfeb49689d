"""Held agents steered from afar, as a user does it: real agents, real terminals, the real command line."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from tests.end_to_end.steered import Held, InTerminal, home_of, wakeline_in
from tests.lab import homes
from tests.lab.servers import Server
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline, entries, said

Agent = Callable[[Path, Path, str], homes.Launch]


#: What an agent shows when it can be typed at.
_READY = {"codex": "fake-model", "opencode": "Ask anything"}


@pytest.fixture
def wakeline() -> Iterator[Wakeline]:
    """A running supervisor."""
    with wakeline_in() as running:
        yield running


@pytest.fixture
def folder(wakeline: Wakeline) -> Path:
    """The folder that everything is in."""
    return wakeline.folder.parent


@pytest.fixture
def claude(
    wakeline: Wakeline, folder: Path, fake_anthropic: Server, in_terminal: InTerminal, needs_claude: None
) -> Held:
    """Claude Code, which asks before it runs anything, at its prompt."""
    del needs_claude
    launch = homes.claude(folder / "home", folder / "project", fake_anthropic.url)
    held = Held(wakeline, launch.plus("--permission-mode", "manual"), in_terminal)
    held.session(state="idle", kind="hosted")
    return held


def test_a_prompt_an_approval_an_interruption_and_the_end(claude: Held) -> None:
    """The whole day of a session that is steered from another terminal."""
    wakeline, own_id = claude.wakeline, claude.session()["id"]

    assert "The agent has it." in wakeline.run("send", own_id, "hello\nfrom afar").stdout
    until(lambda: claude.said("assistant"))
    assert claude.said("user") == ["hello\nfrom afar"]
    claude.session(state="idle")

    wakeline.run("send", own_id, "SCENARIO:bash touch made-by-claude")
    asks = claude.session(state="needs_you")
    until(lambda: claude.session()["approval"]["answerable"])
    asks = claude.session()
    assert (asks["approval"]["tool"], asks["approval"]["text"]) == ("Bash", "touch made-by-claude")
    refused = wakeline.run("send", own_id, "not now", check=False)
    assert (refused.returncode, "asks something" in refused.stderr) == (4, True)
    assert "Allowed once." in wakeline.run("approve", own_id).stdout
    until((claude.cwd / "made-by-claude").exists)
    claude.session(state="idle")

    wakeline.run("send", own_id, "SCENARIO:slow:200:200")
    claude.session(state="working")
    wakeline.run("interrupt", own_id)
    claude.session(state="idle")

    wakeline.run("stop", own_id)
    claude.session(state="ended")
    claude.terminal.wait()
    wakeline.run("resume", own_id, "--detach")
    back = claude.session(state="idle", kind="hosted")
    assert back["id"] == own_id
    wakeline.run("send", own_id, "still there?")
    until(lambda: claude.said("user")[-1] == "still there?")


def test_a_denied_command_is_not_run(claude: Held) -> None:
    """A no with a reason reaches the model; nothing was run."""
    own_id = claude.session()["id"]
    claude.wakeline.run("send", own_id, "SCENARIO:bash touch never")
    until(lambda: (claude.session()["approval"] or {}).get("answerable"))

    assert "Denied." in claude.wakeline.run("approve", own_id, "--deny", "--reason", "not today").stdout

    claude.session(state="idle")
    until(
        lambda: any(
            "not today" in entry["text"]
            for entry in entries(claude.wakeline, own_id)
            if entry["kind"] == "tool_result"
        )
    )
    assert not (claude.cwd / "never").exists()


def test_what_is_answered_at_the_keyboard_is_withdrawn(claude: Held) -> None:
    """The dialog at the desk works as ever; every other screen sees within a second that it is over."""
    own_id = claude.session()["id"]
    claude.wakeline.run("send", own_id, "SCENARIO:bash touch by-hand")
    until(lambda: (claude.session()["approval"] or {}).get("answerable"))
    asked = claude.session()["approval"]
    claude.terminal.wait_for("Do you want to proceed?")
    claude.terminal.settle()

    claude.terminal.press("1")

    until((claude.cwd / "by-hand").exists)
    claude.session(state="idle")
    late = claude.wakeline.run("approve", own_id, check=False)
    assert late.returncode == 4
    assert asked["id"] not in {one["id"] for one in claude.wakeline.json("approve")["approvals"]}


def test_a_paused_session_stands_still_and_goes_on(claude: Held) -> None:
    """Paused: nothing is written, also after kill -9 of the supervisor; continued: the turn is finished."""
    own_id = claude.session()["id"]
    claude.wakeline.run("send", own_id, "SCENARIO:slow:100:40")
    claude.session(state="working")

    claude.wakeline.run("pause", own_id)
    paused = claude.session(state="paused")
    assert psutil.Process(paused["pid"]).status() == psutil.STATUS_STOPPED
    claude.wakeline.kill()
    claude.wakeline.start()
    claude.session(state="paused")

    claude.wakeline.run("continue", own_id)
    claude.session(state="idle")
    until(lambda: [len(words.split()) for words in claude.said("assistant")] == [40])


def test_a_second_writer_is_refused(claude: Held) -> None:
    """One conversation is written by one process; the refusal says how to get to it."""
    own_id = claude.session()["id"]
    claude.wakeline.run("send", own_id, "hello")

    second = claude.wakeline.run("run", "--detach", "--", "claude", "--resume", own_id, check=False)

    assert second.returncode == 4
    assert "runs already" in second.stderr
    assert f"wakeline attach {own_id[:8]}" in second.stderr


def test_a_removed_session_comes_back_out_of_the_trash(claude: Held) -> None:
    """rm moves what is stored; restore brings it back, and the agent resumes it."""
    own_id = claude.session()["id"]
    claude.wakeline.run("send", own_id, "remember me")
    until(lambda: claude.said("assistant"))
    busy = claude.wakeline.run("rm", own_id, check=False)
    assert (busy.returncode, "Stop it first" in busy.stderr) == (4, True)
    claude.wakeline.run("stop", own_id)
    claude.session(state="ended")

    claude.wakeline.run("rm", own_id)
    until(lambda: claude.wakeline.session(id=own_id) is None)
    assert list((home_of(claude.wakeline) / ".claude" / "projects").glob(f"*/{own_id}.jsonl")) == []
    claude.wakeline.run("rm", "--restore", own_id[:8])

    claude.wakeline.run("resume", own_id, "--detach")
    claude.session(state="idle", id=own_id)
    assert claude.said("user") == ["remember me"]


def test_a_seen_session_is_taken_over(
    wakeline: Wakeline, folder: Path, fake_anthropic: Server, in_terminal: InTerminal, needs_claude: None
) -> None:
    """An agent started in a plain terminal goes on in one of ours: same conversation, folder and mode."""
    del needs_claude
    launch = homes.claude(folder / "home", folder / "project", fake_anthropic.url)
    (folder / "bin" / "claude").symlink_to(launch.argv[0])
    launch = launch.plus("--permission-mode", "plan", PATH=wakeline.environment["PATH"])
    terminal = in_terminal(launch)
    seen = wakeline.wait_for(agent="claude", state="idle", kind="seen")
    terminal.prompt("hello")
    until(lambda: said(entries(wakeline, seen["id"]), "assistant"))
    wakeline.wait_for(id=seen["id"], state="idle")
    refused = wakeline.run("send", seen["id"], "hello", check=False)
    assert (refused.returncode, "takeover" in refused.stderr or "Take it over" in refused.stderr) == (4, True)

    # A shell, too, takes note of the end of what it started.
    ended = threading.Thread(target=terminal.wait, args=(60.0,))
    ended.start()
    wakeline.run("takeover", seen["id"], "--detach")

    ended.join()
    taken = wakeline.wait_for(id=seen["id"], state="idle", kind="hosted")
    assert taken["cwd"] == seen["cwd"]
    assert "plan" in psutil.Process(taken["pid"]).cmdline()
    wakeline.run("send", seen["id"], "again")
    until(lambda: said(entries(wakeline, seen["id"]), "user") == ["hello", "again"])


def test_a_key_at_the_desk_takes_the_focus_back(claude: Held) -> None:
    """Half a line at the desk is not destroyed by a prompt from elsewhere."""
    own_id = claude.session()["id"]
    claude.terminal.press("half a li")
    claude.terminal.settle()

    refused = claude.wakeline.run("send", own_id, "hello", check=False)

    assert refused.returncode == 4
    assert "not sent yet" in refused.stderr
    claude.terminal.press("\x15")
    claude.terminal.settle()
    claude.wakeline.run("send", own_id, "hello")
    until(lambda: claude.said("user") == ["hello"])


@pytest.mark.parametrize("name", ["codex", "opencode"])
def test_other_agents_are_steered_as_well(
    name: str,
    wakeline: Wakeline,
    folder: Path,
    fake_openai: Server,
    in_terminal: InTerminal,
    request: pytest.FixtureRequest,
) -> None:
    """Prompt, interruption, stop and resume by the agent's own channel, or its keys."""
    request.getfixturevalue(f"needs_{name}")
    start: Agent = getattr(homes, name)
    held = Held(wakeline, start(folder / "home", folder / "project", fake_openai.url), in_terminal)
    own_id = begun(held)

    wakeline.run("send", own_id, "one\ntwo")
    until(lambda: "one\ntwo" in held.said("user"), 30)
    held.session(state="idle")
    wakeline.run("send", own_id, "%%slow:30%% please")
    held.session(state="working")
    wakeline.run("interrupt", own_id)
    held.session(state="idle")


def begun(held: Held) -> str:
    """Its id, once it has one: these agents tell it with the first prompt."""
    held.session(kind="hosted")
    held.terminal.wait_for(_READY[held.agent])
    held.terminal.settle(quiet=1.0, seconds=15.0)
    held.terminal.prompt("begin")
    until(lambda: "begin" in held.said("user") and held.said("assistant"), 30)
    return str(held.session(state="idle")["id"])
