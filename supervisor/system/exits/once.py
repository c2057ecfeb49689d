"""Something that is told at most once, and lets go of what watches for it."""

import asyncio
from collections.abc import Callable

from supervisor.core.model import Run

#: Only where the system cannot tell by itself.
_PAUSE_SECONDS = 5.0


class Once:
    """Calls *tell* with *run* the first time it is called itself. Owner: the loop's thread."""

    def __init__(self, run: Run, tell: Callable[[Run], None]) -> None:
        """Nothing is held yet; what is held later is let go through ``let_go``."""
        self.run = run
        self.let_go: Callable[[], None] = _nothing
        self._tell = tell
        self.over = False

    def __call__(self) -> None:
        """Let go, then tell."""
        if not self.over:
            self.stop()
            self._tell(self.run)

    def stop(self) -> None:
        """Let go without a word; more than once does no harm."""
        if not self.over:
            self.over = True
            self.let_go()


def ask_again(loop: asyncio.AbstractEventLoop, once: Once, alive: Callable[[Run], bool]) -> None:
    """Ask every few seconds: for the rare case that the system cannot tell by itself."""
    if once.over:
        return
    if not alive(once.run):
        loop.call_soon(once)
        return
    timer = loop.call_later(_PAUSE_SECONDS, ask_again, loop, once, alive)
    once.let_go = timer.cancel


def _nothing() -> None:
    """Nothing is held."""
