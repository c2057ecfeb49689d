"""The icon's tests of each system."""

import sys

collect_ignore = [] if sys.platform == "win32" else ["test_windows_icon.py"]
