"""The terminal that a screen is in: its keys, its size, its modes."""

import sys

if sys.platform == "win32":
    from supervisor.terminal.console.windows import Console, size
else:
    from supervisor.terminal.console.posix import Console, size

__all__ = ["Console", "size"]
