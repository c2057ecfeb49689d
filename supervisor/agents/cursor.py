"""Cursor's agent for terminals: an undocumented store, which is not read; found by its processes."""

import re
from collections.abc import Sequence
from typing import Final

from supervisor.agents import commands
from supervisor.agents.commands import Command, Grammar
from supervisor.agents.unread import Unread

#: A script of the shell becomes Node.js under the name by which it was called, with this behind it.
_SCRIPT: Final = re.compile(
    r"[/\\]cursor-agent[/\\]versions[/\\][^/\\]+[/\\](?:dist-package[/\\])?index\.js$"
)
_OF_NODE: Final = "--use-system-ca"
_GRAMMAR: Final = Grammar(
    program="cursor-agent",
    scripts=(),
    one=frozenset({
        "--api-key", "--header", "--output-format", "--mode", "--model", "--sandbox", "--workspace",
        "--endpoint", "--resume", "--worktree", "--worktree-base", "--plugin-dir",
    }),
    same=(("-H", "--header"), ("-p", "--print"), ("-f", "--force"), ("-h", "--help"), ("-v", "--version")),
)  # fmt: skip
_ASIDES: Final = ("--help", "--version", "--print", "--cloud", "--list-models")
#: Words that start something else than a conversation.
_VERBS: Final = frozenset(
    {"about", "acp", "create-chat", "generate-rule", "help", "install-shell-integration", "login", "logout"}
    | {"ls", "mcp", "models", "rule", "status", "uninstall-shell-integration", "update", "whoami", "worker"}
)


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of Cursor's agent, or starts no conversation."""
    at = next((place for place, word in enumerate(argv[:4]) if _SCRIPT.search(word)), None)
    if at is not None:
        # Called as "agent", its program has no name of its own.
        argv = ("cursor-agent", *argv[at + 1 :])
    found = commands.command([word for word in argv if word != _OF_NODE], _GRAMMAR)
    if found is None or found.has(*_ASIDES) or (found.words and found.words[0] in _VERBS):
        return None
    return found


AGENT: Final = Unread(
    name="cursor",
    title="Cursor CLI",
    command=command,
    named=lambda found, _: found.value("--resume"),
    session_id=re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    resumes=lambda session_id: ("cursor-agent", "--resume", session_id),
)
steering: Final = AGENT.steering
