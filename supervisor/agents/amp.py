"""Amp: its threads lie on its server; here only its processes are seen."""

import re
from collections.abc import Sequence
from typing import Final

from supervisor.agents import commands
from supervisor.agents.commands import Command, Grammar
from supervisor.agents.unread import Unread

_GRAMMAR: Final = Grammar(
    program="amp",
    scripts=("/cli/cli-wrapper.cjs",),
    one=frozenset({
        "--visibility", "--settings-file", "--log-level", "--log-file", "--mcp-config", "--mode",
        "--features", "--label",
    }),
    same=(("-m", "--mode"), ("-x", "--execute"), ("-h", "--help"), ("-V", "--version"), ("-v", "--version")),
)  # fmt: skip
_ASIDES: Final = ("--help", "--version", "--execute", "--no-tui", "--stream-json")
#: Words after which a person talks with it: ``threads continue``, and what they are shortened to.
_THREADS: Final = frozenset({"threads", "thread", "t"})
_GOES_ON: Final = frozenset({"continue", "c", "last", "l"})


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of Amp, or starts no conversation."""
    found = commands.command(argv, _GRAMMAR)
    if found is None or found.has(*_ASIDES):
        return None
    verb = [word for word in found.words[:2] if word not in _THREADS]
    return found if not found.words or (verb and verb[0] in _GOES_ON) else None


def _named(found: Command, cwd: str | None) -> str | None:
    """A thread's id, also at the end of its address."""
    del cwd
    threads = [word.rsplit("/", 1)[-1] for word in found.words[2:]]
    return threads[0] if len(threads) == 1 else None


AGENT: Final = Unread(
    name="amp",
    title="Amp",
    command=command,
    named=_named,
    session_id=re.compile(r"T-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    resumes=lambda session_id: ("amp", "threads", "continue", session_id),
)
steering: Final = AGENT.steering
