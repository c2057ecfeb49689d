"""Claude Code itself, in a real terminal, against a fake model server."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from supervisor.agents import claude
from supervisor.agents.claude.transcript import Reading
from supervisor.core.model import EntryKind, Record, Role, Sighting, Sign
from tests.lab import homes
from tests.lab.processes import Below
from tests.lab.servers import Server
from tests.lab.terminal import Terminal
from tests.lab.waiting import until

pytestmark = pytest.mark.usefixtures("needs_claude")

PROCESSES = Below()


@dataclass(frozen=True)
class Desk:
    """A home with Claude Code in it, and what we see of it."""

    home: Path
    launch: homes.Launch
    start: Callable[[homes.Launch], Terminal]

    def look(self) -> list[Sighting]:
        """What we see now."""
        return list(claude.look(self.home / ".claude", PROCESSES))

    def seen(self, sign: Sign | None, of: Terminal | None = None) -> Sighting:
        """Wait until a session (of this terminal) is seen alive with this sign."""

        def right() -> list[Sighting]:
            alive = (each for each in self.look() if each.alive and each.session_id and each.sign is sign)
            return [each for each in alive if of is None or each.run.pid == of.pid]

        return until(right, saying=f"a session that is {sign}")[0]

    def begin(self, *arguments: str) -> Terminal:
        """Start a session and wait until it takes prompts."""
        terminal = self.start(self.launch.plus("--permission-mode", "manual", *arguments))
        self.seen(Sign.IDLE, terminal)
        terminal.wait_for("manual mode on")
        terminal.settle()
        return terminal

    def read(self, session_id: str) -> list[Record]:
        """What the conversation says, read from its beginning."""
        found = claude.find(self.home / ".claude", session_id)
        if found is None:
            return []
        reading = Reading()
        whole = Path(found.where).read_bytes().rpartition(b"\n")[0]
        return [reading(json.loads(line)) for line in whole.splitlines()]


@pytest.fixture
def desk(tmp_path: Path, fake_anthropic: Server, in_terminal: Callable[[homes.Launch], Terminal]) -> Desk:
    """A clean home, and a project folder whose name is not easy."""
    home = tmp_path / "home"
    launch = homes.claude(home, tmp_path / "my project.ü", fake_anthropic.url)
    return Desk(home, launch, in_terminal)


def test_a_session_is_seen_from_its_start_through_its_turns(desk: Desk) -> None:
    """Idle, busy while it answers, idle again; and its words are where we said they would be."""
    terminal = desk.begin()
    at_rest = desk.seen(Sign.IDLE)

    terminal.prompt("SCENARIO:slow:100:20")
    at_work = desk.seen(Sign.WORKING)
    done = desk.seen(Sign.IDLE)

    assert at_rest.run.pid == terminal.pid
    assert at_rest.run == at_work.run == done.run
    assert at_rest.facts.agent_version == "2.1.329"
    assert at_rest.facts.cwd == str(desk.launch.cwd)
    assert at_rest.transcript == done.transcript
    assert Path(done.transcript or "").is_file()


def test_a_question_is_seen_and_its_answer_too(desk: Desk) -> None:
    """It waits for its user, and goes on when the user has answered."""
    terminal = desk.begin()

    terminal.prompt("SCENARIO:bash touch made.txt")
    asking = desk.seen(Sign.ASKING)
    terminal.wait_for("Do you want to proceed?")
    terminal.settle()
    terminal.press("1")
    desk.seen(Sign.IDLE)

    assert asking.waiting_for == "permission prompt"
    assert (desk.launch.cwd / "made.txt").exists()


def test_what_is_read_is_what_was_said(desk: Desk) -> None:
    """Prompt, command, result and answer, then a turn that is over."""
    terminal = desk.begin("--allowed-tools", "Bash")

    terminal.prompt("SCENARIO:bash echo hello from below")
    session = desk.seen(Sign.IDLE).session_id or ""
    until(lambda: [record for record in desk.read(session) if record.sign is Sign.IDLE])
    records = desk.read(session)

    said = [(entry.role, entry.kind, entry.text) for record in records for entry in record.entries]
    assert said == [
        (Role.USER, EntryKind.TEXT, "SCENARIO:bash echo hello from below"),
        (Role.ASSISTANT, EntryKind.TEXT, "Running a command."),
        (Role.ASSISTANT, EntryKind.TOOL_CALL, "echo hello from below"),
        (Role.TOOL, EntryKind.TOOL_RESULT, "hello from below"),
        (Role.ASSISTANT, EntryKind.TEXT, "Done."),
    ]
    facts = [record.facts for record in records if record.facts]
    assert any(fact.model for fact in facts)
    assert any(fact.tokens for fact in facts)


def test_a_failed_turn_is_read_as_failed(desk: Desk, fake_anthropic: Server) -> None:
    """When the agent has given up, the registry says idle and the conversation says why."""
    terminal = desk.begin()
    fake_anthropic.fault("status", status=529)

    terminal.prompt("hello")
    session = desk.seen(Sign.WORKING).session_id or ""
    failed = until(lambda: [each for each in desk.read(session) if each.sign is Sign.FAILED])

    assert desk.seen(Sign.IDLE).session_id == session
    assert failed[0].facts is not None
    assert "529" in (failed[0].facts.failure or "")


def test_an_interrupted_turn_is_read_as_interrupted(desk: Desk) -> None:
    """The user pressed Escape."""
    terminal = desk.begin()
    terminal.prompt("SCENARIO:slow:100:200")
    session = desk.seen(Sign.WORKING).session_id or ""
    terminal.wait_for("charlie")

    terminal.press("\x1b")

    until(lambda: [each for each in desk.read(session) if each.sign is Sign.INTERRUPTED])
    assert desk.seen(Sign.IDLE).session_id == session


def test_clearing_changes_the_session_under_one_process(desk: Desk) -> None:
    """One process serves one session after the other."""
    terminal = desk.begin()
    terminal.prompt("hello")
    terminal.wait_for("You said: hello")
    before = desk.seen(Sign.IDLE)

    terminal.prompt("/clear")

    [after] = until(
        lambda: [each for each in desk.look() if each.session_id not in {None, before.session_id}]
    )
    assert after.run == before.run


def test_a_killed_session_is_left_behind_and_comes_back_by_its_command(desk: Desk) -> None:
    """It was working, its process is gone: the agent's own command brings it back under its id."""
    terminal = desk.begin()
    terminal.prompt("SCENARIO:slow:100:200")
    working = desk.seen(Sign.WORKING)
    until(lambda: [record for record in desk.read(working.session_id or "") if record.sign])

    terminal.signal(signal.SIGKILL)
    terminal.wait()
    [left] = desk.look()
    resume = claude.resume(left.session_id or "", left.facts.cwd)
    assert resume is not None
    again = desk.begin(*resume.argv[1:])

    assert not left.alive
    assert (left.session_id, left.sign) == (working.session_id, Sign.WORKING)
    assert left.run.started_at == pytest.approx(working.run.started_at, abs=0.02)
    assert desk.seen(Sign.IDLE, again).session_id == working.session_id


