"""Notices on this desktop, shown by desktop-notifier; this package alone knows it."""

import sys
from collections.abc import Callable
from pathlib import Path

from tray.lines import Action
from tray.popups.screen import Heard, Screen
from tray.popups.shown import Popups as Popups


def make(act: Callable[[Action], None], file: Path) -> Popups:
    """The popups of this system; see ``Popups``."""
    return Popups(act, file, _open)


async def _open(heard: Heard) -> Screen:
    # Only now: what it needs is large, and most of the time nothing is shown.
    if sys.platform == "linux":
        from tray.popups import linux

        return await linux.open_screen(heard)
    else:
        from tray.popups import elsewhere

        return elsewhere.Screen(heard)
