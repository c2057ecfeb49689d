"""Codex's command line: which session it writes to, and with what options a session is brought back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final

from supervisor.agents.codex import files
from supervisor.core.model import Resume, Session

#: Words after which ``codex`` is no conversation in a terminal.
_NO_CONVERSATION: Final = frozenset(
    {
        "a", "agents", "app-server", "apply", "archive", "cloud", "completion", "debug", "delete", "doctor",
        "e", "exec", "exec-server", "features", "help", "login", "logout", "mcp", "mcp-server",
        "migrate-nfs-db", "migrate-rollouts", "plugin", "queue", "remote-control", "review", "sandbox",
        "unarchive", "update",
    }
)  # fmt: skip
_ONLY_TELLS: Final = frozenset({"--help", "--version", "-h", "-V"})
_EXEC: Final = frozenset({"exec", "e"})

#: Options with a value that a session keeps. A folder to work in is none: it comes back where it was.
_KEPT_VALUES: Final = frozenset(
    {
        "-c", "--config", "-m", "--model", "-p", "--profile", "-s", "--sandbox", "-a", "--ask-for-approval",
        "--add-dir", "--enable", "--disable", "--local-provider", "--remote", "--remote-auth-token-env",
    }
)  # fmt: skip
#: Options without one that a session keeps; some are known to a few versions only.
_KEPT: Final = frozenset(
    {
        "--approve-for-me", "--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust",
        "--full-auto", "--no-alt-screen", "--no-daemon", "--oss", "--search", "--strict-config", "--yolo",
    }
)  # fmt: skip
#: Options with a value that are for one start, or only for runs without a terminal.
_DROPPED_VALUES: Final = frozenset(
    {
        "-C", "--cd", "--color", "--cyber-access-program", "-i", "--image", "--listen", "--message", "-o",
        "--output-last-message", "--output-schema", "--thread", "--thread-source",
    }
)  # fmt: skip
#: By itself, or with a server of its user's choice.
_APART: Final = frozenset({"--no-daemon", "--remote"})
_FOLDER: Final = frozenset({"-C", "--cd"})
#: ``codex resume`` does not know these.
_ONLY_WITHOUT_TERMINAL: Final = frozenset({"--full-auto"})


@dataclass(frozen=True, slots=True)
class _Option:
    """An option as it was given, with its value if it has one."""

    name: str
    words: tuple[str, ...]

    @property
    def value(self) -> str | None:
        """What was given to it."""
        if len(self.words) > 1:
            return self.words[1]
        return self.words[0].partition("=")[2] or None


def command(argv: Sequence[str]) -> str | None:
    """The first word that is no option; of a conversation in a terminal that may be its prompt."""
    return next(iter(_read(argv)[0]), None)


def is_conversation(argv: Sequence[str]) -> bool:
    """Whether this command is a conversation in a terminal."""
    return command(argv) not in _NO_CONVERSATION and _ONLY_TELLS.isdisjoint(argv[1:])


def is_apart(argv: Sequence[str]) -> bool:
    """Whether it was told to do without the shared daemon, or does so by its nature."""
    words, options = _read(argv)
    return (bool(words) and words[0] in _EXEC) or any(option.name in _APART for option in options)


def leads_elsewhere(argv: Sequence[str]) -> bool:
    """Whether it was told which folder to work in."""
    return any(option.name in _FOLDER for option in _read(argv)[1])


def writes_to(argv: Sequence[str]) -> str | None:
    """The session that a command goes on with, where it names one by its id."""
    words = _read(argv)[0]
    if words[:1] and words[0] in _EXEC:
        words = words[1:]
    if len(words) < 2 or words[0] != "resume":
        return None
    session_id = words[1].lower()
    return session_id if files.SESSION_ID.fullmatch(session_id) else None


def relaunch(session: Session, argv: Sequence[str]) -> Resume | None:
    """The resume command of a session, with what *argv* says of model, permissions and the like."""
    words, options = _read(argv)
    resume = session.resume
    if resume is None or (words and words[0] in _NO_CONVERSATION - _EXEC):
        return resume
    without_terminal = bool(words) and words[0] in _EXEC
    moved = any(option.name in _FOLDER for option in options)
    kept = [word for o in options if _is_kept(o, without_terminal, moved) for word in o.words]
    return replace(resume, argv=(*resume.argv[:2], *kept, *resume.argv[2:]))


def _is_kept(option: _Option, without_terminal: bool, moved: bool) -> bool:
    if without_terminal and option.name in _ONLY_WITHOUT_TERMINAL:
        return False
    if option.name == "--add-dir" and moved:
        # From which folder a relative one was meant is not known then.
        return PurePath(option.value or "").is_absolute()
    return option.name in _KEPT or (option.name in _KEPT_VALUES and option.value is not None)


def _read(argv: Sequence[str]) -> tuple[list[str], list[_Option]]:
    """Words and options apart. What is not known is taken for an option without a value."""
    words: list[str] = []
    options: list[_Option] = []
    rest = iter(argv[1:])
    for word in rest:
        if word == "--":
            words += rest
        elif word.startswith("-") and len(word) > 1:
            options.append(_option(word, rest))
        else:
            words.append(word)
    return words, options


def _option(word: str, rest: Iterator[str]) -> _Option:
    long = word.startswith("--")
    name = word.partition("=")[0] if long else word[:2]
    if name not in _KEPT_VALUES | _DROPPED_VALUES:
        return _Option(name, (word,))
    if long and "=" in word:
        return _Option(name, (word,))
    if not long and len(word) > 2:
        return _Option(name, (name, word[2:].removeprefix("=")))
    value = next(rest, None)
    return _Option(name, (name,) if value is None else (name, value))
