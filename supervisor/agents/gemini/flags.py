"""Command lines of Gemini CLI, from its own ``--help``."""

from collections.abc import Sequence
from typing import Final

from supervisor.agents import commands
from supervisor.agents.commands import Command, Grammar

_GRAMMAR: Final = Grammar(
    program="gemini",
    scripts=("/gemini-cli/bundle/gemini.js", "/gemini-cli/dist/index.js"),
    one=frozenset({
        "--model", "--prompt", "--prompt-interactive", "--worktree", "--approval-mode", "--resume",
        "--session-file", "--session-id", "--delete-session", "--output-format",
    }),
    many=frozenset({
        "--policy", "--admin-policy", "--allowed-mcp-server-names", "--allowed-tools", "--extensions",
        "--include-directories",
    }),
    same=(
        ("-m", "--model"), ("-p", "--prompt"), ("-i", "--prompt-interactive"), ("-s", "--sandbox"),
        ("-y", "--yolo"), ("-e", "--extensions"), ("-l", "--list-extensions"), ("-o", "--output-format"),
        ("-r", "--resume"), ("-v", "--version"), ("-h", "--help"), ("-d", "--debug"), ("-w", "--worktree"),
    ),
)  # fmt: skip
#: Words that start something else than a conversation.
VERBS: Final = frozenset({"mcp", "extensions", "extension", "skills", "skill", "hooks", "hook", "gemma"})
_ASIDES: Final = (
    *("--help", "--version", "--list-extensions", "--list-sessions", "--delete-session", "--acp"),
    "--experimental-acp",
)
_ONE_SHOT: Final = ("--prompt", "--output-format")
#: With one of these it is said already which session it will be.
_SAYS_WHICH: Final = ("--resume", "--session-file", "--session-id")
#: What a session is brought back with, as it was started: how it looks, thinks and asks.
_KEPT: Final = frozenset(
    {"--model", "--sandbox", "--yolo", "--approval-mode", "--policy", "--admin-policy", "--skip-trust"}
    | {"--allowed-mcp-server-names", "--allowed-tools", "--extensions", "--include-directories"}
    | {"--screen-reader", "--debug", "--raw-output", "--accept-raw-output-risk"}
)


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of Gemini CLI, or starts no conversation."""
    found = commands.command(argv, _GRAMMAR)
    if found is None or found.has(*_ASIDES) or (found.words and found.words[0] in VERBS):
        return None
    return found


def is_fresh(found: Command) -> bool:
    """Whether it begins a session in its terminal, of which the id is not said yet."""
    return not found.has(*_ONE_SHOT, *_SAYS_WHICH)


def session(found: Command) -> str | None:
    """The session that it would write to, where it names one."""
    return found.value("--session-id") or found.value("--resume")


def kept(found: Command) -> tuple[str, ...]:
    """The options with which its session is brought back."""
    return found.kept(_KEPT)
