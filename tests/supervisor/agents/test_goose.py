"""goose's command lines, by its documentation of version 1.50."""

import pytest

from supervisor.agents import goose
from supervisor.core.model import Resume
from tests.supervisor.agents.unread import ids, seen


def test_its_session_is_that_which_is_resumed() -> None:
    """An id that names a new session says nothing; older versions call it otherwise."""
    assert ids(goose, "/usr/local/bin/goose", "session", "--resume", "--id", "20261121_12") == ["20261121_12"]
    assert ids(goose, "goose", "session", "--name", "mine") == [None]


@pytest.mark.parametrize(
    "words", [("configure",), ("session", "list"), ("run", "-t", "x"), ("acp",), ("--help",)]
)
def test_other_verbs_are_no_conversations(words: tuple[str, ...]) -> None:
    """Nobody talks with them."""
    assert seen(goose, "goose", *words) == []


def test_its_own_command_resumes_it() -> None:
    """By the session's id, in its folder."""
    way = goose.AGENT.resume("20261121_12", "/home/me/project")

    assert way == Resume(
        argv=("goose", "session", "--resume", "--session-id", "20261121_12"), cwd="/home/me/project"
    )
    assert goose.AGENT.resume("mine", "/home/me/project") is None
