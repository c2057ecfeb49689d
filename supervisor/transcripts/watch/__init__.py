"""Tells which file has changed, as soon as the system says so.

Folders need not exist: they are found when they appear, and found again when they were deleted or
renamed. Links inside them are not followed.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class Watch(Protocol):
    """Watches folders. All of it is called on the event loop, and all it tells is told there."""

    def add(self, folder: Path, depth: int) -> None:
        """Watch *folder* and folders below it, *depth* levels down.

        What is in an existing folder already is not told: look at it after this call. Of a folder
        that appears later, its files are told. A folder that is told means: look at all in it.
        """
        ...

    async def run(self) -> None:
        """Tell of changes until cancelled; what changed since ``add`` is told too. Then close."""
        ...

    def close(self) -> None:
        """Let go of everything; needed only if ``run`` was never called."""
        ...


def open_watch(tell: Callable[[Path], None], trouble: Callable[[str], None]) -> Watch:
    """Open the watch of this system: *tell* gets a changed path, *trouble* a sentence for people.

    A path is told once for all that happened to it since the loop last looked.
    """
    if sys.platform == "linux":
        from supervisor.transcripts.watch import linux

        return linux.Watch(tell, trouble)
    from supervisor.transcripts.watch import elsewhere

    return elsewhere.Watch(tell, trouble)
