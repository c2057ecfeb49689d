"""How things are said on a terminal: columns, times, colours; or one JSON document."""

import json
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

#: A shape and a colour (ANSI) for each state: the shape alone must do for the colour-blind.
STATES: Final[Mapping[str, tuple[str, str, str]]] = {
    "starting": ("◌", "36", "starting"),
    "working": ("●", "32", "working"),
    "needs_you": ("◆", "33;1", "needs you"),
    "idle": ("○", "0", "idle"),
    "cut_off": ("▲", "31;1", "cut off"),
    "paused": ("‖", "35", "paused"),
    "ended": ("·", "2", "ended"),
    "lost": ("✕", "31", "lost"),
}


def document(value: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def coloured(text: str, code: str) -> str:
    """*text* in that ANSI colour, where somebody can see it."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


def state(name: str) -> str:
    """A state as shape, word and colour."""
    shape, colour, word = STATES.get(name, ("?", "0", name))
    return coloured(f"{shape} {word}", colour)


def plain(text: str) -> str:
    """What somebody else wrote, made harmless for a terminal: no control or bidi characters."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def cut(text: str, width: int) -> str:
    """At most *width* characters."""
    return text if len(text) <= width else text[: width - 1] + "…"


def folder(path: str | None) -> str:
    """A folder with the home folder shortened."""
    if path is None:
        return "?"
    home = os.path.expanduser("~")  # noqa: PTH111 -- a Path would cost an import here
    return plain("~" + path[len(home) :] if path == home or path.startswith(home + os.sep) else path)


def when(text: str | None) -> float | None:
    """Seconds since 1970 of a time of the API."""
    return datetime.fromisoformat(text).timestamp() if text else None


def ago(text: str | None) -> str:
    """How long ago that time of the API is, roughly."""
    at = when(text)
    return "?" if at is None else span(max(0.0, time.time() - at))


def until(text: str | None) -> str:
    """How long it is until that time of the API, roughly."""
    at = when(text)
    return "?" if at is None else span(max(0.0, at - time.time()))


def span(seconds: float) -> str:
    """A duration in at most two units."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def clock(text: str | None) -> str:
    """A time of the API as the local clock shows it."""
    at = when(text)
    return "?" if at is None else datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def local(sentence: str) -> str:
    """A sentence of the API with its times as the local clock shows them."""
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", lambda found: clock(found[0]), sentence)


def facts(rows: Sequence[tuple[str, str | None]]) -> None:
    """Print names and values in two columns; what is unknown is said to be."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {'unknown' if value is None else value}")
