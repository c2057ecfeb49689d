"""Codex itself, steered: by a second client of its daemon while its terminal looks on, and by typing."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("needs a system that says who holds a lock", allow_module_level=True)
assert sys.platform == "linux"

import json
import shutil
import signal
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from supervisor.agents import codex
from supervisor.core.errors import NotNow, Refused
from supervisor.core.model import Session, Sighting, Sign
from supervisor.core.steering import Decision, Prompt, Verdict
from tests.lab.terminal import Terminal
from tests.lab.waiting import until
from tests.supervisor.agents.codex.real import Feed, Home, Start, leave, ready

pytestmark = pytest.mark.usefixtures("needs_codex")

ALLOW = Decision(verdict=Verdict.ALLOW)
DENY = Decision(verdict=Verdict.DENY)
COLOURS = {
    "questions": [
        {
            "id": "colour",
            "header": "Colour",
            "question": "Which colour?",
            "options": [
                {"label": "Red", "description": "warm"},
                {"label": "Blue", "description": "cold"},
            ],
        }
    ]
}


def opened(home: Home, terminal: Terminal) -> Session:
    """The session of a terminal that has just been started, when it takes prompts."""
    ready(terminal)
    return session(home.only())


def session(seen: Sighting) -> Session:
    """As the supervisor knows it."""
    assert seen.session_id
    return Session(
        id=seen.session_id, agent="codex", run=seen.run, resume=codex.resume(seen.session_id, seen.facts.cwd)
    )


def prompt(session: Session, text: str, when: str = "idle") -> Prompt:
    """A prompt that was never given."""
    return Prompt(
        id=uuid.uuid4().hex,
        session_id=session.id,
        agent="codex",
        text=text,
        when=when,
        by="phone",
        at=time.time(),
    )


def said(home: Home, session: Session) -> Sequence[str]:
    """The user's words in the rollout, in order."""
    items = (line["payload"].get("item", {}) for line in written(home, session))
    return [item["content"][0]["text"] for item in items if item.get("type") == "UserMessage"]


def written(home: Home, session: Session) -> Sequence[Mapping[str, Any]]:
    """All lines of its rollout."""
    found = codex.find(home.codex, session.id)
    lines = Path(found.where).read_text().splitlines(keepends=True) if found else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def test_a_command_is_allowed_from_afar(daemon_home: Home, feed: Feed, in_terminal: Start) -> None:
    """All of it is told; it runs once, and the dialog goes from the terminal."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    trace = daemon_home.launch.cwd / "allowed"
    command = f"echo ESC >> {trace}"

    terminal.prompt(f"please %%tool:{command}%%")
    asked = feed.question()
    terminal.wait_for("Would you like to run")
    place = terminal.mark()
    taken = feed.do(feed.line.answer(asked, ALLOW))
    terminal.wait_for("Finished tool", since=place)
    feed.wait_for(Sign.IDLE, since=len(feed.told) - 1)

    assert taken
    assert (asked.session_id, asked.tool, asked.answerable) == (session.id, "shell", True)
    assert asked.text == f"/bin/bash -lc '{command}'"
    assert (asked.reason, asked.cwd) == ("May I run this outside the sandbox?", str(daemon_home.launch.cwd))
    assert trace.read_text() == "ESC\n"
    assert feed.ear.over == [asked.id]
    leave(terminal)
    until(lambda: daemon_home.seen() == [], saying="put away although we listened")


def test_a_command_is_denied_with_a_reason(daemon_home: Home, feed: Feed, in_terminal: Start) -> None:
    """It never runs; the reason is said to the agent, which goes on."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    trace = daemon_home.launch.cwd / "denied"
    terminal.prompt(f"please %%tool:echo ESC >> {trace}%%")
    asked = feed.question()

    feed.do(feed.line.answer(asked, Decision(verdict=Verdict.DENY, reason="Not on a Friday")))
    terminal.wait_for("Echo: Not on a Friday")

    assert not trace.exists()
    assert said(daemon_home, session)[-1] == "Not on a Friday"
    assert feed.ear.over == [asked.id]
    leave(terminal)


