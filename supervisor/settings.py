"""One file of settings, one frozen object. A key that is not known is an error that names the nearest."""

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from supervisor.core.errors import WrongUse

#: These are in no message.
#: No number of ours means anything above that; times and sizes are reckoned with floats.
_LARGEST: Final = 2**31
_SECRETS: Final = frozenset({"notices.urls"})
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class AwakeSettings:
    """Keep-awake."""

    battery_limit_percent: int = _setting(
        20, "On battery, at or below this charge, the machine may sleep. 0 to 100."
    )
    wind_down_seconds: int = _setting(120, "How long the machine stays awake after the last reason has gone.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoverSettings:
    """Which sessions are seen."""

    agents: tuple[str, ...] = _setting(
        (), "Only these agents, by their short names. Empty: all that are known."
    )
    below_pid: int = _setting(0, "Only processes that descend from this one. 0: all of this user.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSettings:
    """The list of sessions."""

    keep_over_hours: int = _setting(
        24, "How long an ended session stays in the list; history has it for ever."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesSettings:
    """What you are told without having asked."""

    desktop: bool = _setting(True, "Show notices on this desktop, by the tray.")
    level: str = _setting(
        "title",
        "What they tell: none, title, or full: also what is asked and said, with buttons to answer.",
    )
    kinds: tuple[str, ...] = _setting(
        ("needs_you", "cut_off", "recovered", "finished", "job_ended", "battery", "lost"),
        "What you are told of.",
    )
    min_turn_seconds: int = _setting(60, "The end of a shorter turn, or of a shorter job, is not told.")
    quiet_hours: str = _setting("", 'When nobody is called, as "22:00-07:00". Empty: never.')
    urls: tuple[str, ...] = _setting(
        (), 'Send them elsewhere too, by apprise: ["ntfy://my.server/topic", …]. They are secrets.'
    )
    urls_level: str = _setting("none", "What is told there: none, title, or full.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSettings:
    """The listener for phones."""

    port: int = _setting(47820, "The port of the listener. A phone's key is bound to it: keep it stable.")
    address: str = _setting("", "The address to listen on. Empty: the best one found.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconnectSettings:
    """Bringing back what was cut off or lost: ``off``, ``ask`` or ``auto``."""

    hosted: str = _setting("auto", "Sessions in terminals of ours: off, ask, or auto.")
    others: str = _setting("ask", "All other sessions: off, ask, or auto.")
    at_login: str = _setting(
        "ask", "After a reboot, sessions that are brought back by themselves otherwise: off, ask, or auto."
    )
    folders: tuple[str, ...] = _setting((), 'Folders with a rule of their own: ["~/work=off", …].')
    first_pause_seconds: int = _setting(1, "The first pause between two looks at the network, at most.")
    longest_pause_seconds: int = _setting(30, "The longest pause between two looks.")
    silent_after_seconds: int = _setting(
        0, "A turn in which nothing moves is asked again after so long. 0: when its agent's patience is over."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySettings:
    """What can be brought back."""

    keep_transcripts: bool = _setting(
        False, "Keep copies of what agents store of sessions: some delete it after a month."
    )
    most_megabytes: int = _setting(2048, "So much of them; the oldest go.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSettings:
    """Terminals that we hold."""

    detach_key: str = _setting(
        "ctrl-\\", "Pressed twice, it leaves a held terminal; the command goes on. Empty: no key does."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, with their defaults."""

    awake: AwakeSettings = AwakeSettings()
    discover: DiscoverSettings = DiscoverSettings()
    list: ListSettings = ListSettings()
    notices: NoticesSettings = NoticesSettings()
    phone: PhoneSettings = PhoneSettings()
    reconnect: ReconnectSettings = ReconnectSettings()
    recovery: RecoverySettings = RecoverySettings()
    terminal: TerminalSettings = TerminalSettings()


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read *path*; a missing file means the defaults.

    ``WAKELINE_SECTION_KEY`` in the environment comes before the file. Raises ``WrongUse`` with the
    place and the nearest known key.
    """
    try:
        told = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        told = {}
    except (OSError, ValueError, RecursionError) as trouble:
        raise WrongUse(
            f"The settings in {path} cannot be read: {trouble}.", "Mend the file, or remove it."
        ) from trouble
    return _read(told, path, environment)


def _parsed(text: str) -> Mapping[str, Any]:
    # Commands start quickly for those who have set nothing.
    import tomllib

    return tomllib.loads(text)


def _read(told: Mapping[str, Any], path: Path, environment: Mapping[str, str]) -> Settings:
    sections = {section.name: section.default for section in fields(Settings)}
    for name in told:
        if name not in sections:
            raise _unknown(name, sections, path)
    return Settings(
        **{
            name: _section(name, type(default), told.get(name, {}), path, environment)
            for name, default in sections.items()
        }
    )


def _section(name: str, kind: Any, told: Any, path: Path, environment: Mapping[str, str]) -> Any:
    if not isinstance(told, dict):
        raise WrongUse(f"{path}: {name} must be a table.", f"Write [{name}] and its keys below it.")
    keys: dict[str, Field[Any]] = {key.name: key for key in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in told.items():
        if key not in keys:
            raise _unknown(f"{name}.{key}", [f"{name}.{known}" for known in keys], path)
        values[key] = _value(f"{name}.{key}", value, keys[key].default, path)
    for key, known in keys.items():
        text = environment.get(f"WAKELINE_{name}_{key}".upper())
        if text is not None:
            values[key] = _from_text(text, known.default, f"WAKELINE_{name}_{key}".upper())
    return kind(**values)


def _value(name: str, value: Any, default: Any, path: Path) -> Any:
    if (
        isinstance(default, tuple)
        and isinstance(value, list)
        and all(isinstance(part, str) for part in value)
    ):
        return tuple(value)
    if type(value) is type(default) and not (isinstance(value, int) and not 0 <= value <= _LARGEST):
        return value
    given = "what stands there" if name in _SECRETS else f"{value!r:.80}"
    raise WrongUse(f"{path}: {name} cannot be {given}.", f"It is something like {_shown(default)}.")


def _from_text(text: str, default: Any, name: str) -> Any:
    if isinstance(default, tuple):
        return tuple(part for part in text.split(",") if part)
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        if text in _TRUTHS:
            return _TRUTHS[text]
        raise WrongUse(f"{name} must be true or false, not {text!r}.", "")
    if text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST)):
        return min(int(text), _LARGEST)
    raise WrongUse(
        f"{name} must be a whole number, not {text!r}.", f"It is something like {_shown(default)}."
    )


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return repr(list(default)) if isinstance(default, tuple) else repr(default)


def _unknown(name: str, known: Any, path: Path) -> WrongUse:
    import difflib  # only mistakes need it

    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.0)
    return WrongUse(f"{path}: there is no setting {name}.", f"Did you mean {near[0]}?")


def described() -> str:
    """All settings as a commented TOML file with the defaults: what ``doctor`` and the docs show."""
    lines: list[str] = []
    for section in fields(Settings):
        assert is_dataclass(section.default)
        lines.append(f"[{section.name}]")
        for key in fields(section.default):
            value = _shown(key.default).replace("'", '"')
            lines += [f"# {key.metadata['meaning']}", f"{key.name} = {value}"]
        lines.append("")
    return "\n".join(lines)
