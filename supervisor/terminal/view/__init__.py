"""The terminal of a held session as state for a phone: rows that changed, and only the newest state counts.

A *painter*, a process of its own for each terminal that is watched, makes a picture of what the
command prints; the supervisor passes it on to all who look. Neither the command nor the supervisor
ever waits for it, and what a hostile command may do to it, it does to the painter alone.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supervisor.terminal.view.views import Views


def open_views(folder: Path, painter: Callable[[Path, str], Sequence[str]]) -> "Views":
    """All that is watched of the terminals held in that folder. *painter*: the command for one of them."""
    from supervisor.terminal.view.views import Views

    return Views(folder, painter)


def paint(arguments: Sequence[str]) -> int:
    """Be a painter; see ``view.painter``."""
    if sys.platform != "win32":
        try:
            from supervisor.terminal.view import painter
        except (ImportError, OSError):
            # No libghostty for this system.
            pass
        else:
            return painter.main(arguments)
    sys.stdout.buffer.write(b"unable\n")
    return 1
