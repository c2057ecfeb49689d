"""The size of a terminal, and the nudge by which a program paints its screen anew."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Final

#: No screen has more rows or columns; a program would take its memory by them.
_LARGEST: Final = 1000


class Sizes:
    """Owns the size that a terminal is to have. A base: how it is given is each system's own."""

    def __init__(self) -> None:
        """It has one already, or gets one next."""
        self._size_after_nudge: tuple[int, int] | None = None
        #: Called with each size that it gets.
        self.resized: Callable[[int, int], None] = lambda *_: None

    @abstractmethod
    def _current(self) -> tuple[int, int]:
        """Rows and columns now."""

    @abstractmethod
    def _set(self, rows: int, columns: int) -> None:
        """Give it these; the program is told."""

    def size(self) -> tuple[int, int]:
        """Its rows and columns."""
        return self._size_after_nudge or self._current()

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
        rows, columns = self._size_after_nudge = self._current()
        self._give(rows - 1 or 2, columns)
        return True

    def end_nudge(self) -> None:
        """Back to the size that it is to have."""
        if self._size_after_nudge:
            size, self._size_after_nudge = self._size_after_nudge, None
            self._give(*size)

    def _give(self, rows: int, columns: int) -> None:
        self._set(rows, columns)
        self.resized(rows, columns)


def nearest(rows: int, columns: int) -> tuple[int, int]:
    """The size nearest to that one that a terminal can have."""
    return min(max(rows, 1), _LARGEST), min(max(columns, 1), _LARGEST)
