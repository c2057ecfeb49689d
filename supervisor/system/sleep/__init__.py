"""Whether the machine is about to sleep, and that it is awake again."""

import sys
from collections.abc import Callable

#: ``True``: it is about to sleep, and waits a moment for us; ``False``: it is awake again.
Told = Callable[[bool], None]


async def follow(told: Told) -> None:
    """Call *told* around every sleep of the machine. Ends only by cancellation."""
    if sys.platform == "linux":
        from supervisor.system.sleep import linux as system
    else:
        from supervisor.system.sleep import elsewhere as system
    await system.follow(told)