@pytest.mark.parametrize("how", ["exit", "terminate", "hang up"])
def test_a_session_that_ends_in_order_leaves_nothing_behind(desk: Desk, how: str) -> None:
    """Whoever ended it, and even in the middle of a turn: only the conversation tells that one was open."""
    terminal = desk.begin()
    terminal.prompt("SCENARIO:slow:100:200" if how != "exit" else "hello")
    session = desk.seen(Sign.WORKING if how != "exit" else Sign.IDLE).session_id or ""
    until(lambda: [record for record in desk.read(session) if record.sign])

    if how == "exit":
        terminal.wait_for("You said: hello")
        terminal.prompt("/exit")
    elif how == "terminate":
        terminal.signal(signal.SIGTERM)
    else:
        terminal.hang_up()
    terminal.wait()

    signs = [record.sign for record in desk.read(session) if record.sign]
    assert desk.look() == []
    assert signs[-1] is (Sign.IDLE if how == "exit" else Sign.WORKING)


def test_a_session_without_a_screen_is_seen_too(desk: Desk) -> None:
    """``claude -p`` registers like any other."""
    terminal = desk.start(desk.launch.plus("-p", "SCENARIO:slow:100:30"))

    working = desk.seen(Sign.WORKING)
    terminal.wait()
    signs = [record.sign for record in desk.read(working.session_id or "") if record.sign]

    assert desk.look() == []
    assert signs[-1] is Sign.IDLE


def test_two_sessions_in_one_folder_are_told_apart(desk: Desk) -> None:
    """Each has its own process, its own id and its own conversation."""
    one, two = desk.begin(), desk.begin()

    one.prompt("SCENARIO:slow:100:50")
    working, resting = desk.seen(Sign.WORKING, one), desk.seen(Sign.IDLE, two)

    assert working.session_id != resting.session_id
    assert working.transcript != resting.transcript
