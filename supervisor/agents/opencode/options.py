"""OpenCode's command lines: which option takes a value, and which of them still count later."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

PROGRAMS: Final = frozenset({"opencode", "opencode.exe"})
#: Commands that serve many sessions, and those that serve none.
SERVERS: Final = frozenset({"serve", "web", "acp"})
OTHERS: Final = frozenset(
    {"completion", "mcp", "attach", "debug", "providers", "auth", "agent", "upgrade", "uninstall", "models"}
    | {"stats", "export", "import", "github", "pr", "session", "plugin", "plug", "db"}
)
#: What opens a server of the terminal's program for others.
DOOR: Final = frozenset({"--port", "--hostname", "--mdns", "--mdns-domain", "--cors"})
#: Options that take the next word as their value.
_VALUED: Final = frozenset(
    {"-s", "--session", "-m", "--model", "--prompt", "--agent", "--log-level", "--replay-limit"}
    | {"--port", "--hostname", "--mdns-domain", "--cors"}
    # Of ``run`` and ``attach``.
    | {"--dir", "--title", "--format", "-f", "--file", "--attach", "--variant", "--command"}
    | {"-p", "--password", "-u", "--username"}
)
#: What a session is brought back with, as it was started: how it looks, thinks and asks.
_STAYS: Final = frozenset(
    {"-m", "--model", "--agent", "--auto", "--dangerously-skip-permissions", "--pure", "--log-level"}
)
#: The same, which only the terminal's program knows.
_STAYS_IN_TERMINALS: Final = DOOR | {
    "--print-logs",
    "--mini",
    "--replay",
    "--no-replay",
    "--replay-limit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A command line taken apart. *command*: empty for the program in the terminal."""

    command: str
    options: tuple[tuple[str, str | None], ...] = ()
    rest: tuple[str, ...] = field(default=())

    def __contains__(self, option: str) -> bool:
        """Whether this option is given."""
        return any(name == option for name, _ in self.options)

    def value(self, *names: str) -> str | None:
        """What the last of these options says."""
        return next((value for name, value in reversed(self.options) if name in names), None)


def words(argv: Sequence[str]) -> Words | None:
    """This command line; ``None`` if it is none of OpenCode's."""
    if not argv or PurePath(argv[0].replace("\\", "/")).name not in PROGRAMS:
        return None
    options: list[tuple[str, str | None]] = []
    plain: list[str] = []
    rest = iter(argv[1:])
    for argument in rest:
        if argument == "--":
            plain += rest
        elif not argument.startswith("-") or argument == "-":
            plain.append(argument)
        else:
            options.append(_option(argument, rest))
    command = plain[0] if plain and plain[0] in SERVERS | OTHERS | {"run"} else ""
    return Words(command=command, options=tuple(options), rest=tuple(plain[bool(command) :]))


def _option(argument: str, rest: Iterator[str]) -> tuple[str, str | None]:
    name, given, value = argument.partition("=")
    if given:
        return name, value
    return name, next(rest, "") if name in _VALUED else None


def kept(found: Words) -> tuple[str, ...]:
    """The options with which its session is brought back in a terminal."""
    stays = _STAYS if found.command else _STAYS | _STAYS_IN_TERMINALS
    return tuple(word for name, value in found.options if name in stays for word in _spelled(name, value))


def _spelled(name: str, value: str | None) -> tuple[str, ...]:
    if value is None:
        return (name,)
    return (name, value) if name in _VALUED else (f"{name}={value}",)
