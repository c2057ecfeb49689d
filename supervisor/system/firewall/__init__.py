"""Firewalls of this machine that may keep our port shut, as far as a user without rights can see."""

import sys
from collections.abc import Sequence

from supervisor.core.networks import Barrier


def barriers(port: int) -> Sequence[Barrier]:
    """Those that are on, the likeliest first. Blocking, some seconds at most."""
    if sys.platform == "linux":
        from supervisor.system.firewall import linux

        return linux.barriers(port)
    from supervisor.system.firewall import elsewhere

    return elsewhere.barriers(sys.platform)
