"""aider: no sessions and no ids; each folder has one history, which it reads again if it is told to."""

import re
from collections.abc import Sequence
from typing import Final

from supervisor.agents import commands
from supervisor.agents.commands import Command, Grammar
from supervisor.agents.unread import Unread
from supervisor.core.steering import Typing

_GRAMMAR: Final = Grammar(program="aider", scripts=("/aider/__main__.py",), interpreter=commands.PYTHON)
#: With these it answers and ends, or talks with nobody.
_ASIDES: Final = (
    *("--help", "-h", "--version", "--message", "-m", "--msg", "--message-file", "-f", "--exit", "--upgrade"),
    *("--update", "--check-update", "--just-check-update", "--install-main-branch", "--list-models"),
    *("--models", "--lint", "--test", "--commit", "--apply", "--show-repo-map", "--show-prompts", "--gui"),
    *("--browser", "--shell-completions"),
)


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of aider, or nobody talks with it."""
    found = commands.command(argv, _GRAMMAR)
    return None if found is None or found.has(*_ASIDES) else found


AGENT: Final = Unread(
    name="aider",
    title="aider",
    command=command,
    named=lambda _: None,
    # Ours: its process and the process's start.
    session_id=re.compile(r"aider-[0-9]{1,10}-[0-9]{1,12}"),
    resumes=lambda _: ("aider", "--restore-chat-history"),
    # Two blanks at a line's end, or braces, would begin a text of several lines.
    typing=Typing(interrupt=b"\x03", shows_prompts=False, commands="/!{"),
)
steering: Final = AGENT.steering
