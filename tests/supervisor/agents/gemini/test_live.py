"""Which process serves which session, and what is kept from being lost."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supervisor.agents import gemini
from supervisor.agents.base import Concern
from supervisor.core.model import Sign
from tests.fakes.processes import PID, STARTED, process, world

RECORDED = Path(__file__).parents[3] / "data" / "gemini"
ONE, TWO = "b24ab296-d564-4aae-9a9f-f3cc5d187687", "11111111-2222-4333-8444-555555555555"
PROJECT = "/home/me/project"


def store(home: Path, session_id: str = ONE, began_at: float = STARTED + 5, *, stub: bool = False) -> Path:
    """A recorded conversation, or only what a resume leaves of one, in its project."""
    born = datetime.fromtimestamp(began_at, UTC)
    project = home / "tmp" / "project"
    path = project / "chats" / f"session-{born:%Y-%m-%dT%H-%M}-{session_id[:8]}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    (project / ".project_root").write_text(PROJECT)
    head, *rest = (RECORDED / "normal.jsonl").read_text().splitlines()
    first = {**json.loads(head), "sessionId": session_id, "startTime": born.isoformat()}
    kept = rest[:1] if stub else rest
    path.write_text("\n".join([json.dumps(first), *kept]) + "\n")
    return path


def test_a_session_is_named_by_the_command_that_began_it(tmp_path: Path) -> None:
    """Those begun here are; until the terminal is ready there is no file."""
    running = world(process("node", "/bin/gemini", "--session-id", ONE))

    (before,) = gemini.look(tmp_path, running)
    stored = store(tmp_path)
    (after,) = gemini.look(tmp_path, running)

    assert (before.session_id, before.sign, before.transcript) == (ONE, Sign.STARTING, None)
    assert (after.session_id, after.sign, after.transcript) == (ONE, None, str(stored))
    assert after.facts.cwd == PROJECT


def test_a_session_that_nobody_named_is_the_newest_since_the_start(tmp_path: Path) -> None:
    """Of this process's folder, if nobody else works there."""
    store(tmp_path, TWO, STARTED - 3600)
    store(tmp_path, ONE)
    outer = process("node", "/bin/gemini", pid=PID - 1)
    inner = process("/usr/bin/node", "--max-old-space-size=9", "/bin/gemini", parent=PID - 1)

    (seen,) = gemini.look(tmp_path, world(outer, inner))

    assert (seen.session_id, seen.run.pid) == (ONE, PID)


def test_two_terminals_in_a_folder_have_a_session_each(tmp_path: Path) -> None:
    """The one that began between their starts is the first one's; where that is not clear, none is told."""
    store(tmp_path, ONE, STARTED + 5)
    store(tmp_path, TWO, STARTED + 65)
    one, two = process("gemini"), process("gemini", pid=PID - 1, started_at=STARTED + 60)
    twin = process("gemini", pid=PID - 2, started_at=STARTED + 0.5)

    clear = {seen.run.pid: seen.session_id for seen in gemini.look(tmp_path, world(one, two))}
    unclear = {seen.run.pid: seen.session_id for seen in gemini.look(tmp_path, world(one, two, twin))}

    assert clear == {PID: ONE, PID - 1: TWO}
    assert unclear[PID] is None


@pytest.mark.parametrize("argv", [("gemini", "mcp", "list"), ("gemini", "--list-sessions"), ("vim",)])
def test_an_errand_is_no_session(tmp_path: Path, argv: tuple[str, ...]) -> None:
    """What holds no conversation is not shown."""
    assert list(gemini.look(tmp_path, world(process(*argv)))) == []


def test_a_conversation_that_begins_tells_that_somebody_is_alive(tmp_path: Path) -> None:
    """From then on its changes are its own."""
    path = store(tmp_path, TWO)

    told = [gemini.concern(tmp_path, path) for _ in range(2)]

    assert told == [(Concern.LIVE, None), (Concern.TRANSCRIPT, TWO)]
    assert gemini.concern(tmp_path, tmp_path / "settings.json") == (Concern.NOTHING, None)
