"""The battery: how full, and whether the machine runs on it. It matters only while something is held.

``read`` looks once; ``follow`` tells each change, and should run only while somebody wants it.
"""

import asyncio
import sys
from collections.abc import Callable

from supervisor.core.model import Power

if sys.platform == "linux":
    from supervisor.system.power.linux import Announcements, read
else:
    from supervisor.system.power.elsewhere import Announcements, read

__all__ = ["follow", "read"]

#: Seconds between two looks: a battery that drains slowly is not always announced.
EVERY = 60.0


async def follow(
    tell: Callable[[Power], None], *, every: float = EVERY, look: Callable[[], Power] = read
) -> None:
    """Tell the power now and whenever it changed, on the event loop, until cancelled."""
    with Announcements() as announcements:
        known: Power | None = None
        while True:
            # The battery's own controller may take its time to answer.
            power = await asyncio.to_thread(look)
            if power != known:
                known = power
                tell(power)
            await announcements.next(every if announcements.may_miss(power) else None)
