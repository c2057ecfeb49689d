"""Which start of the machine this is."""

from pathlib import Path

import psutil

#: Linux names every start; it also differs between containers on one kernel.
_NAMED = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """The same until the machine is started anew."""
    try:
        return _NAMED.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        # To the minute: systems that compute it from the clock are off by a second now and then.
        return str(round(psutil.boot_time() / 60))
