"""Keys by their names, as a terminal of xterm's kind spells them."""

import re
from typing import Final

from supervisor.core.errors import WrongUse
from supervisor.terminal.view.picture import Modes

#: No more is typed at once; what is longer is a prompt.
_LONGEST: Final = 4096
_NAME: Final = re.compile(r"((?:[CMS]-)*)(.+)", re.DOTALL)
#: By class and not by pattern: C0, DEL, C1, and halves of pairs.
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

_PLAIN: Final = {
    "Enter": b"\r",
    "Escape": b"\x1b",
    "Tab": b"\t",
    "Backspace": b"\x7f",
    "Space": b" ",
}
#: Keys whose spelling depends on the mode of the cursor's keys, and takes modifiers.
_CURSOR: Final = {"Up": "A", "Down": "B", "Right": "C", "Left": "D", "Home": "H", "End": "F"}
_NUMBERED: Final = {"Insert": 2, "Delete": 3, "PageUp": 5, "PageDown": 6} | {
    f"F{number}": code for number, code in zip(range(5, 13), (15, 17, 18, 19, 20, 21, 23, 24), strict=True)
}
_FUNCTION: Final = {"F1": "P", "F2": "Q", "F3": "R", "F4": "S"}
#: What each adds to the number of modifiers, which is one without any.
_MODIFIERS: Final = {"S": 1, "M": 2, "C": 4}


def encode(name: str, modes: Modes) -> bytes:
    """What that key sends now. Raises ``WrongUse`` for a key that there is not.

    ``Enter Escape Tab Backspace Space``, the arrows, ``Home End PageUp PageDown Insert Delete F1`` to
    ``F12``; with ``C- M- S-`` before it where a keyboard can, and before a character (``C-c``, ``M-x``).
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise _no_key(name)
    held, key = set(found[1].replace("-", "")), found[2]
    if key in _CURSOR or key in _NUMBERED or key in _FUNCTION:
        return _special(key, 1 + sum(_MODIFIERS[each] for each in held), modes)
    alt = b"\x1b" if "M" in held else b""
    match held - {"M"}, key:
        case set() as none, _ if not none and key in _PLAIN:
            return alt + _PLAIN[key]
        case set() as none, _ if not none and len(key) == 1 and alt and not _CONTROLS.search(key):
            return alt + key.encode()
        case held_too, "Tab" if held_too == {"S"}:
            return alt + b"\x1b[Z"
        case held_too, _ if held_too == {"C"} and (code := _control(key)) is not None:
            return alt + bytes([code])
        case _:
            raise _no_key(name)


def text(typed: str) -> bytes:
    """Characters as they are typed. Raises ``WrongUse`` for controls, and for more than anybody types."""
    if len(typed) > _LONGEST:
        raise WrongUse(f"That is more than {_LONGEST} characters at once.", "Send it as a prompt.")
    if _CONTROLS.search(typed):
        raise WrongUse("There are control characters in that text.", "Say keys by their names, like Enter.")
    return typed.encode()


def _special(key: str, modifiers: int, modes: Modes) -> bytes:
    if key in _NUMBERED:
        number = _NUMBERED[key]
        return f"\x1b[{number};{modifiers}~".encode() if modifiers > 1 else f"\x1b[{number}~".encode()
    letter = _CURSOR.get(key) or _FUNCTION[key]
    if modifiers > 1:
        return f"\x1b[1;{modifiers}{letter}".encode()
    is_application = key in _FUNCTION or modes.application_cursor
    return f"\x1b{'O' if is_application else '['}{letter}".encode()


def _control(key: str) -> int | None:
    """The byte that Ctrl makes of a key."""
    if key == "Space":
        return 0
    upper = key.upper()
    return ord(upper) & 0x1F if len(upper) == 1 and "@" <= upper <= "_" else None


def _no_key(name: str) -> WrongUse:
    return WrongUse(f"There is no key {name[:40]!r}.", "Say it like Enter, Up, PageDown, S-Tab, C-c or M-x.")
