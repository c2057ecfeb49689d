"""The one loop: event → desk → effects → hands.

A hand does its deed at once or starts a task; what comes of it is another event.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from supervisor.core.desk import Desk
from supervisor.core.effects import Effect, Wait
from supervisor.core.events import Event, WaitOver

logger = logging.getLogger(__name__)

Hands = Mapping[type[Any], Callable[[Any], object]]


class Engine:
    """Owns the desk, its inbox and its timers. Everything runs on one event loop."""

    def __init__(self, desk: Desk, hands: Hands) -> None:
        """*hands*: one for each kind of effect but ``Wait``, which is done here."""
        self._desk = desk
        self._hands: Hands = {**hands, Wait: self._wait}
        self._inbox: deque[Event] = deque()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._busy = False
        self._loop = asyncio.get_running_loop()

    def post(self, event: Event) -> None:
        """Take in an event, and all that follow from it, before returning. On the loop only."""
        self._inbox.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._inbox:
                for effect in self._desk.handle(self._inbox.popleft()):
                    self._do(effect)
        finally:
            self._busy = False

    def post_from_thread(self, event: Event) -> None:
        """The same, from any thread; returns at once."""
        self._loop.call_soon_threadsafe(self.post, event)

    def close(self) -> None:
        """Stop all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _do(self, effect: Effect) -> None:
        try:
            self._hands[type(effect)](effect)
        except OSError:
            # One deed that fails (a full disk, no more descriptors) must not stop the others.
            logger.exception("could not do: %s", type(effect).__name__)

    def _wait(self, wait: Wait) -> None:
        if running := self._timers.pop(wait.name, None):
            running.cancel()
        self._timers[wait.name] = self._loop.call_later(wait.seconds, self._wait_over, wait.name)

    def _wait_over(self, name: str) -> None:
        del self._timers[name]
        self.post(WaitOver(name=name, at=time.time()))
