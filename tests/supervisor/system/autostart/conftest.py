"""What is to be tried here: the registry is a thing of Windows, and runs there and in wine."""

import sys

collect_ignore = [] if sys.platform == "win32" else ["test_windows.py"]
