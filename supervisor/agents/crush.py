"""Crush: a database in each project, which is not read; found by its processes."""

import re
from collections.abc import Sequence
from typing import Final

from supervisor.agents import commands
from supervisor.agents.commands import Command, Grammar
from supervisor.agents.unread import Unread

_GRAMMAR: Final = Grammar(
    program="crush",
    scripts=("/crush/run-crush.js",),
    one=frozenset({"--cwd", "--data-dir", "--host", "--channels", "--session", "--model", "--small-model"}),
    same=(
        ("-c", "--cwd"), ("-D", "--data-dir"), ("-H", "--host"), ("-s", "--session"), ("-m", "--model"),
        ("-h", "--help"), ("-C", "--continue"),
    ),
)  # fmt: skip


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of Crush, or nobody talks with it: words are its verbs."""
    found = commands.command(argv, _GRAMMAR)
    return None if found is None or found.words or found.has("--help", "--version") else found


AGENT: Final = Unread(
    name="crush",
    title="Crush",
    command=command,
    named=lambda found, _: found.value("--session"),
    session_id=re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-f]{8,16}"),
    resumes=lambda session_id: ("crush", "--session", session_id),
)
steering: Final = AGENT.steering
