"""macOS: AppKit may only be touched in the main thread, so all changes are sent there."""

import sys

assert sys.platform == "darwin"

from tray.backend import pystray_icon
from tray.backend.base import Act
from tray.backend.lock_posix import hold as hold

PANEL = "any"


class Icon(pystray_icon.Icon):
    """Even stopping is for the main thread only."""

    def stop(self) -> None:
        """Take the icon away."""
        self.in_its_thread(self.icon.stop)


def make(act: Act) -> Icon:
    """The icon in the menu bar. Call it, and ``run``, in the main thread."""
    from PyObjCTools import AppHelper

    icon = Icon(pystray_icon.load("darwin"), PANEL, act)
    icon.in_its_thread = AppHelper.callAfter
    return icon
