"""Who is alive, by files as Qwen Code 0.24.4 leaves them."""

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents import qwen
from supervisor.agents.base import Concern
from supervisor.core.model import Sign
from tests.fakes.processes import PID, STARTED, process, world

SESSION = "6cddc587-53f8-4d48-9ff8-5d9f501d8188"


def register(home: Path, pid: int = PID, **changes: Any) -> None:
    """A registry file, as that of *pid*."""
    words = {
        "schemaVersion": 1,
        "pid": pid,
        "sessionId": SESSION,
        "cwd": "/home/me/project",
        "startedAt": int(STARTED * 1000) + 600,
        "qwenVersion": "0.24.4",
        "kind": "tui",
        **changes,
    }
    path = home / "sessions" / f"{pid}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(words))


def store(home: Path, session_id: str = SESSION, project: str = "-home-me-project") -> Path:
    """A conversation."""
    path = home / "projects" / project / "chats" / f"{session_id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n")
    return path


def test_a_session_without_a_word_waits_for_its_first(tmp_path: Path) -> None:
    """Its terminal is there, its transcript will be where its folder says."""
    register(tmp_path)

    (seen,) = qwen.look(tmp_path, world(process("qwen")))

    assert (seen.session_id, seen.alive, seen.sign) == (SESSION, True, Sign.STARTING)
    assert (seen.facts.agent_version, seen.facts.cwd) == ("0.24.4", "/home/me/project")
    assert seen.transcript == str(tmp_path / f"projects/-home-me-project/chats/{SESSION}.jsonl")


def test_of_a_session_with_words_its_transcript_tells(tmp_path: Path) -> None:
    """The registry does not say how the turn stands."""
    register(tmp_path)
    stored = store(tmp_path)

    (seen,) = qwen.look(tmp_path, world(process("qwen")))

    assert (seen.sign, seen.transcript, seen.run.pid) == (None, str(stored), PID)


@pytest.mark.parametrize("said", [True, False])
def test_who_was_killed_is_left_behind_if_anything_was_said(tmp_path: Path, said: bool) -> None:
    """The file stays, the process is gone."""
    register(tmp_path)
    if said:
        store(tmp_path)

    seen = qwen.look(tmp_path, world())

    assert [(one.session_id, one.alive) for one in seen] == ([(SESSION, False)] if said else [])


def test_another_process_with_the_same_pid_is_not_it(tmp_path: Path) -> None:
    """It started after the file was written."""
    register(tmp_path)
    store(tmp_path)

    (seen, *_) = qwen.look(tmp_path, world(process("vim", started_at=STARTED + 100)))

    assert not seen.alive


def test_of_a_terminal_that_starts_the_innermost_process_counts(tmp_path: Path) -> None:
    """It starts itself twice before it registers; it may have been told whom to go on with."""
    script = ("node", "--expose-gc", "/lib/node_modules/@qwen-code/qwen-code/cli.js", "--resume", SESSION)
    running = world(
        process("node", "/bin/qwen", "--resume", SESSION, pid=PID - 1), process(*script, parent=PID - 1)
    )

    (seen,) = qwen.look(tmp_path, running)

    assert (seen.session_id, seen.run.pid, seen.alive) == (SESSION, PID, True)


@pytest.mark.parametrize(
    "argv", [("qwen", "mcp", "list"), ("qwen", "--version"), ("qwen", "serve"), ("vim",)]
)
def test_an_errand_is_no_session(tmp_path: Path, argv: tuple[str, ...]) -> None:
    """What holds no conversation is not shown."""
    assert list(qwen.look(tmp_path, world(process(*argv)))) == []


def test_each_changed_file_means_something(tmp_path: Path) -> None:
    """The registry tells who is alive, a conversation grows, a channel speaks for itself."""
    chats = tmp_path / "projects" / "-a" / "chats"

    assert qwen.concern(tmp_path, tmp_path / "sessions" / "12.json") == (Concern.LIVE, None)
    assert qwen.concern(tmp_path, chats / f"{SESSION}.jsonl") == (Concern.TRANSCRIPT, SESSION)
    assert qwen.concern(tmp_path, chats / f"{SESSION}.runtime.json") == (Concern.NOTHING, None)
    assert qwen.concern(tmp_path, tmp_path / "wakeline" / "0123456789abcdef.out.jsonl") == (
        Concern.NOTHING,
        None,
    )
