"""Command lines of Kimi Code, from its own ``--help``. Once it runs, it hides its own."""

from collections.abc import Sequence
from typing import Final

from supervisor.agents import commands
from supervisor.agents.commands import Command, Grammar

#: What it calls itself as soon as it runs; its options are gone then.
PROCESS: Final = "kimi-code"
#: Set by us for a session that is resumed in a terminal of ours.
MARK: Final = "WAKELINE_KIMI_SESSION"

_GRAMMAR: Final = Grammar(
    program="kimi",
    scripts=("/kimi-code/dist/main.mjs",),
    one=frozenset({
        "--session", "--model", "--prompt", "--output-format", "--skills-dir", "--agent", "--agent-file",
        "--add-dir",
    }),
    same=(
        ("-S", "--session"), ("-r", "--session"), ("--resume", "--session"), ("-c", "--continue"),
        ("-y", "--yolo"), ("-m", "--model"), ("-p", "--prompt"), ("-h", "--help"), ("-V", "--version"),
    ),
)  # fmt: skip
#: Words that start something else than a conversation.
VERBS: Final = frozenset(
    {"export", "fork", "provider", "session", "acp", "web", "server", "rc", "remote", "login", "doctor"}
    | {"vis", "install-desktop", "migrate", "upgrade", "update"}
)


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of Kimi Code, or starts no conversation."""
    if argv and argv[0] == PROCESS:
        return Command(program=(PROCESS,))
    found = commands.command(argv, _GRAMMAR)
    if found is None or found.has("--help", "--version") or (found.words and found.words[0] in VERBS):
        return None
    return found


def session(found: Command) -> str | None:
    """The session that it would write to, where it names one."""
    return found.value("--session")
