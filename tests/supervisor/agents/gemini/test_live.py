"""Which process serves which session, and what is kept from being lost."""

import json
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supervisor.agents import gemini
from supervisor.agents.base import Concern
from supervisor.agents.gemini import files
from supervisor.core.model import Session, Sign
from supervisor.core.steering import Launch
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


def test_a_stub_that_would_cost_a_conversation_is_taken_away(tmp_path: Path) -> None:
    """Gemini would take it for an empty session at its next start, and delete all that has its name."""
    whole = store(tmp_path)
    stub = store(tmp_path, began_at=STARTED + 3600, stub=True)

    gemini.look(tmp_path, world())

    assert (whole.exists(), stub.exists()) == (True, False)


def test_a_stub_stays_while_its_conversation_is_being_resumed(tmp_path: Path) -> None:
    """It goes when something was written to the conversation again."""
    whole = store(tmp_path)
    stub = store(tmp_path, began_at=STARTED + 3600, stub=True)
    os.utime(whole, (0, time.time() - 3600))
    running = world(process("gemini", "--resume", ONE, started_at=time.time() - 5))

    gemini.look(tmp_path, running)
    during = stub.exists()
    os.utime(whole, (0, time.time() + 1))
    gemini.look(tmp_path, running)

    assert (during, stub.exists(), whole.exists()) == (True, False, True)


def test_nothing_but_a_stub_is_ever_taken_away(tmp_path: Path) -> None:
    """Not the only file of a session, not one with words, not one that is being written."""
    alone = store(tmp_path, TWO, stub=True)
    one, other = store(tmp_path), store(tmp_path, began_at=STARTED + 3600)
    torn = store(tmp_path, began_at=STARTED + 7200, stub=True)
    torn.write_text(torn.read_text() + '{"id":"')

    gemini.look(tmp_path, world())

    assert all(path.exists() for path in (alone, one, other, torn))


def test_a_listing_shows_each_conversation_once(tmp_path: Path) -> None:
    """Of several files the one with the most in it."""
    whole = store(tmp_path)
    store(tmp_path, began_at=STARTED + 3600, stub=True)

    (listed,) = gemini.transcripts(tmp_path)
    found = gemini.find(tmp_path, ONE)

    assert listed.where == str(whole)
    assert found == listed
    assert gemini.find(tmp_path, TWO) is None


def test_a_sub_agents_conversation_is_none_of_its_own(tmp_path: Path) -> None:
    """It is no session that could be resumed."""
    path = store(tmp_path)
    head, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(head), "kind": "subagent"}), *rest]) + "\n")

    assert list(gemini.transcripts(tmp_path)) == []


def test_a_conversation_that_begins_tells_that_somebody_is_alive(tmp_path: Path) -> None:
    """From then on its changes are its own."""
    path = store(tmp_path, TWO)

    told = [gemini.concern(tmp_path, path) for _ in range(2)]

    assert told == [(Concern.LIVE, None), (Concern.TRANSCRIPT, TWO)]
    assert gemini.concern(tmp_path, tmp_path / "settings.json") == (Concern.NOTHING, None)


def _installed(folder: Path, *arguments: str) -> Launch:
    (folder / "gemini").write_text("")
    (folder / "gemini").chmod(0o755)
    (folder / "package.json").write_text(json.dumps({"name": files.PACKAGE, "version": "0.61.0"}))
    environment = {"PATH": str(folder), "HOME": str(folder)}
    return Launch(argv=(str(folder / "gemini"), *arguments), environment=environment, cwd=str(folder))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), True),
        (("a", "prompt"), True),
        (("-r", ONE), False),
        (("-p", "x"), False),
        (("mcp", "list"), False),
    ],
)
def test_a_new_session_gets_its_id_from_here(tmp_path: Path, arguments: tuple[str, ...], named: bool) -> None:
    """Only where none is said, and only a version that knows the option."""
    launch = _installed(tmp_path, *arguments)

    prepared = gemini.steering.prepare(launch, ())
    (tmp_path / "package.json").write_text(json.dumps({"name": files.PACKAGE, "version": "0.20.0"}))
    shutil.copytree(tmp_path, older := tmp_path / "older")
    old = Launch(argv=(str(older / "gemini"),), environment=launch.environment, cwd=launch.cwd)

    assert (prepared.argv[1:2] == ("--session-id",)) is named
    assert gemini.steering.prepare(old, ()) is old
    if named:
        assert gemini.steering.writes_to(prepared.argv) == prepared.argv[2]


def test_what_it_takes_back_is_asked_again() -> None:
    """After a failed turn Gemini has forgotten the prompt: to go on would mean nothing to it."""
    assert gemini.steering.continuation("fix the bug") == "fix the bug"
    assert gemini.steering.continuation(None)


def test_it_is_brought_back_with_what_was_chosen_for_it() -> None:
    """By the same program, in its own folder."""
    resume = gemini.resume(ONE, PROJECT)

    assert resume is not None
    assert (resume.argv, resume.cwd) == (("gemini", "--resume", ONE), PROJECT)
    assert gemini.resume(ONE, None) is None


def test_the_endpoint_is_that_of_its_account(tmp_path: Path) -> None:
    """A URL of its own comes first."""
    session = Session(id=ONE, agent="gemini")
    ask = gemini.steering.endpoint

    assert (
        ask(tmp_path, {"GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:1/"}, session)
        == "http://127.0.0.1:1/v1beta/models"
    )
    assert "generativelanguage" in str(ask(tmp_path, {"GEMINI_API_KEY": "x"}, session))
    assert "cloudcode" in str(ask(tmp_path, {}, session))
