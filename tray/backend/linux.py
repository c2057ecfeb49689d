"""Linux: our own StatusNotifierItem; pystray's appindicator where only that can help.

pystray's ``xorg`` icon has no menu and takes no clicks: it is never used.
"""

import sys

assert sys.platform == "linux"

import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec

from tray.backend import sni
from tray.backend.base import Act, Icon
from tray.backend.lock_posix import hold as hold


def panel(environment: Mapping[str, str] = os.environ) -> str:
    """GNOME's bar is always dark; of others nobody knows the colour."""
    return "dark" if "GNOME" in environment.get("XDG_CURRENT_DESKTOP", "").split(":") else "any"


def make(act: Act, opened: Callable[[], None], absent: Callable[[], None]) -> Icon | None:
    """The icon, or ``None`` where none can ever be. *absent* is called when nothing shows it now."""
    try:
        bus = sni.open_bus()
    except sni.NoBusError:
        absent()
        return None
    is_shown = sni.host_present(bus)
    if not is_shown and (instead := _appindicator(act)):
        bus.close()
        return instead
    icon = sni.Icon(bus, panel(), act, opened)
    if not is_shown:
        absent()
        icon.wait_for_host()
    return icon


def _appindicator(act: Act) -> Icon | None:
    """It serves old trays too (XEMBED), which we cannot."""
    if not os.environ.get("DISPLAY") or find_spec("gi") is None:
        return None
    from tray.backend import pystray_icon

    try:
        icon = pystray_icon.Icon(pystray_icon.load("appindicator"), panel(), act)
    except (ImportError, ValueError, RuntimeError):  # its library or GTK itself is missing
        return None
    from gi.repository import GLib

    icon.in_its_thread = GLib.idle_add
    return icon
