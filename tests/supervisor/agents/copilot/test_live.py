"""Who uses which session, by files as Copilot CLI 1.0.102 leaves them."""

import os
import shutil
from pathlib import Path

import pytest

from supervisor.agents import copilot
from supervisor.agents.base import Concern
from supervisor.core.model import Sign
from tests.fakes.processes import PID, STARTED, process, world

RECORDED = Path(__file__).parents[3] / "data" / "copilot"
SESSION = "5e2eb1ab-44d2-4ba5-bb0f-cde7da7c84da"


def use(home: Path, pid: int = PID, since: float = STARTED + 2) -> Path:
    """The folder of a session that a process uses."""
    folder = home / "session-state" / SESSION
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / f"inuse.{pid}.lock"
    lock.write_text(str(pid))
    os.utime(lock, (since, since))
    described = [
        "id: x",
        "cwd: /home/me/project",
        "branch: main",
        "name: 'it''s a title'",
        "user_named: false",
    ]
    (folder / "workspace.yaml").write_text("\n".join(described) + "\n")
    return folder


def say(folder: Path) -> Path:
    """Something was said in it."""
    return Path(shutil.copy(RECORDED / "normal.jsonl", folder / "events.jsonl"))


def test_a_session_without_a_word_waits_for_its_first(tmp_path: Path) -> None:
    """Its events are written with the first prompt."""
    folder = use(tmp_path)

    (seen,) = copilot.look(tmp_path, world(process("copilot")))

    assert (seen.session_id, seen.alive, seen.sign) == (SESSION, True, Sign.STARTING)
    assert (seen.facts.cwd, seen.facts.git_branch) == ("/home/me/project", "main")
    assert seen.transcript == str(folder / "events.jsonl")


def test_of_a_session_with_words_its_events_tell(tmp_path: Path) -> None:
    """Its own description has the title."""
    stored = say(use(tmp_path))

    (seen,) = copilot.look(tmp_path, world(process("/lib/copilot-linux-x64/copilot")))

    assert (seen.sign, seen.transcript, seen.facts.title) == (None, str(stored), "it's a title")


@pytest.mark.parametrize("said", [True, False])
def test_who_was_killed_is_left_behind_if_anything_was_said(tmp_path: Path, said: bool) -> None:
    """The file that names it stays; whoever came by its PID since is not it."""
    folder = use(tmp_path)
    if said:
        say(folder)

    seen = copilot.look(tmp_path, world(process("copilot", "help", started_at=STARTED + 100)))

    assert [(one.session_id, one.alive) for one in seen] == ([(SESSION, False)] if said else [])


def test_of_several_that_used_it_the_last_one_alive_counts(tmp_path: Path) -> None:
    """One that was killed left its file beside that of its successor."""
    folder = use(tmp_path, PID - 1, STARTED - 3600)
    use(tmp_path)
    say(folder)

    (seen,) = copilot.look(tmp_path, world(process("copilot", f"--resume={SESSION}")))

    assert (seen.run.pid, seen.alive) == (PID, True)


def test_a_terminal_without_a_session_is_seen(tmp_path: Path) -> None:
    """It may ask whether it trusts its folder. The loader before it is not counted."""
    loader = process("node", "/lib/node_modules/@github/copilot/npm-loader.js", pid=PID - 1)

    (seen,) = copilot.look(tmp_path, world(loader, process("/lib/copilot", parent=PID - 1)))

    assert (seen.session_id, seen.run.pid, seen.facts.cwd) == (None, PID, "/home/me/project")


def test_each_changed_file_means_something(tmp_path: Path) -> None:
    """Who uses it comes and goes, its events grow."""
    folder = tmp_path / "session-state" / SESSION

    assert copilot.concern(tmp_path, folder / "inuse.12.lock") == (Concern.LIVE, SESSION)
    assert copilot.concern(tmp_path, folder / "events.jsonl") == (Concern.TRANSCRIPT, SESSION)
    assert copilot.concern(tmp_path, folder / "notes.md") == (Concern.NOTHING, None)
