"""Where nobody tells: a clock that ran while we did not. It tells of a sleep only when that is over."""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Final

#: Seconds between two looks, and by how much more the wall clock must have moved.
_EVERY: Final = 30.0
_JUMP: Final = 20.0


async def follow(told: Callable[[bool], None]) -> None:
    """See ``sleep.follow``."""
    before = _both()
    while True:
        await asyncio.sleep(_EVERY)
        now = _both()
        slept = (now[0] - before[0]) - (now[1] - before[1])
        before = now
        if slept > _JUMP:
            told(False)


def _both() -> tuple[float, float]:
    """A clock that goes on during sleep, and one that most systems stop."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic()
    return time.time(), time.monotonic()
