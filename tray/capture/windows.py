"""Windows: a window may be left out of captures since version 2004, shown black before."""

import sys

assert sys.platform == "win32"

import ctypes

# https://learn.microsoft.com/en-us/windows/win32/api/winuser/nf-winuser-setwindowdisplayaffinity
_MONITOR_ONLY, _LEFT_OUT = 0x01, 0x11
_ROOT = 2


def keep_out(handle: int) -> bool:
    """Leave the window that *handle* belongs to out of captures; whether that was done."""
    user = ctypes.WinDLL("user32")
    user.GetAncestor.restype = ctypes.c_void_p
    # Tk's own window is a child of the one with the frame.
    top = ctypes.c_void_p(user.GetAncestor(ctypes.c_void_p(handle), _ROOT))
    return any(user.SetWindowDisplayAffinity(top, how) for how in (_LEFT_OUT, _MONITOR_ONLY))
