"""OpenCode itself, in a terminal, against a fake model: what we see of it from outside."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import signal
from pathlib import Path

from supervisor.agents import opencode
from supervisor.agents.base import History
from supervisor.core.model import EntryKind, Sign
from tests.lab import servers
from tests.supervisor.agents.opencode.bench import Bench, Start

pytestmark = pytest.mark.usefixtures("needs_opencode")


@pytest.fixture
def bench(tmp_path: Path, fake_openai: servers.Server, in_terminal: Start) -> Bench:
    """OpenCode in a clean home."""
    return Bench(tmp_path, fake_openai, in_terminal)


def _said(history: History) -> list[tuple[EntryKind, str]]:
    return [(entry.kind, entry.text) for entry in history.page(None, 100).entries]


def test_a_turn_is_seen_from_prompt_to_answer(bench: Bench) -> None:
    """A terminal without a session, a working turn, an idle session with its answer, and its end."""
    terminal = bench.terminal()
    (fresh,) = bench.look()
    log, database = bench.home / "log" / "opencode.log", bench.home / "opencode.db-wal"
    before = log.stat().st_mtime_ns, database.stat().st_mtime_ns

    terminal.prompt("tell me %%slow:2%%")
    working = bench.wait(lambda seen: seen.session_id and seen.sign is Sign.WORKING)
    idle = bench.wait(lambda seen: seen.sign is Sign.IDLE and seen.session_id)

    assert (fresh.session_id, fresh.run.pid, fresh.facts.cwd) == (None, terminal.pid, str(bench.launch.cwd))
    assert working.session_id == idle.session_id
    assert working.run == idle.run == fresh.run
    assert (idle.facts.model, idle.facts.agent_version) == ("fake-model", "1.18.33")
    assert log.stat().st_mtime_ns > before[0]
    assert database.stat().st_mtime_ns > before[1]
    assert idle.session_id is not None
    told = _said(bench.history(idle.session_id))
    assert told[0] == (EntryKind.TEXT, "tell me %%slow:2%%")
    assert told[1][1].startswith("word0 word1")
    terminal.press("\x03")
    assert terminal.wait() == 0
    assert bench.look() == ()
    assert bench.history(idle.session_id).recent().sign is Sign.IDLE


def test_a_waiting_permission_is_seen_and_its_answer(bench: Bench) -> None:
    """A tool that asks is waited for; the call is told at once, its result when it was allowed and ran."""
    bench.ask_before("bash")
    terminal = bench.terminal()
    terminal.prompt("do %%tool:sleep 2; echo a >made%%")

    asking = bench.wait(lambda seen: seen.sign is Sign.ASKING)
    assert asking.session_id is not None
    history = bench.history(asking.session_id)
    recent = history.recent()
    terminal.settle(1.0)
    terminal.press("\r")
    working = bench.wait(lambda seen: seen.sign is Sign.WORKING)
    bench.wait(lambda seen: seen.sign is Sign.IDLE)
    news = [entry for record in history.more() for entry in record.entries]

    assert asking.waiting_for is not None
    assert asking.waiting_for.startswith("bash: sleep 2")
    assert working.waiting_for is None
    assert [entry.kind for entry in recent.entries] == [EntryKind.TOOL_CALL]
    assert [entry.kind for entry in news] == [EntryKind.TOOL_RESULT, EntryKind.TEXT]
    assert (bench.launch.cwd / "made").read_text() == "a\n"


def test_who_is_killed_in_a_turn_leaves_it_unfinished_and_can_be_resumed(bench: Bench) -> None:
    """After kill -9 nobody is alive and the turn is not over: lost. Resumed, it is known at once."""
    terminal = bench.terminal()
    terminal.prompt("tell me %%slow:60%%")
    working = bench.wait(lambda seen: seen.session_id and seen.sign is Sign.WORKING)

    terminal.signal(signal.SIGKILL)
    terminal.wait()

    assert bench.look() == ()
    assert working.session_id is not None
    assert bench.history(working.session_id).recent().sign is Sign.WORKING
    again = opencode.resume(working.session_id, working.facts.cwd)
    assert again is not None
    resumed = bench.terminal(*again.argv[1:])
    (seen,) = bench.look()
    assert (seen.session_id, seen.run.pid) == (working.session_id, resumed.pid)


def test_a_closed_window_ends_the_turn_in_order(bench: Bench) -> None:
    """Whoever closes the terminal during an answer has interrupted it: that is no loss."""
    terminal = bench.terminal()
    terminal.prompt("tell me %%slow:60%%")
    terminal.wait_for("word1")
    working = bench.wait(lambda seen: seen.session_id and seen.sign is Sign.WORKING)

    terminal.hang_up()
    terminal.wait()

    assert bench.look() == ()
    assert working.session_id is not None
    recent = bench.history(working.session_id).recent()
    assert recent.sign is Sign.INTERRUPTED
    assert [entry.kind for entry in recent.entries] == [EntryKind.NOTICE]


def test_a_failed_turn_says_why(bench: Bench) -> None:
    """An error of the model that OpenCode gave up on is told in its words."""
    terminal = bench.terminal()

    terminal.prompt("bad %%400%%")
    failed = bench.wait(lambda seen: seen.sign is Sign.FAILED)

    assert failed.facts.failure == "fake 400 error"


def test_two_terminals_in_one_folder_have_two_sessions(bench: Bench) -> None:
    """Each of two terminals in one folder is shown with its own conversation."""
    one, two = bench.terminal(), bench.terminal()

    one.prompt("first words")
    bench.wait(lambda seen: seen.run.pid == one.pid and seen.sign is Sign.IDLE and seen.session_id)
    two.prompt("second words")
    bench.wait(lambda seen: seen.run.pid == two.pid and seen.sign is Sign.IDLE and seen.session_id)

    sessions = {seen.run.pid: seen.session_id for seen in bench.look()}
    told = {pid: _said(bench.history(session or ""))[0][1] for pid, session in sessions.items()}
    assert told == {one.pid: "first words", two.pid: "second words"}
