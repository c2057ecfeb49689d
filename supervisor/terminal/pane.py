"""The terminal that a command runs in, from our side of it."""

import sys

assert sys.platform != "win32"

import contextlib
import os
from functools import partial
from typing import Final

from supervisor.terminal import posix
from supervisor.terminal.sizes import Sizes

#: Bytes read at once, and gathered before they are passed on; more are paid for in holders' memory.
_CHUNK: Final = 16 * 1024
_GATHERED: Final = 64 * 1024
#: A read that brings so much may have left more.
_FULL: Final = 4000


class Pane(Sizes):
    """Owns both sides of a terminal, and its size."""

    def __init__(self) -> None:
        """A new one, without a size. Raises ``OSError``."""
        super().__init__()
        self.number, self.theirs = posix.open_terminal()
        #: Types; raises ``BlockingIOError`` when it is full.
        self.write = partial(os.write, self.number)

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

    def _current(self) -> tuple[int, int]:
        return posix.size(self.number)

    def _set(self, rows: int, columns: int) -> None:
        posix.resize(self.number, rows, columns)

    def close(self) -> None:
        """Whatever is in it gets a hang-up."""
        os.close(self.theirs)
        os.close(self.number)
        self._size_after_nudge = None
