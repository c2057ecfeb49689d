"""Codex itself in a terminal: when a session counts as alive, asking, ended or left behind."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("needs a system that says who holds a lock", allow_module_level=True)
assert sys.platform == "linux"

import signal
import subprocess
from pathlib import Path

import psutil

from supervisor.core.model import Sign
from tests.lab.waiting import until
from tests.supervisor.agents.codex.real import Feed, Home, Start, leave, ready

pytestmark = pytest.mark.usefixtures("needs_codex")


def test_a_terminal_of_its_own_serves_its_session_until_it_ends(home: Home, in_terminal: Start) -> None:
    """Alive before the first word, working while it works, and gone without a trace after a clean end."""
    terminal = in_terminal(home.launch.plus("--no-daemon"))
    ready(terminal)
    before = home.only()

    terminal.prompt("hello %%slow:3%%")
    until(lambda: home.written(before.session_id) is Sign.WORKING)
    working = home.only()
    until(lambda: home.written(before.session_id) is Sign.IDLE)
    until(lambda: home.only().facts.title == "hello %%slow:3%%")
    leave(terminal)

    assert before.run.pid == terminal.pid
    assert before.facts.cwd == str(home.launch.cwd)
    assert (working.session_id, working.run) == (before.session_id, before.run)
    assert working.transcript == before.transcript
    assert Path(str(working.transcript)).is_file()
    assert working.facts.agent_version == "0.169.0"
    assert home.seen() == []


@pytest.mark.parametrize("prompt", ["hello %%slow:30%%", "hello"], ids=["at work", "at rest"])
def test_a_killed_terminal_leaves_its_session_behind(prompt: str, home: Home, in_terminal: Start) -> None:
    """Whether it worked or rested, a killed Codex could not take its lock away."""
    terminal = in_terminal(home.launch.plus("--no-daemon"))
    ready(terminal)
    session_id = home.only().session_id
    terminal.prompt(prompt)
    last = Sign.WORKING if "slow" in prompt else Sign.IDLE
    until(lambda: home.written(session_id) is last)

    terminal.signal(signal.SIGKILL)
    terminal.wait()

    assert home.only(alive=False).session_id == session_id
    assert home.written(session_id) is last


def test_a_terminal_killed_before_the_first_word_leaves_nothing(home: Home, in_terminal: Start) -> None:
    """There is nothing to recover where nothing was said."""
    terminal = in_terminal(home.launch.plus("--no-daemon"))
    ready(terminal)
    home.only()

    terminal.signal(signal.SIGKILL)
    terminal.wait()

    assert home.seen() == []


def test_a_terminal_that_asks_for_a_login_has_no_session_yet(home: Home, in_terminal: Start) -> None:
    """It is seen all the same, and known by its process until there is one."""
    (home.codex / "config.toml").write_text("[features]\nplugins = false\n")
    terminal = in_terminal(home.launch.plus("--no-daemon"))
    terminal.wait_for("Sign in", seconds=60)

    seen = home.seen()

    assert [(each.session_id, each.run.pid, each.alive) for each in seen] == [(None, terminal.pid, True)]


def test_a_run_without_a_terminal_is_seen_until_it_ends(home: Home) -> None:
    """``codex exec`` serves its session itself and ends with its turn."""
    arguments = home.launch.plus("exec", "hello %%slow:3%%")

    with subprocess.Popen(
        arguments.argv, env=dict(arguments.env), cwd=arguments.cwd, stdin=subprocess.DEVNULL
    ) as run:
        seen = home.only()
        code = run.wait(30)

    assert (seen.run.pid, code) == (run.pid, 0)
    assert home.written(seen.session_id) is Sign.IDLE
    assert home.seen() == []


def test_a_killed_run_without_a_terminal_is_left_behind(home: Home) -> None:
    """Its turn never ends in the transcript, and its lock stays."""
    arguments = home.launch.plus("exec", "hello %%slow:30%%")
    with subprocess.Popen(
        arguments.argv, env=dict(arguments.env), cwd=arguments.cwd, stdin=subprocess.DEVNULL
    ) as run:
        session_id = home.only().session_id
        until(lambda: home.written(session_id) is Sign.WORKING)

        run.kill()

    assert home.only(alive=False).session_id == session_id
    assert home.written(session_id) is Sign.WORKING


def test_the_daemon_tells_when_a_session_needs_its_user(daemon_home: Home, in_terminal: Start) -> None:
    """Working, asking, answered, at rest; when its terminal has gone, the session ends a little later."""
    terminal = in_terminal(daemon_home.launch)
    ready(terminal)
    before = daemon_home.only()
    feed = Feed(daemon_home)
    feed.wait_for(Sign.IDLE)

    terminal.prompt("please %%tool:echo ESC%%")
    asking = feed.wait_for(Sign.ASKING)
    terminal.wait_for("Would you like to run")
    place, answered_at = terminal.mark(), len(feed.told)
    terminal.press("y")
    feed.wait_for(Sign.WORKING, answered_at)
    feed.wait_for(Sign.IDLE, answered_at)
    terminal.wait_for("Finished tool", since=place)
    leave(terminal)

    assert asking == (before.session_id, Sign.ASKING, "approval")
    assert {session_id for session_id, _, _ in feed.told} == {before.session_id}
    assert before.run.pid != terminal.pid
    until(lambda: daemon_home.seen() == [])
    assert daemon_home.written(before.session_id) is Sign.IDLE
    assert not feed.ended
    feed.close()


def test_a_session_of_the_daemon_outlives_its_killed_terminal(daemon_home: Home, in_terminal: Start) -> None:
    """Killing the window does not stop the turn; it ends first, and then the session."""
    terminal = in_terminal(daemon_home.launch)
    ready(terminal)
    session = daemon_home.only()
    terminal.prompt("hello %%slow:5%%")
    until(lambda: daemon_home.written(session.session_id) is Sign.WORKING)

    terminal.signal(signal.SIGKILL)
    terminal.wait()

    assert daemon_home.only().run == session.run
    until(lambda: daemon_home.seen() == [])
    assert daemon_home.written(session.session_id) is Sign.IDLE


def test_a_killed_daemon_leaves_all_its_sessions_behind(daemon_home: Home, in_terminal: Start) -> None:
    """The feed ends, every session of it is left behind, and the terminals that wait are no new ones."""
    one, two = in_terminal(daemon_home.launch), in_terminal(daemon_home.launch)
    for terminal in (one, two):
        ready(terminal)
    alive = daemon_home.all(2)
    for terminal in (one, two):
        terminal.prompt("hello %%slow:30%%")
    until(lambda: all(daemon_home.written(each.session_id) is Sign.WORKING for each in alive))
    feed = Feed(daemon_home)
    feed.wait_for(Sign.WORKING)

    psutil.Process(alive[0].run.pid).kill()

    until(lambda: feed.ended)
    feed.close()
    left = daemon_home.all(2, alive=False)
    assert len({each.run for each in alive}) == 1
    assert {each.session_id for each in left} == {each.session_id for each in alive}
