"""What a holder needs of a system: a terminal, and the command in it. Words only; nothing here runs."""

from collections.abc import Callable
from typing import Protocol


class Pane(Protocol):
    """A terminal, from our side of it."""

    #: What ``select`` knows it by.
    number: int
    #: Called with each size that it gets.
    resized: Callable[[int, int], None]

    @property
    def write(self) -> Callable[[bytes], int]:
        """Give it as many of these keys as it takes now; how many. Raises ``BlockingIOError`` for none."""
        ...

    def read(self) -> bytes:
        """What was printed, up to some size; nothing when there is nothing now."""
        ...

    def size(self) -> tuple[int, int]:
        """Its rows and columns."""
        ...

    def resize(self, rows: int, columns: int) -> None:
        """Give it that size, or the nearest that it can have."""
        ...

    def nudge(self) -> bool:
        """Begin to make the program paint its screen anew; whether that is to be ended."""
        ...

    def end_nudge(self) -> None:
        """Back to the size that it is to have."""
        ...

    def close(self) -> None:
        """Whatever is in it gets a hang-up."""
        ...


class Child(Protocol):
    """The command."""

    #: Is readable when it may have changed.
    number: int

    def change(self) -> tuple[bool, int] | None:
        """Whether it has ended, and its exit code or the signal that suspended it; ``None``: nothing more."""
        ...

    def signal(self, number: int) -> None:
        """Send this to it and its process group, if it may be asked for."""
        ...
