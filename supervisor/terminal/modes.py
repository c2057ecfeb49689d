"""Which private modes of a terminal are on: other screen, mouse, paste, focus, keys (xterm's ``CSI ? … h``).

Who comes late to a program's output has missed that they were set; who leaves it in the middle
must unset them.
"""

import re
from typing import Final

_SEQUENCE: Final = re.compile(rb"\x1b\[[?<>][0-9;]*[a-z]")
#: Resets are rare, and looking for both at once takes twice the time.
_RESETS: Final = re.compile(rb"\x1bc"), re.compile(rb"\x1b\[!p")
_WITH_RESETS: Final = re.compile(rb"\x1b(?:\[[?<>][0-9;]*[a-z]|\[!p|c)")
_BEGUN: Final = re.compile(rb"\x1b(?:\[(?:[?<>][0-9;]*|!)?)?")
_ESCAPE: Final = b"\x1b"
_SET: Final = b"\x1b[?"
#: Kitty's keyboard flags are a stack: push, pop.
_PUSH: Final = b"\x1b[>"
_POP: Final = b"\x1b[<"
_RESET: Final = b"\x1bc"
_SOFT_RESET: Final = b"\x1b[!p"
#: The arrow keys' mode, the origin and the cursor.
_SOFTLY_RESET: Final = (1, 6, 25)
#: Longest beginning of a sequence that is kept until it is whole; longer ones are nonsense.
_LONGEST: Final = 64
#: No mode has a longer number, and no terminal keeps more keyboards.
_DIGITS: Final = 4
_PUSHED: Final = 16
#: On before anybody asks: automatic wrap and the cursor.
_USUALLY_ON: Final = frozenset({7, 25})
#: The other screen is left last and entered first, for it keeps its own cursor.
_SCREENS: Final = (47, 1047, 1049)


class Modes:
    """Owns what is known of one terminal's modes. Feed it all output, in any pieces."""

    def __init__(self) -> None:
        self._changed: dict[int, bool] = {}
        self._keyboard: list[bytes] = []
        self._torn = b""

    def feed(self, text: bytes | bytearray) -> None:
        """This was printed."""
        if self._torn:
            text = self._torn + text
        elif _ESCAPE not in text:
            return
        wanted = _WITH_RESETS if any(reset.search(text) for reset in _RESETS) else _SEQUENCE
        for found in wanted.finditer(text):
            self._take(found.group())
        last = text.rfind(b"\x1b", -_LONGEST)
        self._torn = bytes(text[last:]) if last >= 0 and _BEGUN.fullmatch(text, last) else b""

    def copy(self) -> "Modes":
        """Another one that knows the same."""
        other = Modes()
        other._changed = dict(self._changed)
        other._keyboard = list(self._keyboard)
        other._torn = self._torn
        return other

    def is_on(self, mode: int) -> bool:
        """Whether that private mode is on."""
        return self._changed.get(mode, mode in _USUALLY_ON)

    def _take(self, sequence: bytes) -> None:
        if sequence == _RESET:
            self._changed.clear()
            self._keyboard.clear()
            return
        if sequence == _SOFT_RESET:
            for mode in _SOFTLY_RESET:
                self._changed.pop(mode, None)
            return
        head, body, last = sequence[:3], sequence[3:-1], sequence[-1:]
        if head == _SET and last in (b"h", b"l"):
            for number in body.split(b";"):
                if number.isdigit() and len(number) <= _DIGITS:
                    self._note(int(number), last == b"h")
        elif head == _PUSH and last == b"u":
            self._keyboard.append(body[:_DIGITS])
            del self._keyboard[:-_PUSHED]
        elif head == _POP and last == b"u":
            count = int(body) if body.isdigit() and len(body) <= _DIGITS else 1
            del self._keyboard[-count or len(self._keyboard) :]

    def _note(self, mode: int, on: bool) -> None:
        self._changed.pop(mode, None)
        if on != (mode in _USUALLY_ON):
            self._changed[mode] = on

    def restored(self) -> bytes:
        """What to print so that a fresh terminal gets into these modes."""
        order = sorted(self._changed, key=lambda mode: mode not in _SCREENS)
        set_modes = b"".join(_sequence(mode, self._changed[mode]) for mode in order)
        return set_modes + b"".join(_PUSH + flags + b"u" for flags in self._keyboard)

    def whole(self) -> bytes:
        """The same, and what has begun of a sequence: fed to another one, that knows all of it."""
        return self.restored() + self._torn

    def undone(self) -> bytes:
        """What to print so that a terminal in these modes gets out of them."""
        order = sorted(self._changed, key=lambda mode: mode in _SCREENS)
        pops = _POP + b"%du" % len(self._keyboard) if self._keyboard else b""
        return pops + b"".join(_sequence(mode, not self._changed[mode]) for mode in order)


def _sequence(mode: int, on: bool) -> bytes:
    return _SET + b"%d" % mode + (b"h" if on else b"l")
