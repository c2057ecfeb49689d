"""aider's command lines and histories, as version 0.86.2 was seen to have them."""

from pathlib import Path

import pytest

from supervisor.agents import aider
from supervisor.core.model import Process, Resume, Run, Session
from tests.fakes.processes import PID, world
from tests.supervisor.agents.unread import nothing, seen

RUN = ("/opt/aider/bin/python3", "/opt/aider/bin/aider", "--model", "openai/fake-model")


def test_it_is_a_script_for_python() -> None:
    """By its own name, or run as a module."""
    assert len(seen(aider, *RUN)) == 1
    assert len(seen(aider, "aider")) == 1
    assert seen(aider, "python3", "/opt/other/main.py", "aider") == []


@pytest.mark.parametrize(
    "words", [("--message", "x"), ("-m", "x"), ("--version",), ("--gui",), ("--commit",)]
)
def test_what_ends_by_itself_is_no_conversation(words: tuple[str, ...]) -> None:
    """Nobody talks with it."""
    assert seen(aider, *RUN, *words) == []


def test_a_repository_has_one_history(tmp_path: Path) -> None:
    """Whichever of its folders it was started in; another folder has another."""
    (tmp_path / "one" / ".git").mkdir(parents=True)
    (tmp_path / "one" / "inside").mkdir()
    (tmp_path / "two").mkdir()
    folders = ("one", "one/inside", "two")

    found = [_in(tmp_path / folder) for folder in folders]

    assert found[0] == found[1] != found[2]
    assert aider.AGENT.resume(found[0] or "", str(tmp_path)) == Resume(
        argv=("aider", "--restore-chat-history"), cwd=str(tmp_path)
    )


def test_it_comes_back_as_it_was_started() -> None:
    """With its model and its files, and the same program."""
    way = aider.AGENT.resume("aider-0123456789abcdef", "/home/me/project")
    session = Session(id="aider-0123456789abcdef", agent="aider", resume=way)

    once = aider.steering.relaunch(session, (*RUN, "main.py"))
    assert once is not None
    again = aider.steering.relaunch(session, ("/opt/aider/bin/python3", *once.argv))

    assert once.argv == (*RUN[1:], "main.py", "--restore-chat-history")
    assert again == once


def _in(folder: Path) -> str | None:
    """The session of an aider that works there."""
    process = Process(run=Run(PID, 1.0), parent_pid=1, argv=RUN, cwd=str(folder))
    (one,) = aider.AGENT.look(nothing(), world(process))
    return one.session_id
