"""The terminal that a command runs in, from our side of it."""

import sys

assert sys.platform != "win32"

import contextlib
import os
from collections.abc import Callable
from typing import Final

from supervisor.terminal import posix

#: Bytes read at once, and gathered before they are passed on; more are paid for in holders' memory.
_CHUNK: Final = 16 * 1024
_GATHERED: Final = 64 * 1024
#: A read that brings so much may have left more.
_FULL: Final = 4000
#: No screen has more rows or columns; a program would take its memory by them.
_LARGEST: Final = 1000


class Pane:
    """Owns both sides of a terminal, and its size."""

    def __init__(self) -> None:
        """A new one, without a size. Raises ``OSError``."""
        self.number, self.theirs = posix.open_terminal()
        self._size_after_nudge: tuple[int, int] | None = None
        #: Called with each size that it gets.
        self.resized: Callable[[int, int], None] = lambda *_: None

    def read(self) -> bytes:
        """What was printed, up to some size; nothing when there is nothing now."""
        try:
            text = os.read(self.number, _CHUNK)
        except OSError:
            return b""
        return text if len(text) < _FULL else self._more(text)

    def _more(self, text: bytes) -> bytes:
        parts = [text]
        gathered = len(text)
        with contextlib.suppress(OSError):
            while gathered < _GATHERED and len(parts[-1]) >= _FULL:
                parts.append(os.read(self.number, _CHUNK))
                gathered += len(parts[-1])
        return b"".join(parts)

    def size(self) -> tuple[int, int]:
        """Its rows and columns."""
        return self._size_after_nudge or posix.size(self.number)

    def resize(self, rows: int, columns: int) -> None:
        """Give it that size, or the nearest that it can have."""
        size = nearest(rows, columns)
        if self._size_after_nudge:
            self._size_after_nudge = size
        else:
            self._give(*size)

    def nudge(self) -> bool:
        """Make the program paint its screen anew: many do so only when its size has changed.

        Whether that begins now, and is to be ended.
        """
        if self._size_after_nudge:
            return False
        rows, columns = self._size_after_nudge = posix.size(self.number)
        self._give(rows - 1 or 2, columns)
        return True

    def end_nudge(self) -> None:
        """Back to the size that it is to have."""
        if self._size_after_nudge:
            size, self._size_after_nudge = self._size_after_nudge, None
            self._give(*size)

    def _give(self, rows: int, columns: int) -> None:
        posix.resize(self.number, rows, columns)
        self.resized(rows, columns)

    def close(self) -> None:
        """Whatever is in it gets a hang-up."""
        os.close(self.theirs)
        os.close(self.number)
        self._size_after_nudge = None


def nearest(rows: int, columns: int) -> tuple[int, int]:
    """The size nearest to that one that a terminal can have."""
    return min(max(rows, 1), _LARGEST), min(max(columns, 1), _LARGEST)
