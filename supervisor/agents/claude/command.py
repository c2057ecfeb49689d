"""What a command line of Claude Code asks for: its options by a table, what it starts, whom it continues.

The table is that of ``claude --help``, with the few options that it does not show. Options are read
as the program reads them: one that takes any number of values goes on to the next word with a dash.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from supervisor.agents.claude import files


class Takes(Enum):
    """How many of the following words belong to an option."""

    NOTHING = auto()
    ONE = auto()
    #: One, unless that begins with a dash.
    MAYBE = auto()
    #: One, and all up to the next that begins with a dash.
    MANY = auto()


@dataclass(frozen=True, slots=True)
class Option:
    """*kept*: it is about how the session works, not about what was started that one time."""

    takes: Takes = Takes.NOTHING
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An option as it was given: its main name, its words as typed and where they begin, its values."""

    name: str
    at: int
    words: tuple[str, ...]
    values: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether a later start of the same session needs it too."""
        return self.name in OPTIONS and OPTIONS[self.name].kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line of Claude Code: *program* with its interpreter, options, all other words."""

    program: tuple[str, ...]
    options: tuple[Given, ...] = ()
    words: tuple[str, ...] = ()

    def has(self, *names: str) -> bool:
        """Whether one of these options was given."""
        return any(option.name in names for option in self.options)

    def last(self, name: str) -> Given | None:
        """An option where it was given last: that one counts."""
        return next((option for option in reversed(self.options) if option.name == name), None)

    def value(self, name: str) -> str | None:
        """Its first value."""
        given = self.last(name)
        return given.values[0] if given and given.values else None

    @property
    def errand(self) -> bool:
        """Whether it starts something else than a conversation of its own."""
        first = self.words[0] if self.words else ""
        return bool(_ERRAND.fullmatch(first)) or self.has(*_ASIDES)

    @property
    def interactive(self) -> bool:
        """Whether a person talks with it in the terminal in which it is started."""
        return not self.errand and not self.has(*_ELSEWHERE)


def command(argv: Sequence[str]) -> Command | None:
    """Read a command line; ``None`` if it is not of Claude Code: the native one, or its script in Node."""
    first = _program(argv)
    if not first:
        return None
    words: list[str] = []
    options = tuple(_read(argv, first, words))
    return Command(program=tuple(argv[:first]), options=options, words=tuple(words))


def writes_to(told: Command) -> str | None:
    """The session that this command would write to, where it names one."""
    if told.has("--fork-session"):
        named = told.value("--session-id")
    else:
        named = told.value("--session-id") or told.value("--resume")
    return _session_id(named) if named else None


def _session_id(named: str) -> str | None:
    """An id as it is, or that of the file which would be continued."""
    if files.SESSION_ID.fullmatch(named):
        return named
    return files.session_id_of(re.split(r"[\\/]", named)[-1])


def _program(argv: Sequence[str]) -> int:
    """How many words name the program; 0 if it is another one."""
    names = [re.split(r"[\\/]", word) for word in argv[:2]]
    if not names:
        return 0
    if names[0][-1] in {"claude", "claude.exe"}:
        return 1
    if names[0][-1] not in {"node", "node.exe", "bun"} or len(names) < 2:
        return 0
    script = names[1]
    return 2 if script[-1] == "claude" or script[-2:] == ["claude-code", "cli.js"] else 0


def _read(argv: Sequence[str], first: int, words: list[str]) -> Iterator[Given]:
    """The options; what is none is added to *words*."""
    rest = list(argv[first:])
    while rest:
        at, word = len(argv) - len(rest), rest.pop(0)
        if word == "--":
            words += rest
            return
        if not word.startswith("-") or word == "-":
            words.append(word)
        elif word.startswith("--"):
            yield _long(at, word, rest)
        else:
            yield _short(at, word, rest)


def _long(at: int, word: str, rest: list[str]) -> Given:
    name, equals, value = word.partition("=")
    name = _OTHER_NAMES.get(name, name)
    values = (value,) if equals else _values(name, rest)
    return Given(name=name, at=at, words=(word,) if equals else (word, *values), values=values)


def _short(at: int, word: str, rest: list[str]) -> Given:
    """One letter, with its value or with more letters behind it."""
    name, behind = _OTHER_NAMES.get(word[:2], word[:2]), word[2:]
    if not behind:
        values = _values(name, rest)
        return Given(name=name, at=at, words=(word, *values), values=values)
    if name in OPTIONS and OPTIONS[name].takes is Takes.NOTHING:
        rest.insert(0, f"-{behind}")
        return Given(name=name, at=at, words=(word[:2],))
    return Given(name=name, at=at, words=(word,), values=(behind,))


def _values(name: str, rest: list[str]) -> tuple[str, ...]:
    """Takes its values off the words that follow; of an unknown option one that may be its value."""
    takes = OPTIONS[name].takes if name in OPTIONS else Takes.MAYBE
    values = []
    if takes in {Takes.ONE, Takes.MANY} and rest:
        values.append(rest.pop(0))
    if takes is Takes.MAYBE and rest and not rest[0].startswith("-"):
        values.append(rest.pop(0))
    while takes is Takes.MANY and rest and not rest[0].startswith("-"):
        values.append(rest.pop(0))
    return tuple(values)


