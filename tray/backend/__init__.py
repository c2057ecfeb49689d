"""Which icon this system gets: the one place of the tray that asks for the system."""

import sys
from collections.abc import Callable

from tray.backend.base import Act, Icon, Look

if sys.platform == "win32":
    from tray.backend.windows import hold
elif sys.platform == "darwin":
    from tray.backend.macos import hold
else:
    from tray.backend.linux import hold

__all__ = ["Icon", "Look", "hold", "make"]


def make(act: Act, opened: Callable[[], None], absent: Callable[[], None]) -> Icon | None:
    """The icon of this system.

    *opened* is called when the menu is about to be seen, where the system tells; *absent* when
    nothing on this desktop shows icons. ``None``: nothing ever will.
    """
    if sys.platform == "win32":
        from tray.backend import windows

        return windows.make(act)
    elif sys.platform == "darwin":
        from tray.backend import macos

        return macos.make(act)
    else:
        from tray.backend import linux

        return linux.make(act, opened, absent)
