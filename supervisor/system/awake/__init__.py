"""Keeps the system from sleeping, never the display, and says truly whether that works.

wakepy does it, in one thread of its own: it must be left in the thread that entered it.
"""

import os
import sys
from collections.abc import Callable, Mapping

from supervisor.system.awake.grip import Grip, Held
from supervisor.system.awake.holder import Holder as _Holder

__all__ = ["Held", "Holder"]


def _grip(environment: Mapping[str, str]) -> Grip:
    """wakepy and D-Bus are loaded when something is held for the first time."""
    if sys.platform == "linux":
        from supervisor.system.awake import linux

        return linux.LinuxGrip(environment)
    from supervisor.system.awake import elsewhere

    return elsewhere.PlainGrip()


class Holder(_Holder):
    """Holds the machine awake on this system. Costs nothing until the first ``hold``."""

    def __init__(self, tell: Callable[[Held], None], environment: Mapping[str, str] = os.environ) -> None:
        """*tell* is called in the holder's thread whenever the truth changes; it must not raise."""
        super().__init__(tell, lambda: _grip(environment))
