"""The last part of what a terminal printed, by byte offset since its start."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from supervisor.terminal.modes import Modes

#: Small pieces are gathered: a list of single keys' echoes would weigh a hundred times its text.
_BLOCK: Final = 64 * 1024


#: So many changes of the terminal's size are remembered.
_SIZES: Final = 64


class Ring:
    """Owns at most *limit* bytes (and one block), the modes that were set before them, and the sizes."""

    def __init__(self, limit: int = 2 * 2**20) -> None:
        self._limit = limit
        self._blocks: deque[bytearray] = deque()
        #: The offset of the first byte kept, and of the next one to come.
        self.begin = 0
        self.end = 0
        #: Which modes of the terminal were on at ``begin``.
        self.modes = Modes()
        #: Which were on where somebody asked last.
        self._asked = Modes()
        self._asked_at = 0
        #: From that offset on the terminal had so many rows and columns.
        self._sizes: list[tuple[int, int, int]] = []

    def append(self, text: bytes) -> None:
        """It was printed."""
        if self._blocks and len(self._blocks[-1]) + len(text) <= _BLOCK:
            self._blocks[-1] += text
        else:
            self._blocks.append(bytearray(text))
        self.end += len(text)
        while self.end - self.begin - len(self._blocks[0]) >= self._limit:
            forgotten = self._blocks.popleft()
            self.begin += len(forgotten)
            self.modes.feed(forgotten)

    def read(self, offset: int) -> bytes:
        """Some of what was printed from *offset* on, which must be kept; nothing at the end."""
        place = self.begin
        # Readers are nearly always at the end: look from there.
        if offset >= self.end - len(self._blocks[-1] if self._blocks else b""):
            place = self.end - len(self._blocks[-1]) if self._blocks else self.end
            return bytes(self._blocks[-1][offset - place :]) if self._blocks else b""
        for block in self._blocks:
            if offset < place + len(block):
                return bytes(block[offset - place :])
            place += len(block)
        return b""

    def resized(self, rows: int, columns: int) -> None:
        """What is printed from now on is meant for that size."""
        self._sizes = [size for size in self._sizes if size[0] < self.end][1 - _SIZES :]
        self._sizes.append((self.end, rows, columns))

    def size_at(self, offset: int) -> tuple[int, int]:
        """The size that what stands there was meant for; zeros if none is known."""
        fit = [size for size in self._sizes if size[0] <= offset] or self._sizes[:1] or [(0, 0, 0)]
        return fit[-1][1:]

    def resized_after(self, offset: int) -> int:
        """Where the next size begins; the end if there is none."""
        return next((size[0] for size in self._sizes if size[0] > offset), self.end)

    def backwards(self, offset: int) -> Iterator[bytes]:
        """What was printed from *offset* on, as far as it is kept, in pieces: the newest first."""
        end = self.end
        for block in reversed(self._blocks):
            if end <= offset:
                return
            begin = end - len(block)
            yield bytes(block[max(0, offset - begin) :])
            end = begin

    def modes_at(self, offset: int) -> Modes:
        """Which modes were on there; where that is not kept any more, at ``begin``."""
        if offset == self.end:
            return self.modes_at_end()
        modes, place = self.modes.copy(), self.begin
        if self.begin <= self._asked_at <= offset:
            modes, place = self._asked.copy(), self._asked_at
        while place < offset and (text := self.read(place)):
            modes.feed(text[: offset - place])
            place += len(text)
        return modes

    def modes_at_end(self) -> Modes:
        """Which modes are on now: what was printed since somebody asked last is looked through."""
        if self._asked_at < self.begin:
            self._asked_at, self._asked = self.begin, self.modes.copy()
        while text := self.read(self._asked_at):
            self._asked.feed(text)
            self._asked_at += len(text)
        return self._asked
