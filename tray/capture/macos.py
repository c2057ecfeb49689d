"""macOS: a window that is shared with nobody is left out of captures, as far as the system still obeys."""

import sys

assert sys.platform == "darwin"

_NOBODY = 0


def keep_out() -> bool:
    """Leave all windows of this program out of captures; whether that was done. Only in the main thread."""
    try:
        from AppKit import NSApp
    except ImportError:
        return False
    windows = list(NSApp.windows())
    for window in windows:
        window.setSharingType_(_NOBODY)
    return bool(windows)
