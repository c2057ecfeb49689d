"""Amp's command lines, by the help of version 0.0.1790142911."""

import pytest

from supervisor.agents import amp
from supervisor.core.model import Resume
from tests.supervisor.agents.unread import ids, seen

THREAD = "T-5e2eb1ab-44d2-4ba5-bb0f-cde7da7c84da"


def test_its_thread_is_that_which_is_continued() -> None:
    """By id or address, under each name of the verb; a new one's id is on its server alone."""
    assert ids(amp, "/lib/node_modules/@ampcode/cli-linux-x64/amp", "threads", "continue", THREAD) == [THREAD]
    assert ids(amp, "amp", "t", "c", f"https://ampcode.com/threads/{THREAD}") == [THREAD]
    assert ids(amp, "amp", "-m", "high") == [None]
    assert ids(amp, "amp", "last") == [None]


@pytest.mark.parametrize(
    "words", [("login",), ("threads",), ("threads", "list"), ("-x", "hi"), ("--no-tui",)]
)
def test_other_verbs_are_no_conversations(words: tuple[str, ...]) -> None:
    """Nobody talks with them."""
    assert seen(amp, "amp", *words) == []


def test_its_own_command_resumes_it() -> None:
    """By the thread's id, in its folder."""
    way = amp.AGENT.resume(THREAD, "/home/me/project")

    assert way == Resume(argv=("amp", "threads", "continue", THREAD), cwd="/home/me/project")
    assert amp.AGENT.resume("T-1", "/home/me/project") is None
