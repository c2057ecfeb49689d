"""aider: no sessions and no ids; each project has one history, which it reads again if it is told to."""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
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
_AGAIN: Final = "--restore-chat-history"


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of aider, or nobody talks with it."""
    found = commands.command(argv, _GRAMMAR)
    return None if found is None or found.has(*_ASIDES) else found


def _project(command: Command, cwd: str | None) -> str | None:
    """An id of ours for the one history of the repository, or of the folder, that it works in."""
    del command
    if cwd is None:
        return None
    folder = Path(cwd)
    root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)
    return f"aider-{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}"


AGENT: Final = Unread(
    name="aider",
    title="aider",
    command=command,
    named=_project,
    session_id=re.compile(r"aider-[0-9a-f]{16}"),
    resumes=lambda _: ("aider", _AGAIN),
    # Its options and files make it what it was: the history alone does not name its model.
    kept=lambda words: tuple(word for word in words if word != _AGAIN),
    # Two blanks at a line's end, or braces, would begin a text of several lines.
    typing=Typing(interrupt=b"\x03", shows_prompts=False, commands="/!{"),
)
steering: Final = AGENT.steering
