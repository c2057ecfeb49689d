"""Reads values out of what somebody else wrote: of their types, sizes and encodings nothing is sure.

Whatever a value is, nothing here raises; what it should not be is ``None`` or empty.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

#: Characters of a name, an id or a folder; what is longer is none.
_SHORT: Final = 4096
#: Numbers from here on are nonsense, and neither floats nor JavaScript count so far exactly.
_COUNTABLE: Final = 2**53


def parsed(document: str | bytes) -> object:
    """What a JSON document holds; ``None`` for anything else."""
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        return None


def mapping(value: object) -> Mapping[str, Any]:
    """A JSON object, empty if it is none."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> Sequence[Any]:
    """A JSON array, empty if it is none."""
    return value if isinstance(value, list) else []


def strings(value: object) -> list[str]:
    """The strings in a JSON array."""
    return [clean(each) for each in sequence(value) if isinstance(each, str)]


def string(value: object) -> str | None:
    """A text that is not empty."""
    return clean(value) if isinstance(value, str) and value else None


def short(value: object) -> str | None:
    """A text that is a name, an id or a folder: what is too long for that is cut."""
    return string(value[:_SHORT]) if isinstance(value, str) else None


def clean(text: str) -> str:
    """Without halves of surrogate pairs: JSON may hold them, UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def number(value: object) -> float | None:
    """A number that is neither below nothing nor out of this world."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _COUNTABLE else None


def count(value: object) -> int | None:
    """How many: a whole number."""
    return value if type(value) is int and 0 <= value < _COUNTABLE else None


def seconds(milliseconds: object) -> float | None:
    """A time in milliseconds since 1970, in seconds; 0 stands for no time."""
    found = number(milliseconds)
    return found / 1000 if found else None


def moment(stamp: object) -> float | None:
    """A time as RFC 3339 writes it, in seconds since 1970; one without an offset could be anywhere."""
    if not isinstance(stamp, str):
        return None
    try:
        at = datetime.fromisoformat(stamp)
        return at.timestamp() if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
