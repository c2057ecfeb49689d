"""Keeps a window out of screenshots, recordings and shared screens, where the system can.

Linux has no word for it: there, whoever may record the screen may record all of it.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tkinter as tk


def keep_out(window: "tk.Tk") -> bool:
    """Leave this window out of every picture of the screen from now on; whether the system does so."""
    if sys.platform == "win32":
        from tray.capture import windows

        return windows.keep_out(window.winfo_id())
    elif sys.platform == "darwin":
        from tray.capture import macos

        return macos.keep_out()
    else:
        return False