def test_what_is_answered_at_the_keyboard_is_withdrawn(
    daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """Within a second; an answer from afar then comes too late, and changes nothing."""
    terminal = in_terminal(daemon_home.launch)
    opened(daemon_home, terminal)
    trace = daemon_home.launch.cwd / "keyboard"
    terminal.prompt(f"please %%tool:echo ESC >> {trace}%%")
    asked = feed.question()
    terminal.wait_for("Would you like to run")

    terminal.press("y")
    until(lambda: feed.ear.over == [asked.id], seconds=1.0)

    with pytest.raises(Refused, match="over"):
        feed.do(feed.line.answer(asked, DENY))
    terminal.wait_for("Finished tool")
    assert trace.read_text() == "ESC\n"
    leave(terminal)


def test_a_patch_is_told_as_a_diff(daemon_home: Home, feed: Feed, in_terminal: Start) -> None:
    """Also to who comes late; denied, it changes nothing."""
    terminal = in_terminal(daemon_home.launch)
    opened(daemon_home, terminal)
    file = daemon_home.folder / "outside.txt"
    file.write_text("one\ntwo\n")
    terminal.prompt(
        "please %%tool:apply_patch <<'EOF'\n*** Begin Patch\n"
        f"*** Update File: {file}\n@@\n one\n-two\n+TWO\n*** Add File: {file}.new\n+new\n*** End Patch\nEOF%%"
    )
    asked = feed.question()
    place = terminal.mark()

    feed.do(feed.line.answer(asked, DENY))
    terminal.wait_for("Finished tool", since=place)

    assert (asked.tool, asked.answerable) == ("apply_patch", True)
    assert f"--- {file}\n+++ {file}\n@@ -1,2 +1,2 @@\n one\n-two\n+TWO\n" in str(asked.diff)
    assert f"--- /dev/null\n+++ {file}.new\n@@ -0,0 +1,1 @@\n+new\n" in str(asked.diff)
    assert file.read_text() == "one\ntwo\n"
    leave(terminal)


@pytest.mark.parametrize(
    ("decision", "answers"),
    [
        (Decision(verdict=Verdict.ANSWER, answers={"Which colour?": ["Blue"]}), {"colour": ["Blue"]}),
        (
            Decision(verdict=Verdict.ANSWER, answers={"Which colour?": ["Rather green"]}),
            {"colour": ["user_note: Rather green"]},
        ),
        (DENY, {}),
    ],
    ids=["one of the choices", "own words", "none"],
)
def test_a_question_with_choices_is_answered(
    decision: Decision, answers: Mapping[str, Any], daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """By a choice, by one's own words, or not at all; the agent gets what it would get from the keyboard."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    terminal.prompt(f"ask %%call:request_user_input {json.dumps(COLOURS)}%%")
    asked = feed.question()

    feed.do(feed.line.answer(asked, decision))
    terminal.wait_for("Finished call")

    assert [(q.text, [c.label for c in q.choices], q.free) for q in asked.questions] == [
        ("Which colour?", ["Red", "Blue"], True)
    ]
    given = [
        line["payload"]["output"]
        for line in written(daemon_home, session)
        if line["payload"].get("type") == "function_call_output"
    ]
    assert json.loads(given[-1]) == {"answers": {name: {"answers": each} for name, each in answers.items()}}
    leave(terminal)


def test_what_a_sub_agent_asks_is_asked_by_its_session(
    daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """Its session needs its user then, and the sub-agent is put away like any other when it is done."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    trace = daemon_home.launch.cwd / "sub-agent"
    task = json.dumps({"message": f"please @@tool:echo ESC >> {trace}@@"})

    terminal.prompt(f"delegate %%call:multi_agent_v1.spawn_agent {task}%%")
    asked = feed.question()
    asking = feed.wait_for(Sign.ASKING)
    feed.do(feed.line.answer(asked, ALLOW))
    until(trace.exists)

    assert asked.session_id == session.id
    assert asking == (session.id, Sign.ASKING, "approval")
    until(lambda: feed.told[-1] == (session.id, Sign.IDLE, None), saying="at rest")
    leave(terminal)
    until(lambda: daemon_home.seen() == [], saying="put away although we listened")


def test_who_comes_back_is_told_the_same_question(daemon_home: Home, feed: Feed, in_terminal: Start) -> None:
    """A supervisor that was killed meanwhile knows it again by its id, and answers it."""
    terminal = in_terminal(daemon_home.launch)
    opened(daemon_home, terminal)
    terminal.prompt("please %%tool:echo ESC%%")
    asked = feed.question()
    feed.close()

    again = Feed(daemon_home)
    same = again.question()
    again.do(again.line.answer(asked, ALLOW))

    assert (same.id, same.digest) == (asked.id, asked.digest)
    terminal.wait_for("Finished tool")
    again.close()
    leave(terminal)


@pytest.mark.parametrize("text", ["/quit", "!touch shell", "@file", "#tag", "two\nlines"])
def test_a_prompt_reaches_the_session_by_its_daemon(
    text: str, daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """Whatever it begins with it is words to the model; the terminal shows it, and half a sentence stays."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    terminal.press("half a sentence")
    terminal.settle()

    given = prompt(session, text)
    taken = [feed.do(feed.line.prompt(session, given)) for _ in range(2)]
    terminal.wait_for(f"Echo: {text}")
    terminal.settle()
    terminal.press("\r")
    terminal.wait_for("Echo: half a sentence")

    assert taken == [True, True]
    assert said(daemon_home, session) == [text, "half a sentence"]
    assert not (daemon_home.launch.cwd / "shell").exists()
    leave(terminal)


def test_a_prompt_is_taken_once_by_whoever_comes_after_a_crash(
    daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """Another life of ours that does not know whether it was given finds it in the rollout."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    given = prompt(session, "only once")
    feed.do(feed.line.prompt(session, given))
    terminal.wait_for("Echo: only once")

    again = Feed(daemon_home)
    taken = again.do(again.line.prompt(session, given))
    again.close()

    assert taken
    assert said(daemon_home, session) == ["only once"]
    leave(terminal)


def test_a_prompt_waits_for_the_turn_or_joins_it(daemon_home: Home, feed: Feed, in_terminal: Start) -> None:
    """One for when the agent is idle is not taken while it works; one for now is."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    terminal.prompt("hello %%slow:4%%")
    feed.wait_for(Sign.WORKING)

    with pytest.raises(NotNow):
        feed.do(feed.line.prompt(session, prompt(session, "later")))
    taken = feed.do(feed.line.prompt(session, prompt(session, "and this", "now")))
    terminal.wait_for("Echo: and this")

    assert taken
    assert said(daemon_home, session) == ["hello %%slow:4%%", "and this"]
    leave(terminal)


@pytest.mark.parametrize("text", ["hello %%slow:30%%", "please %%tool:echo ESC%%"], ids=["work", "question"])
def test_a_turn_is_interrupted_by_the_daemon(
    text: str, daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """Whether it works or asks; what it asked is withdrawn, and the terminal says so."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    terminal.prompt(text)
    feed.wait_for(Sign.WORKING if "slow" in text else Sign.ASKING)

    done = feed.do(feed.line.interrupt(session))
    terminal.wait_for("Conversation interrupted")

    assert done
    until(lambda: daemon_home.written(session.id) is Sign.INTERRUPTED)
    until(lambda: set(feed.ear.asked) == set(feed.ear.over))
    leave(terminal)


def test_a_terminal_without_the_daemon_is_left_to_typing(
    daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """The daemon has no channel to it; what is typed at it arrives as words."""
    terminal = in_terminal(daemon_home.launch.plus("--no-daemon"))
    session = opened(daemon_home, terminal)

    prompted = feed.do(feed.line.prompt(session, prompt(session, "hello")))
    interrupted = feed.do(feed.line.interrupt(session))
    for text in ("!touch shell", "/quit", "see @file", "say $x"):
        terminal.prompt(codex.steering.as_text(text))
        terminal.wait_for(f"Echo: {text}")
    terminal.prompt("%%slow:30%%")
    terminal.wait_for("word0")
    terminal.press(codex.steering.typing.interrupt.decode())
    terminal.wait_for("Conversation interrupted")

    assert (prompted, interrupted) == (False, False)
    assert said(daemon_home, session)[:4] == ["!touch shell", "/quit", "see @file", "say $x"]
    assert codex.steering.ends_by(session, daemon_home.processes) == session.run
    leave(terminal)


def test_a_killed_daemon_takes_its_questions_along(daemon_home: Home, in_terminal: Start) -> None:
    """They are withdrawn, and what is given to its sessions is left to their terminals."""
    daemon_home.start_daemon()
    feed = Feed(daemon_home)
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    terminal.prompt("please %%tool:echo ESC%%")
    asked = feed.question()

    psutil.Process(session.run.pid if session.run else 0).kill()

    until(lambda: feed.ended)
    assert feed.ear.over == [asked.id]
    assert feed.do(feed.line.answer(asked, ALLOW)) is False
    assert feed.do(feed.line.prompt(session, prompt(session, "hello"))) is False
    feed.close()


def test_a_daemon_that_hangs_is_no_daemon_that_is_gone(
    daemon_home: Home, feed: Feed, in_terminal: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A prompt waits until it answers, and is taken once although it was given twice."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    given = prompt(session, "patience")
    daemon = psutil.Process(session.run.pid if session.run else 0)
    monkeypatch.setattr("supervisor.agents.codex.daemon.PATIENCE", 1.0)

    daemon.suspend()
    with pytest.raises(NotNow):
        feed.do(feed.line.prompt(session, given))
    daemon.resume()
    taken = until(lambda: feed.do(feed.line.prompt(session, given)))
    terminal.wait_for("Echo: patience")

    assert taken
    assert said(daemon_home, session) == ["patience"]
    assert not feed.ended
    leave(terminal)


def test_codex_speaks_to_its_servers_under_its_own_name(
    daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """Although we were the first to greet its daemon, and greet it once more."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    again = Feed(daemon_home)
    again.wait_for(Sign.IDLE)

    feed.do(feed.line.prompt(session, prompt(session, "who are you")))
    terminal.wait_for("Echo: who are you")

    agents = [asked["ua"] for asked in daemon_home.asked() if asked.get("prompt") == "who are you"]
    assert agents
    assert not any("wakeline" in agent.lower() or "daemon" in agent for agent in agents)
    again.close()
    leave(terminal)


def test_another_terminal_joins_a_session_of_the_daemon(
    daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """Nothing has to end: both terminals show it, and the daemon is the only writer."""
    first = in_terminal(daemon_home.launch)
    session = opened(daemon_home, first)
    first.prompt("hello")
    first.wait_for("Echo: hello")
    steering, processes = codex.steering, daemon_home.processes
    relaunched = steering.relaunch(session, ("codex", "-m", "fake-model"))
    assert relaunched

    joins = steering.joins(session, processes)
    alone = daemon_home.only().screens
    second = in_terminal(daemon_home.launch.plus(*relaunched.argv[1:]))
    ready(second)
    both = daemon_home.only().screens
    feed.do(feed.line.prompt(session, prompt(session, "both of you")))
    for terminal in (first, second):
        terminal.wait_for("Echo: both of you")
    ends = steering.ends_by(session, processes)

    assert joins
    assert [run.pid for run in alone or ()] == [first.pid]
    assert [run.pid for run in both or ()] == [first.pid, second.pid]
    assert ends
    assert ends.pid == second.pid
    leave(second)
    leave(first)


def test_ending_a_terminal_ends_neither_turn_nor_daemon(
    daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """The turn comes to its end, then the session is put away; the daemon is to be spared."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    terminal.prompt("hello %%slow:3%%")
    feed.wait_for(Sign.WORKING)
    ends = codex.steering.ends_by(session, daemon_home.processes)
    daemon = daemon_home.processes.find(session.run.pid if session.run else 0)
    assert ends
    assert daemon

    psutil.Process(ends.pid).send_signal(signal.SIGTERM)
    terminal.wait()

    until(lambda: daemon_home.seen() == [])
    assert daemon_home.written(session.id) is Sign.IDLE
    assert codex.steering.spares(daemon)
    assert not feed.ended


@pytest.mark.parametrize("extra", [(), ("--no-daemon",)], ids=["daemon", "alone"])
def test_a_session_comes_back_from_the_trash(
    extra: Sequence[str], daemon_home: Home, feed: Feed, in_terminal: Start
) -> None:
    """While its files are away Codex knows it no more; when they are back it goes on."""
    terminal = in_terminal(daemon_home.launch)
    session = opened(daemon_home, terminal)
    terminal.prompt("remember me")
    terminal.wait_for("Echo: remember me")
    leave(terminal)
    until(lambda: daemon_home.seen() == [])
    remains = codex.steering.remains(daemon_home.codex, session.id)
    assert remains
    trash = daemon_home.folder / "trash"

    move(Path(remains.root), trash, remains.paths)
    gone = in_terminal(daemon_home.launch.plus(*extra, "resume", session.id))
    gone.wait_for("no rollout found")
    assert codex.find(daemon_home.codex, session.id) is None
    move(trash, Path(remains.root), remains.paths)
    back = in_terminal(daemon_home.launch.plus(*extra, "resume", session.id))
    back.wait_for("remember me")
    ready(back)
    back.prompt("do you")
    back.wait_for("Echo: do you")

    assert said(daemon_home, session) == ["remember me", "do you"]
    leave(back)
    until(lambda: daemon_home.seen() == [])
    assert feed.ended is False


def move(origin: Path, target: Path, paths: Sequence[str]) -> None:
    """Move these files with the folders that they are in."""
    for path in paths:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(origin / path, target / path)
