"""Whether the network is another one than before, and whether one endpoint can be reached through it."""

import sys
from collections.abc import Callable

from supervisor.system.network.around import around as around
from supervisor.system.network.around import hints as hints
from supervisor.system.network.probe import reached as reached
from supervisor.system.network.probe import same as same


async def follow(changed: Callable[[], None]) -> None:
    """Call *changed* soon after addresses, links or routes have changed. Ends only by cancellation."""
    if sys.platform == "linux":
        from supervisor.system.network import linux as system
    else:
        from supervisor.system.network import elsewhere as system
    await system.follow(changed)