_FLAG, _ONE, _MAYBE, _MANY = Option(), Option(Takes.ONE), Option(Takes.MAYBE), Option(Takes.MANY)
_KEPT_FLAG, _KEPT_ONE = Option(kept=True), Option(Takes.ONE, kept=True)
_KEPT_MAYBE, _KEPT_MANY = Option(Takes.MAYBE, kept=True), Option(Takes.MANY, kept=True)

#: All options by their main names.
OPTIONS: Final[Mapping[str, Option]] = {
    "--add-dir": _KEPT_MANY,
    "--agent": _KEPT_ONE,
    "--agents": _KEPT_ONE,
    "--allow-dangerously-skip-permissions": _KEPT_FLAG,
    "--allowed-tools": _KEPT_MANY,
    "--append-system-prompt": _KEPT_ONE,
    "--append-system-prompt-file": _KEPT_ONE,
    "--autocompact": _KEPT_ONE,
    "--ax-screen-reader": _KEPT_FLAG,
    "--background": _FLAG,
    "--bare": _KEPT_FLAG,
    "--betas": _KEPT_MANY,
    "--bg-spare": _FLAG,
    "--brief": _KEPT_FLAG,
    "--chrome": _KEPT_FLAG,
    "--cloud": _MAYBE,
    "--continue": _FLAG,
    "--dangerously-skip-permissions": _KEPT_FLAG,
    "--debug": _KEPT_MAYBE,
    "--debug-file": _KEPT_ONE,
    "--desktop": _FLAG,
    "--disable-slash-commands": _KEPT_FLAG,
    "--disallowed-tools": _KEPT_MANY,
    "--effort": _KEPT_ONE,
    "--environment": _ONE,
    "--exclude-dynamic-system-prompt-sections": _KEPT_FLAG,
    "--fallback-model": _KEPT_ONE,
    "--file": _MANY,
    "--fork-session": _FLAG,
    "--forward-subagent-text": _FLAG,
    "--from-pr": _MAYBE,
    "--help": _FLAG,
    "--ide": _KEPT_FLAG,
    "--include-hook-events": _FLAG,
    "--include-partial-messages": _FLAG,
    "--input-format": _ONE,
    "--json-schema": _ONE,
    "--max-budget-usd": _ONE,
    "--max-turns": _ONE,
    "--mcp-config": _KEPT_MANY,
    "--model": _KEPT_ONE,
    # The session keeps its name by itself, and it may have been renamed since.
    "--name": _ONE,
    "--no-chrome": _KEPT_FLAG,
    "--no-session-persistence": _FLAG,
    "--output-format": _ONE,
    "--permission-mode": _KEPT_ONE,
    "--permission-prompt-tool": _ONE,
    "--permission-prompts": _ONE,
    "--plugin-dir": _KEPT_ONE,
    "--plugin-url": _KEPT_ONE,
    "--print": _FLAG,
    "--prompt-suggestions": _KEPT_MAYBE,
    "--remote-control": _KEPT_MAYBE,
    "--remote-control-session-name-prefix": _KEPT_ONE,
    "--replay-user-messages": _FLAG,
    "--restricted": _KEPT_FLAG,
    "--resume": _MAYBE,
    "--safe-mode": _KEPT_FLAG,
    "--session-id": _ONE,
    "--setting-sources": _KEPT_ONE,
    "--settings": _KEPT_ONE,
    "--strict-mcp-config": _KEPT_FLAG,
    "--system-prompt": _KEPT_ONE,
    "--system-prompt-file": _KEPT_ONE,
    "--system-prompt-snapshot": _KEPT_ONE,
    "--teleport": _MAYBE,
    # Its value only comes behind an equals sign; and inside tmux it has long been.
    "--tmux": _FLAG,
    "--tools": _KEPT_MANY,
    "--verbose": _KEPT_FLAG,
    "--version": _FLAG,
    # Another time it would be another worktree.
    "--worktree": _MAYBE,
}

_OTHER_NAMES: Final = {
    "--allowedTools": "--allowed-tools",
    "--bg": "--background",
    "--disallowedTools": "--disallowed-tools",
    "-c": "--continue",
    "-d": "--debug",
    "-h": "--help",
    "-n": "--name",
    "-p": "--print",
    "-r": "--resume",
    "-v": "--version",
    "-w": "--worktree",
}

#: First words that start something else than a conversation.
_ERRAND: Final = re.compile(
    r"agents|attach|auth|auto-mode|bg-pty-host|bg-spare|config|daemon|doctor|gateway|import|install|kill|logs"
    r"|mcp|plugins?|purge|remote-control|respawn|rm|setup-token|stop|ultrareview|update|upgrade"
)
_ASIDES: Final = ("--help", "--version", "--background", "--bg-spare")
#: It answers into a pipe, in the cloud, in another program, or starts itself anew inside tmux.
_ELSEWHERE: Final = ("--print", "--cloud", "--desktop", "--environment", "--teleport", "--tmux")
