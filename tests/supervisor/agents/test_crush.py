"""Crush's command lines, by its source of August 2026."""

import pytest

from supervisor.agents import crush
from supervisor.core.model import Resume
from tests.supervisor.agents.unread import ids, seen

SESSION = "0f2b1c3d-44d2-4ba5-bb0f-cde7da7c84da"


def test_its_session_is_that_which_is_continued() -> None:
    """By either name of the option; the last one is continued without an id."""
    assert ids(crush, "/usr/bin/crush", "-s", SESSION, "-y") == [SESSION]
    assert ids(crush, "crush", f"--session={SESSION}") == [SESSION]
    assert ids(crush, "node", "/lib/node_modules/@charmland/crush/run-crush.js", "-C") == [None]


@pytest.mark.parametrize("words", [("run", "x"), ("server",), ("logs",), ("session", "list"), ("--help",)])
def test_its_verbs_are_no_conversations(words: tuple[str, ...]) -> None:
    """Nobody talks with them."""
    assert seen(crush, "crush", *words) == []


def test_its_own_command_resumes_it() -> None:
    """In the folder that has its database."""
    way = crush.AGENT.resume(SESSION, "/home/me/project")

    assert way == Resume(argv=("crush", "--session", SESSION), cwd="/home/me/project")
    assert crush.AGENT.resume(SESSION, None) is None
    assert crush.steering.writes_to(("crush", "-s", SESSION)) == SESSION
