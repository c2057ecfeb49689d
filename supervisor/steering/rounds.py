"""Lets many pauses end together, so that a machine with nothing to do is seldom woken."""

import asyncio
from collections.abc import Callable


class Rounds:
    """Owns the times at which somebody looks anyway, in seconds of the loop's clock."""

    def __init__(self, give: float, clock: Callable[[], float] | None = None) -> None:
        """*give*: by how much a pause may be longer than it was meant to be, in seconds."""
        self._give = give
        self._clock = clock
        self._ends: set[float] = set()

    def end(self, seconds: float, most: float) -> float:
        """When a pause of about *seconds* ends: with another one, if that is near.

        Near is not before its half, and not after *most*. Pauses are drawn by lot anyway.
        """
        now = self._clock() if self._clock else asyncio.get_running_loop().time()
        meant, last = now + seconds, now + max(seconds, min(seconds + self._give, most))
        self._ends = {end for end in self._ends if end > now}
        near = (end for end in self._ends if now + seconds / 2 <= end <= last)
        end = min(near, key=lambda one: abs(one - meant), default=meant)
        self._ends.add(end)
        return end
