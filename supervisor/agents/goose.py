"""goose: a database for all sessions, which is not read; found by its processes."""

import re
from collections.abc import Sequence
from typing import Final

from supervisor.agents import commands
from supervisor.agents.commands import Command, Grammar
from supervisor.agents.unread import Unread
from supervisor.core.steering import Typing

_GRAMMAR: Final = Grammar(
    program="goose",
    scripts=(),
    one=frozenset({
        "--name", "--session-id", "--id", "--path", "--max-turns", "--max-tool-repetitions",
        "--with-extension", "--with-remote-extension", "--with-streamable-http-extension",
        "--with-builtin", "--provider", "--model",
    }),
    same=(("-n", "--name"), ("-r", "--resume"), ("-h", "--help"), ("-V", "--version")),
)  # fmt: skip
_TALKS: Final = frozenset({("session",), ("s",)})


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of goose, or nobody talks with it."""
    found = commands.command(argv, _GRAMMAR)
    if found is None or found.has("--help", "--version"):
        return None
    return found if not found.words or found.words in _TALKS else None


AGENT: Final = Unread(
    name="goose",
    title="goose",
    command=command,
    named=lambda found, _: found.value("--session-id", "--id") if found.has("--resume") else None,
    session_id=re.compile(r"[0-9]{8}_[0-9]{1,9}"),
    resumes=lambda session_id: ("goose", "session", "--resume", "--session-id", session_id),
    typing=Typing(interrupt=b"\x03", shows_prompts=False, commands="/"),
)
steering: Final = AGENT.steering
