"""Command lines of Qwen Code, from its own ``--help``."""

from collections.abc import Sequence
from typing import Final

from supervisor.agents import commands
from supervisor.agents.commands import Command, Grammar

INPUT: Final = "--input-file"
OUTPUT: Final = "--json-file"

_GRAMMAR: Final = Grammar(
    program="qwen",
    scripts=("/qwen-code/cli.js", "/qwen-code/cli-entry.js", "/qwen-code/dist/cli.js", "/bin/qwen.js"),
    one=frozenset({
        "--telemetry-target", "--telemetry-otlp-endpoint", "--telemetry-otlp-protocol", "--telemetry-outfile",
        "--proxy", "--model", "--prompt", "--prompt-interactive", "--system-prompt",
        "--append-system-prompt", "--output-style", "--sandbox-image", "--approval-mode", "--channel",
        "--mcp-config", "--openai-logging-dir", "--openai-api-key", "--openai-base-url", "--input-format",
        "--output-format", "--json-fd", OUTPUT, "--json-schema", INPUT, "--resume", "--session-id",
        "--worktree", "--max-session-turns", "--max-wall-time", "--max-tool-calls", "--max-subagent-depth",
        "--auth-type",
    }),
    many=frozenset({
        "--fallback-model", "--allowed-mcp-server-names", "--allowed-tools", "--extensions",
        "--include-directories", "--add-dir", "--core-tools", "--exclude-tools", "--disabled-slash-commands",
    }),
    same=(
        ("-m", "--model"), ("-p", "--prompt"), ("-i", "--prompt-interactive"), ("-s", "--sandbox"),
        ("-y", "--yolo"), ("-e", "--extensions"), ("-l", "--list-extensions"), ("-o", "--output-format"),
        ("-c", "--continue"), ("-r", "--resume"), ("-v", "--version"), ("-h", "--help"), ("-d", "--debug"),
    ),
)  # fmt: skip
#: Words that start something else than a conversation.
VERBS: Final = frozenset(
    {"auth", "board", "channel", "extensions", "hooks", "mcp", "review", "sandbox", "serve", "sessions"}
    | {"update"}
)
_ASIDES: Final = ("--help", "--version", "--list-extensions", "--acp", "--experimental-acp")
#: With these nobody talks with it in its terminal; nor with words without an option, which are a prompt.
_ONE_SHOT: Final = ("--prompt", "--output-format", "--input-format", "--json-schema")
#: What a session is brought back with, as it was started: how it looks, thinks and asks.
_KEPT: Final = frozenset(
    {"--model", "--fallback-model", "--system-prompt", "--append-system-prompt", "--output-style"}
    | {"--sandbox", "--sandbox-image", "--yolo", "--approval-mode", "--proxy", "--insecure", "--bare"}
    | {"--safe-mode", "--allowed-mcp-server-names", "--mcp-config", "--allowed-tools", "--extensions"}
    | {"--include-directories", "--add-dir", "--openai-api-key", "--openai-base-url", "--auth-type"}
    | {"--core-tools", "--exclude-tools", "--disabled-slash-commands", "--screen-reader", "--debug"}
)


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of Qwen Code, or starts no conversation."""
    found = commands.command(argv, _GRAMMAR)
    if found is None or found.has(*_ASIDES) or (found.words and found.words[0] in VERBS):
        return None
    return found


def is_interactive(found: Command) -> bool:
    """Whether a person talks with it in the terminal in which it is started."""
    return not found.has(*_ONE_SHOT) and not found.words


def session(found: Command) -> str | None:
    """The session that it would write to, where it names one."""
    if found.has("--fork-session"):
        return found.value("--session-id")
    return found.value("--session-id") or found.value("--resume")


def kept(found: Command) -> tuple[str, ...]:
    """The options with which its session is brought back."""
    return found.kept(_KEPT)
