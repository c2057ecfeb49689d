"""How Codex is steered, as far as that can be told without it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from supervisor.agents import codex
from supervisor.core.model import Process, Run, Session
from supervisor.core.steering import Launch
from tests.fakes.processes import FewProcesses

ONE, SUB, SUB_SUB, OTHER = (f"01a1fc71-d152-7061-9fe7-00000000000{number}" for number in (1, 2, 3, 4))
DAEMON = ("/opt/codex", "app-server", "--listen", "unix://", "--managed-daemon")


def rollout(home: Path, session_id: str, folder: str = "sessions/2026/11/20") -> Path:
    """A rollout somewhere in the home."""
    path = home / folder / f"rollout-2026-11-20T23-00-00-{session_id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n")
    return path


def process(pid: int, *argv: str, cwd: str = "/work") -> Process:
    """A process that started at its own number."""
    return Process(run=Run(pid, float(pid)), parent_pid=1, argv=argv, cwd=cwd)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("hello", "hello"),
        ("/quit", " /quit"),
        ("!rm -rf /", " !rm -rf /"),
        ("#tag", "#tag"),
        ("see @file", "see @file "),
        ("@file first", "@file first"),
        ("use $skill", "use $skill "),
        ("/cd @there", " /cd @there "),
        ("mail me@home", "mail me@home "),
        ("two\n/lines", "two\n/lines"),
        ("", ""),
    ],
)
def test_what_is_typed_is_taken_as_words(text: str, typed: str) -> None:
    """Blanks keep commands and lists away; Codex takes them off again."""
    assert codex.steering.as_text(text) == typed
    assert typed.strip() == text.strip()


def test_a_session_is_stored_with_its_sub_agents(tmp_path: Path) -> None:
    """Their rollouts, archived ones too, and Codex's mark; nothing of other sessions."""
    own, sub, sub_sub = rollout(tmp_path, ONE), rollout(tmp_path, SUB), rollout(tmp_path, SUB_SUB)
    archived = rollout(tmp_path, ONE, "archived_sessions")
    rollout(tmp_path, OTHER)
    mark = tmp_path / "tui-thread-reference-capabilities" / ONE
    mark.parent.mkdir()
    mark.touch()
    with closing(sqlite3.connect(tmp_path / "state_5.sqlite")) as index:
        index.execute("CREATE TABLE thread_spawn_edges (parent_thread_id, child_thread_id, status)")
        index.executemany(
            "INSERT INTO thread_spawn_edges VALUES (?, ?, '')",
            [(ONE, SUB), (SUB, SUB_SUB), (SUB_SUB, ONE), (OTHER, OTHER)],
        )
        index.commit()

    remains = codex.steering.remains(tmp_path, ONE)

    assert remains
    assert (remains.agent, remains.session_id, remains.root) == ("codex", ONE, str(tmp_path))
    assert set(remains.paths) == {
        str(path.relative_to(tmp_path)) for path in (own, archived, mark, sub, sub_sub)
    }


@pytest.mark.parametrize("session_id", ["", "..", "../../etc/passwd", "x", OTHER])
def test_of_what_is_not_stored_nothing_remains(session_id: str, tmp_path: Path) -> None:
    """An id that is none, or that no rollout bears."""
    rollout(tmp_path, ONE)

    assert codex.steering.remains(tmp_path, session_id) is None


@pytest.mark.parametrize(
    ("screens", "ends"),
    [((), None), ((8,), Run(8, 8.0)), ((8, 9), Run(9, 9.0))],
    ids=["no terminal", "one", "two"],
)
def test_the_daemon_never_ends_for_one_session(
    screens: Sequence[int], ends: Run | None, tmp_path: Path
) -> None:
    """Its youngest terminal does, where that is known; the daemon is spared whoever started it."""
    home = tmp_path / ".codex"
    lock = home / "thread-writer-locks" / f"{ONE}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    running = [process(7, *DAEMON), *(process(pid, "codex", "resume", ONE) for pid in screens)]
    environments = {each.run.pid: {"HOME": str(tmp_path)} for each in running}
    processes = FewProcesses(running, {lock: 7}, environments)
    session = Session(id=ONE, agent="codex", run=Run(7, 7.0))

    assert codex.steering.ends_by(session, processes) == ends
    assert codex.steering.joins(session, processes)
    assert [codex.steering.spares(each) for each in running] == [True, *(False for _ in screens)]


def test_a_terminal_of_its_own_ends_by_itself() -> None:
    """And nobody can join it."""
    terminal = process(8, "codex", "--no-daemon")
    session = Session(id=ONE, agent="codex", run=terminal.run)
    processes = FewProcesses([terminal])

    assert codex.steering.ends_by(session, processes) == terminal.run
    assert not codex.steering.joins(session, processes)
    assert not codex.steering.joins(Session(id=ONE, agent="codex"), processes)


def test_codex_is_started_as_it_was_meant() -> None:
    """Its hooks want to be trusted in a dialog, and its own retries have no end: nothing is added."""
    launch = Launch(argv=("codex", "-m", "o9"), environment={"PATH": "/bin"}, cwd="/work")

    assert codex.steering.prepare(launch, ("wakeline", "hook")) == launch
    assert codex.steering.hook_file(Path("/home/me/.codex")) is None
