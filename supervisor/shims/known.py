"""What is typed to the agents that we know without a conversation in mind. From their own ``--help``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An agent's program, and its errands: what ends by itself, or runs without a screen.

    *verbs* count as its first argument, *options* anywhere before ``--``.
    """

    name: str
    verbs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


_CLAUDE: Final = Program(
    name="claude",
    verbs=(
        *("agents", "attach", "auth", "auto-mode", "config", "daemon", "doctor", "gateway", "help", "import"),
        *("install", "kill", "logs", "mcp", "migrate-installer", "plugin", "plugins", "purge"),
        *("remote-control", "respawn", "rm", "setup-token", "stop", "ultrareview", "update", "upgrade"),
    ),
    options=(
        *("-h", "--help", "-v", "--version", "-p", "--print", "--bg", "--background", "--cloud"),
        *("--desktop", "--tmux"),
    ),
)
_CODEX: Final = Program(
    name="codex",
    verbs=(
        *("a", "app-server", "apply", "archive", "cloud", "completion", "debug", "delete", "doctor", "e"),
        *("exec", "exec-server", "features", "help", "login", "logout", "mcp", "mcp-server"),
        *("migrate-nfs-db", "migrate-rollouts", "plugin", "queue", "remote-control", "review", "sandbox"),
        *("unarchive", "update"),
    ),
    # Here -p is a profile.
    options=("-h", "--help", "-V", "--version"),
)
_OPENCODE: Final = Program(
    name="opencode",
    verbs=(
        *("acp", "agent", "auth", "completion", "db", "debug", "export", "github", "import", "mcp", "models"),
        *("plug", "plugin", "providers", "run", "serve", "session", "stats", "uninstall", "upgrade", "web"),
    ),
    options=("-h", "--help", "-v", "--version"),
)
_QWEN: Final = Program(
    name="qwen",
    verbs=(
        *("auth", "board", "channel", "extensions", "hooks", "mcp", "review", "sandbox", "serve", "sessions"),
        "update",
    ),
    options=(
        *("-h", "--help", "-v", "--version", "-p", "--prompt", "-l", "--list-extensions", "--acp"),
        *("-o", "--output-format", "--input-format", "--json-schema"),
    ),
)
_GEMINI: Final = Program(
    name="gemini",
    verbs=("extension", "extensions", "gemma", "hook", "hooks", "mcp", "skill", "skills"),
    options=(
        *("-h", "--help", "-v", "--version", "-p", "--prompt", "-l", "--list-extensions", "--acp"),
        *("-o", "--output-format", "--list-sessions", "--delete-session", "--experimental-acp"),
    ),
)
_COPILOT: Final = Program(
    name="copilot",
    verbs=(
        *("app", "completion", "config", "help", "init", "instruction", "login", "lsp", "mcp", "memories"),
        *("plugin", "sandbox", "sessions", "skill", "update", "version", "workflow"),
    ),
    options=("-h", "--help", "-v", "--version", "-p", "--prompt", "--acp", "--connect", "--environment-host"),
)

PROGRAMS: Final[Sequence[Program]] = (_CLAUDE, _CODEX, _OPENCODE, _QWEN, _GEMINI, _COPILOT)
