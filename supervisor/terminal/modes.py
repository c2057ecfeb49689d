"""Which private modes of a terminal are on: other screen, mouse, paste, focus, keys (xterm's ``CSI ? … h``).

Who comes late to a program's output has missed that they were set; who leaves it in the middle
must unset them.
"""

from typing import Final

_SET: Final = b"\x1b[?"
#: Kitty's keyboard flags are a stack: push, pop.
_PUSH: Final = b"\x1b[>"
_POP: Final = b"\x1b[<"
#: Longest sequence that is looked at; longer ones are nonsense.
_LONGEST: Final = 64
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
        self._torn = b""
        place = text.find(b"\x1b[")
        while place >= 0:
            if len(text) - place < 3 or text[place + 2] in b"?<>":
                end = _end(text, place + 3)
                if end is None:
                    self._torn = bytes(text[place:])
                    return
                self._take(bytes(text[place : end + 1]))
            place = text.find(b"\x1b[", place + 2)
        if text.endswith(b"\x1b"):
            self._torn = b"\x1b"

    def _take(self, sequence: bytes) -> None:
        head, body, last = sequence[:3], sequence[3:-1], sequence[-1:]
        if head == _SET and last in (b"h", b"l"):
            for number in body.split(b";"):
                if number.isdigit():
                    self._note(int(number), last == b"h")
        elif head == _PUSH and last == b"u":
            self._keyboard.append(body)
        elif head == _POP and last == b"u":
            count = int(body) if body.isdigit() else 1
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

    def undone(self) -> bytes:
        """What to print so that a terminal in these modes gets out of them."""
        order = sorted(self._changed, key=lambda mode: mode in _SCREENS)
        pops = _POP + b"%du" % len(self._keyboard) if self._keyboard else b""
        return pops + b"".join(_sequence(mode, not self._changed[mode]) for mode in order)


def _sequence(mode: int, on: bool) -> bytes:
    return _SET + b"%d" % mode + (b"h" if on else b"l")


def _end(text: bytes | bytearray, place: int) -> int | None:
    """Where the sequence ends whose parameters begin at *place*; ``None``: it is torn."""
    for at in range(place, min(len(text), place + _LONGEST)):
        if not 0x20 <= text[at] <= 0x3F:
            return at
    return None if len(text) < place + _LONGEST else place + _LONGEST - 1
