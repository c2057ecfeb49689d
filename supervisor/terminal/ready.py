"""What is waited for, and what is done then. What is full must not be waited for: it would be polled."""

from collections.abc import Callable
from functools import partial
from select import select
from time import monotonic
from typing import Final, TypeAlias

Act: TypeAlias = Callable[[], object]
_NOTHING: Final = ()


class Ready:
    """Owns what is done when a descriptor can be read or written, and what is done later.

    ``select`` knows terminals on every system, and few descriptors are as cheap for it as for any other.
    """

    def __init__(self) -> None:
        self.to_read: dict[int, Act] = {}
        self.to_write: dict[int, Act] = {}
        self._later: dict[Act, float] = {}

    def later(self, act: Act, seconds: float) -> None:
        """Do this once, in so many seconds; the newest word counts."""
        self._later[act] = monotonic() + seconds

    def never(self, act: Act) -> None:
        """That is not to be done later any more."""
        self._later.pop(act, None)

    def rest(self, number: int, seconds: float) -> None:
        """Do not read that descriptor for so long, though it can be read."""
        if act := self.to_read.pop(number, None):
            self.later(partial(self.to_read.setdefault, number, act), seconds)

    def forget(self, number: int) -> None:
        """That descriptor is about to be closed."""
        self.to_read.pop(number, None)
        self.to_write.pop(number, None)

    def wait(self, at_most: float | None = None) -> None:
        """Wait for the first of all that, so many seconds at most, and do what is to be done."""
        seconds = self._until_next() if self._later and at_most is None else at_most
        readable, writable, _ = select(self.to_read, self.to_write, _NOTHING, seconds)
        # What came before in this round may have ended it.
        for number in readable:
            if act := self.to_read.get(number):
                act()
        for number in writable:
            if act := self.to_write.get(number):
                act()
        if self._later:
            self._do_what_is_due()

    def _until_next(self) -> float:
        return max(0.0, min(self._later.values()) - monotonic())

    def _do_what_is_due(self) -> None:
        now = monotonic()
        for act in [act for act, when in self._later.items() if when <= now]:
            if self._later.pop(act, None) is not None:
                act()
