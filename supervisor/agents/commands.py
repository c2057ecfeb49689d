"""Command lines of agents, many of them scripts for Node.js: whose they are, and their options by yargs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

NODE: Final = re.compile(r"(?:node|bun)(?:\.exe)?", re.IGNORECASE)
PYTHON: Final = re.compile(r"pythonw?[0-9.]*(?:\.exe)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """How one agent's command line is read.

    *program*: its own name; *scripts*: ends of paths under which its *interpreter* runs it. *one* and
    *many*: options that take the next word, or all up to the next with a dash. *same*: short name → long.
    """

    program: str
    scripts: tuple[str, ...]
    interpreter: re.Pattern[str] = NODE
    one: frozenset[str] = frozenset()
    many: frozenset[str] = frozenset()
    same: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option, under its long name; *words*: as it was typed."""

    name: str
    value: str | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line: *program* with its interpreter, options, and all other words."""

    program: tuple[str, ...]
    options: tuple[Option, ...] = ()
    words: tuple[str, ...] = ()

    def has(self, *names: str) -> bool:
        """Whether one of these options was given."""
        return any(option.name in names for option in self.options)

    def value(self, *names: str) -> str | None:
        """What the last of these options says."""
        found = (option.value for option in reversed(self.options) if option.name in names)
        return next((value for value in found if value), None)

    def kept(self, names: frozenset[str]) -> tuple[str, ...]:
        """The words of these options, as they were typed."""
        return tuple(word for option in self.options if option.name in names for word in option.words)


def command(argv: Sequence[str], grammar: Grammar) -> Command | None:
    """Read a command line; ``None`` if it is of another program."""
    first = _program(argv, grammar)
    if not first:
        return None
    words: list[str] = []
    options = tuple(_options(argv[first:], grammar, words))
    return Command(program=tuple(argv[:first]), options=options, words=tuple(words))


def _program(argv: Sequence[str], grammar: Grammar) -> int:
    """How many words name the program; 0 if it is another one."""
    if not argv:
        return 0
    name = _name(argv[0])
    if name in {grammar.program, f"{grammar.program}.exe", f"{grammar.program}.cmd"}:
        return 1
    if not grammar.interpreter.fullmatch(name):
        return 0
    # Interpreters have options of their own; those that we have seen take no word of their own.
    at = next((place for place, word in enumerate(argv[1:], 1) if not word.startswith("-")), 0)
    script = argv[at].replace("\\", "/") if at else ""
    return at + 1 if script.endswith((f"/{grammar.program}", *grammar.scripts)) else 0


def _name(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]


def _options(given: Sequence[str], grammar: Grammar, words: list[str]) -> Iterator[Option]:
    """The options; what is none is added to *words*."""
    rest = list(given)
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            return
        if word.startswith("-") and word != "-":
            yield _option(word, rest, grammar)
        else:
            words.append(word)


def _option(word: str, rest: list[str], grammar: Grammar) -> Option:
    name, equals, value = word.partition("=")
    name = dict(grammar.same).get(name, name)
    if equals:
        return Option(name=name, value=value, words=(word,))
    taken: list[str] = []
    if name in grammar.one and rest and not _is_option(rest[0]):
        taken = [rest.pop(0)]
    while name in grammar.many and rest and not _is_option(rest[0]):
        taken.append(rest.pop(0))
    return Option(name=name, value=taken[0] if taken else None, words=(word, *taken))


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"
