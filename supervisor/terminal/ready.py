"""What is waited for, and what is done then. What is full must not be waited for: it would be polled."""

import selectors
import socket
from collections.abc import Callable
from typing import Final, TypeAlias

READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE
Act: TypeAlias = Callable[[int], None]


class Ready:
    """Owns the selector."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        #: descriptor → for which events it waits
        self._wanted: dict[int, int] = {}

    def want(self, what: socket.socket | int, events: int, act: Act) -> None:
        """From now on wait for these of it, and for no others; then *act* with those that came."""
        number = what if isinstance(what, int) else what.fileno()
        before = self._wanted.get(number, 0)
        if events == before:
            return
        self._wanted[number] = events
        if not events:
            self._selector.unregister(number)
        elif before:
            self._selector.modify(number, events, act)
        else:
            self._selector.register(number, events, act)

    def wait(self, seconds: float | None) -> None:
        """Wait for the first of all that, at most so long, and do what is to be done."""
        for key, events in self._selector.select(seconds):
            # What came before in this round may have ended it, or want less of it now.
            if wanted := events & self._wanted[key.fd]:
                key.data(wanted)
