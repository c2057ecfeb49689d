"""Command lines of Cursor's agent, by its documentation and the script that starts it."""

import pytest

from supervisor.agents import cursor
from supervisor.core.model import Resume
from tests.supervisor.agents.unread import ids, seen

SCRIPT = "/home/me/.local/share/cursor-agent/versions/2026.05.24-dda726e/index.js"
CHAT = "5e2eb1ab-44d2-4ba5-bb0f-cde7da7c84da"


@pytest.mark.parametrize(
    "argv",
    [
        ("/home/me/.local/bin/agent", "--use-system-ca", SCRIPT, "--resume", CHAT),
        ("/home/me/.local/bin/cursor-agent", SCRIPT, f"--resume={CHAT}"),
        ("cursor-agent", "--resume", CHAT),
    ],
)
def test_it_is_known_under_each_of_its_names(argv: tuple[str, ...]) -> None:
    """The script tells, where the name could be anybody's."""
    assert ids(cursor, *argv) == [CHAT]


@pytest.mark.parametrize("argv", [("agent", "--resume", CHAT), ("/usr/bin/node", "/srv/index.js")])
def test_other_programs_of_that_name_are_not(argv: tuple[str, ...]) -> None:
    """Many things are called agent."""
    assert seen(cursor, *argv) == []


@pytest.mark.parametrize("words", [("login",), ("-p", "x"), ("ls",), ("acp",), ("--version",)])
def test_other_verbs_are_no_conversations(words: tuple[str, ...]) -> None:
    """Nobody talks with them."""
    assert seen(cursor, "cursor-agent", SCRIPT, *words) == []


def test_its_own_command_resumes_it() -> None:
    """By the chat's id, in its folder."""
    way = cursor.AGENT.resume(CHAT, "/home/me/project")

    assert way == Resume(argv=("cursor-agent", "--resume", CHAT), cwd="/home/me/project")
