"""Who shows notices on this desktop."""

import sys


def shown_by() -> str | None:
    """Their name; ``None`` if there is nobody, or no desktop. Blocks for seconds at most."""
    if sys.platform == "linux":
        from supervisor.system.popups.linux import shown_by as by_dbus

        return by_dbus()
    return "the system"
