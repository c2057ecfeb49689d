"""The thread that holds the machine awake, off everybody's way. It sleeps while nothing is held."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Final

from supervisor.system.awake.grip import Grip, Held

#: Seconds that ``close`` waits for the thread; a desktop that hangs must not keep us from ending.
PATIENCE = 5.0

#: Characters of a reason that others see in their lists of inhibitors.
REASON_LENGTH = 200

#: Seconds until it is tried again for the first time.
_SOON: Final = 1.0


class Holder:
    """Owns the hold. Its three methods may be called from any thread and never block but ``close``."""

    def __init__(self, tell: Callable[[Held], None], make_grip: Callable[[], Grip]) -> None:
        """Start nothing yet."""
        self._tell = tell
        self._make_grip = make_grip
        self._wish: str | None = None
        self._closed = False
        self._thread: threading.Thread | None = None
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._told = Held(held=False)
        self._again = _SOON

    def hold(self, reason: str) -> None:
        """Keep the system from sleeping; *reason* is what others see."""
        line = "".join(char if char.isprintable() else " " for char in reason)
        self._wish = line[:REASON_LENGTH] or "work is going on"
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="awake", daemon=True)
            self._thread.start()
        self._ring()

    def release(self) -> None:
        """Let the system sleep again."""
        self._wish = None
        self._ring()

    def verify(self) -> None:
        """Look at once whether what is held is held, and take it again if not."""
        self._ring()

    def close(self) -> None:
        """Let go for good; returns when that is done, or after ``PATIENCE``."""
        if self._closed:
            return
        self._closed = True
        self._ring()
        if self._thread is not None:
            self._thread.join(PATIENCE)
        if self._thread is None or not self._thread.is_alive():
            self._bell.close()
            self._ear.close()

    def _ring(self) -> None:
        # A full pipe rings already; a closed one has nobody left to hear.
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def _run(self) -> None:
        """Everything below runs in the thread."""
        grip = self._make_grip()
        while not self._closed:
            self._obey(grip)
            self._wait(grip)
        grip.release()

    def _obey(self, grip: Grip) -> None:
        """Make the hold as it is wished, and true."""
        if (wish := self._wish) is None:
            grip.release()
            self._say(Held(held=False))
            return
        if self._told.held:
            trouble = grip.lost()
            if trouble is None and not grip.outdated(wish):
                return
            if trouble is not None:
                self._say(Held(held=False, problem=trouble))
        self._say(grip.take(wish))

    def _say(self, held: Held) -> None:
        if held != self._told:
            self._told = held
            self._tell(held)

    def _wait(self, grip: Grip) -> None:
        """Until somebody wishes something else, the system has news, or it is time for a check."""
        wished = self._wish is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._ear, selectors.EVENT_READ)
            for descriptor in grip.watched() if wished else ():
                selector.register(descriptor, selectors.EVENT_READ)
            timeout = self._pause(grip) if wished else None
            selector.select(0 if wished and grip.news() else timeout)
        with contextlib.suppress(BlockingIOError):
            self._ear.recv(4096)

    def _pause(self, grip: Grip) -> float | None:
        """Who has just gone is often back at once; who is not there at all is asked more and more seldom."""
        if self._told.held or grip.every is None:
            self._again = _SOON
            return grip.every
        pause, self._again = min(grip.every, self._again), self._again * 2
        return pause
