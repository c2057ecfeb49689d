"""What comes from a keyboard: the key that leaves, and what no person pressed."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from supervisor.core.errors import WrongUse

_NAME: Final = re.compile(r"ctrl-([a-z@\[\\\]^_])", re.IGNORECASE)

#: Whatever is below is a key that does something, or the beginning of a sequence.
FIRST_LETTER: Final = 32
#: Seconds in which the key that leaves is pressed again, and a key that has begun goes on.
AGAIN_WITHIN: Final = 0.5
_ESCAPE: Final = b"\x1b"
#: What a terminal says by itself. No key is spelt like any of these, but F3 with Shift, like a place
#: of the cursor. The moving mouse has a button's number of 35, and four for each key that is held.
_MOVED: Final = rb"(?:35|39|4[37]|5[159]|63)"
_REPORT: Final = re.compile(
    rb"\x1b\[(?:[IO]|[?>=][0-9;:]*[ -/]*[@-~]|[0-9;]+(?:[ntx]|\$y)|[0-9]+;[0-9]+R"
    rb"|<?%b;[0-9]+;[0-9]+[Mm]|M[CGKOSW\[_]..)"
    rb"|\x1b(?:\][0-9lL]|P[0-9>!]|_G)[^\x00-\x1f]*(?:\x07|\x1b\\|(?=[\x00-\x1f]))" % _MOVED,
    re.DOTALL,
)
#: A report or a key that has begun and not ended. A lone Esc, or Alt with one key, most likely has.
_TORN_KEY: Final = re.compile(rb"\x1b(?:[\]P_]|\[(?:[?>=<]?[0-9;:]*[ -/]*|M.?.?))?", re.DOTALL)
_LIKELY_WHOLE: Final = (b"\x1b", b"\x1b]", b"\x1bP", b"\x1b_")
_TORN_STRING: Final = re.compile(rb"\x1b(?:\][0-9lL]|P[0-9>!]|_G)[^\x00-\x1f]*\x1b?")
_INTRODUCED: Final = 3
_PASTE: Final = b"\x1b[200~"
_PASTE_ENDS: Final = b"\x1b[201~"


class Leaving:
    """Keys in, keys to pass on out. Owns a first press that waits for the second."""

    def __init__(self, key: str) -> None:
        """*key*: ``ctrl-`` and a letter or one of ``@[\\]^_``; empty: none. Raises ``WrongUse``."""
        self.key = key
        self._held = b""
        self.left = False
        self._patterns = _patterns(key) if key else None

    @property
    def waits(self) -> bool:
        """Whether a press is kept back."""
        return bool(self._held)

    def feed(self, keys: bytes) -> bytes:
        """These were pressed; what to pass on. After the second press ``left`` is true."""
        if self._patterns is None:
            return keys
        twice_pressed, once_pressed = self._patterns
        keys, self._held = self._held + keys, b""
        if twice := twice_pressed.search(keys):
            self.left = True
            return keys[: twice.start()]
        if once := once_pressed.search(keys):
            self._held = once.group()
            return keys[: once.start()]
        return keys

    def give_up(self) -> bytes:
        """No second press came: what was kept back."""
        held, self._held = self._held, b""
        return held


class Sources:
    """Tells what a person pressed from what the terminal says by itself. Owns what has begun of a sequence.

    Nothing is kept back: the beginning of a sequence passes as nobody's, its end says whose it was.
    """

    def __init__(self) -> None:
        """Nothing has begun."""
        self._begun = b""
        self._pasting = False

    @property
    def waits(self) -> bool:
        """Whether a key may have begun."""
        return bool(_TORN_KEY.fullmatch(self._begun))

    def feed(self, keys: bytes) -> Sequence[tuple[bool, bytes]]:
        """All of *keys* in order, in parts: whether a person pressed it, and what."""
        if not self._begun and not self._pasting and _ESCAPE not in keys:
            return ((True, keys),)
        before = len(self._begun)
        text, self._begun = self._begun + keys, b""
        parts: list[tuple[bool, bytes]] = []
        for by_person, begin, end in self._cut(text):
            begin = max(begin, before)
            if parts and parts[-1][0] == by_person:
                parts[-1] = (by_person, parts[-1][1] + text[begin:end])
            elif begin < end:
                parts.append((by_person, text[begin:end]))
        return parts

    def give_up(self) -> bool:
        """The rest does not come: whether a person pressed what had begun, and it was not told before."""
        was_key = self.waits and self._begun not in _LIKELY_WHOLE
        self._begun = b""
        return was_key

    def _cut(self, text: bytes) -> Iterator[tuple[bool, int, int]]:
        place = 0
        while place < len(text):
            by_person, end = self._next(text, place)
            yield by_person, place, end
            place = end

    def _next(self, text: bytes, place: int) -> tuple[bool, int]:
        """Whose the next part is, and where it ends."""
        if self._pasting:
            return True, self._pasted(text, place)
        if text.startswith(_PASTE, place):
            self._pasting = True
            return True, place + len(_PASTE)
        if _TORN_KEY.fullmatch(text, place):
            self._begun = text[place:]
            return self._begun in _LIKELY_WHOLE, len(text)
        if _TORN_STRING.fullmatch(text, place):
            self._begun = text[place : place + _INTRODUCED] + _ESCAPE * text.endswith(_ESCAPE)
            return False, len(text)
        if found := _REPORT.match(text, place):
            return False, found.end()
        following = text.find(_ESCAPE, place + 1)
        return True, following if following > 0 else len(text)

    def _pasted(self, text: bytes, place: int) -> int:
        found = text.find(_PASTE_ENDS, place)
        if found >= 0:
            self._pasting = False
            return found + len(_PASTE_ENDS)
        last = text.rfind(_ESCAPE, place)
        if last >= 0 and _PASTE_ENDS.startswith(text[last:]):
            self._begun = text[last:]
        return len(text)


class Typing:
    """What is pressed at one screen, as it is told: by a person or not, and what. Owns what has begun."""

    def __init__(self, leaving: Leaving) -> None:
        """Nothing has begun."""
        self.leaving = leaving
        #: Something of a key or a report has begun, and may go on; else ``give_up`` when nothing follows.
        self.has_begun = False
        self._sources = Sources()

    def is_plain(self, keys: bytes) -> bool:
        """Whether these are letters only, which a person pressed."""
        return not self.has_begun and min(keys) >= FIRST_LETTER

    def feed(self, keys: bytes) -> Sequence[tuple[bool, bytes]]:
        """These were pressed; what to tell of them."""
        passed = self.leaving.feed(keys)
        parts = self._sources.feed(passed) if passed else ()
        self.has_begun = self.leaving.waits or self._sources.waits
        return parts

    def give_up(self) -> Sequence[tuple[bool, bytes]]:
        """Nothing more of what had begun was pressed; what to tell of it."""
        parts: Sequence[tuple[bool, bytes]] = ()
        if self.leaving.waits:
            parts = self._sources.feed(self.leaving.give_up())
        elif self._sources.give_up():
            parts = ((True, b""),)
        self.has_begun = self._sources.waits
        return parts


def _patterns(key: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    named = _NAME.fullmatch(key)
    if named is None:
        raise WrongUse(f"{key!r} is no key to leave by.", "Say ctrl- and a letter, or one of @ [ \\ ] ^ _")
    letter = named[1].lower()
    control = re.escape(bytes([ord(letter.upper()) & 0x1F]))
    # The plain byte; kitty's keyboard protocol, with releases where they are told; xterm's modifyOtherKeys.
    code = b"%d" % ord(letter)
    press = rb"(?:%b|\x1b\[%b;5(?::[12])?u|\x1b\[27;5;%b~)" % (control, code, code)
    release = rb"(?:\x1b\[%b;5:3u)?" % code
    return re.compile(press + release + press), re.compile(press + release + rb"\Z")
