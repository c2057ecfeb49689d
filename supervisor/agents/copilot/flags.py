"""Command lines of Copilot CLI, from its own ``--help``."""

from collections.abc import Sequence
from typing import Final

from supervisor.agents import commands
from supervisor.agents.commands import Command, Grammar

_GRAMMAR: Final = Grammar(
    program="copilot",
    scripts=("/copilot/npm-loader.js", "/copilot/index.js"),
    one=frozenset({
        "--interactive", "--prompt", "--model", "--reasoning-effort", "--context", "--auto-tier", "--agent",
        "--resume", "--name", "--session-id", "--connect", "-C", "--log-dir", "--extension-sdk-path",
        "--log-level", "--stream", "--output-format", "--share", "--add-dir", "--attachment",
        "--disable-mcp-server", "--enable-mcp-server", "--add-github-mcp-toolset", "--add-github-mcp-tool",
        "--plugin-dir", "--additional-mcp-config", "--mcp-github-auth", "--max-autopilot-continues", "--mode",
        "--bash-env", "--mouse", "--environment-host", "--environment-compute-id", "--dynamic-retrieval",
        "--max-ai-credits",
    }),
    many=frozenset({
        "--allow-tool", "--deny-tool", "--available-tools", "--excluded-tools", "--secret-env-vars",
        "--allow-url", "--deny-url",
    }),
    same=(
        ("-i", "--interactive"), ("-p", "--prompt"), ("-r", "--resume"), ("-n", "--name"), ("-h", "--help"),
        ("-v", "--version"), ("-s", "--silent"),
    ),
)  # fmt: skip
#: Words that start something else than a conversation.
VERBS: Final = frozenset(
    {"app", "login", "help", "init", "config", "update", "version", "workflow", "sessions", "memories"}
    | {"plugin", "mcp", "skill", "instruction", "lsp", "sandbox", "completion"}
)
_ASIDES: Final = ("--help", "--version", "--acp", "--environment-host", "--connect")
#: What a session is brought back with, as it was started: how it looks, thinks and asks.
_KEPT: Final = frozenset(
    {"--model", "--reasoning-effort", "--context", "--auto-tier", "--agent", "--allow-all-tools", "--yolo"}
    | {"--allow-all-paths", "--allow-all-urls", "--allow-all", "--disallow-temp-dir", "--screen-reader"}
    | {"--plain-diff", "--stream", "--add-dir", "--disable-mcp-server", "--disable-builtin-mcps"}
    | {"--enable-all-github-mcp-tools", "--add-github-mcp-toolset", "--add-github-mcp-tool", "--plugin-dir"}
    | {"--additional-mcp-config", "--allow-tool", "--deny-tool", "--available-tools", "--excluded-tools"}
    | {"--secret-env-vars", "--allow-url", "--deny-url", "--mode", "--experimental", "--mouse", "--bash-env"}
)


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of Copilot CLI, or starts no conversation."""
    found = commands.command(argv, _GRAMMAR)
    if found is None or found.has(*_ASIDES) or (found.words and found.words[0] in VERBS):
        return None
    return found


def session(found: Command) -> str | None:
    """The session that it would write to, where it names one."""
    return found.value("--session-id") or found.value("--resume")


def kept(found: Command) -> tuple[str, ...]:
    """The options with which its session is brought back."""
    return found.kept(_KEPT)
