"""A terminal's title: the program's own, and for a while ours in its place."""

import re
from typing import Final

_TITLE: Final = re.compile(rb"\x1b\][02];([^\x00-\x1f]*)(?:\x07|\x1b\\)")
#: A sequence, or a string of the system, that has begun and not ended.
_BEGUN: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[ -/]*|[\]PX^_][^\x07\x18\x1a\x1b]*)")
_STRING: Final = re.compile(rb"\x1b[\]PX^_][^\x07\x18\x1a\x1b]*\x1b")
#: Longer ones are no titles: only their beginning is remembered.
_LONGEST: Final = 4096
_INTRODUCED: Final = 4
#: A character of UTF-8 that has begun and not ended.
_PART: Final = re.compile(rb"[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2}")
_ESCAPE: Final = b"\x1b"
_KEEP, _BRING_BACK = b"\x1b[22;2t", b"\x1b[23;2t"


class Titles:
    """Owns the title of one terminal. Feed it all output, in any pieces."""

    def __init__(self) -> None:
        """The program has not set one, and nor have we."""
        self._own: bytes | None = None
        self._begun = b""
        self._end = b""
        #: What is to be shown in place of the program's title; whether that must be said (again).
        self._words = b""
        self._due = False
        #: The terminal keeps the title that was there before ours.
        self._kept = False

    def feed(self, text: bytes) -> bytes:
        """The program printed this; what to print."""
        if not self._begun and text.isascii() and _ESCAPE not in text:
            self._end = b""
        else:
            self._due |= self._note(text)
        return text + self._settle() if self._words or self._kept else text

    def say(self, words: str) -> bytes:
        """Show this in place of the program's title, or nothing of ours any more; what to print now."""
        self._words = words.encode()
        self._due = True
        return self._settle()

    def undone(self) -> bytes:
        """What to print so that nothing of ours is left, whatever has begun."""
        kept, self._kept = self._kept, False
        return self._restored() if kept else b""

    def _note(self, text: bytes) -> bool:
        self._end = (self._end + text)[-3:] if len(text) < 3 else text[-3:]
        text = self._begun + text if self._begun else text
        found = _TITLE.findall(text)
        if found:
            self._own = found[-1]
        self._begun = _unfinished(text)
        return bool(found)

    def _is_whole(self) -> bool:
        """Whether something may be put in here: nothing has begun and not ended."""
        parts = (self._end[place:] for place in range(len(self._end)))
        return not self._begun and not any(_PART.fullmatch(part) for part in parts)

    def _settle(self) -> bytes:
        """What makes the title what it should be; nothing within a sequence of the program's."""
        if not self._is_whole():
            return b""
        kept, self._kept = self._kept, bool(self._words)
        if self._words and self._due:
            self._due = False
            return (b"" if kept else _KEEP) + _title(self._words)
        return self._restored() if kept and not self._words else b""

    def _restored(self) -> bytes:
        """Where a terminal keeps no titles: the one that the program set last, or none."""
        return _title(b"") + _BRING_BACK + (b"" if self._own is None else _title(self._own))


def last_title(text: bytes) -> bytes:
    """The sequence that sets the last title in *text*, if there is one."""
    found = _TITLE.findall(text)
    return _title(found[-1]) if found else b""


def _title(words: bytes) -> bytes:
    return b"\x1b]2;" + words + b"\x07"


def _unfinished(text: bytes) -> bytes:
    """What has begun at the end of it and not ended."""
    last = text.rfind(b"\x1b")
    if last < 0:
        return b""
    if last == len(text) - 1:
        before = text.rfind(b"\x1b", 0, last)
        last = before if before >= 0 and _STRING.fullmatch(text, before) else last
    elif not _BEGUN.fullmatch(text, last):
        return b""
    begun = text[last:]
    return begun if len(begun) <= _LONGEST else begun[:_INTRODUCED] + (b"\x1b" * begun.endswith(b"\x1b"))
