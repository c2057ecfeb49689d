"""One supervisor for each user: a lock that the system lets go of when its owner dies."""

import os
import sys
from pathlib import Path
from typing import Self

if sys.platform == "win32":
    from supervisor.system.instance.windows import locked, private
else:
    from supervisor.system.instance.posix import locked, private

__all__ = ["Instance", "private"]


class Instance:
    """The right to be this user's supervisor, until ``release`` or our end."""

    def __init__(self, runtime: Path) -> None:
        """Take it.

        :raises Refused: when another supervisor has it, or the folder is not private.
        :raises Failed: when there can be no lock.
        """
        private(runtime)
        self._lock: int | None = locked(runtime / "lock")

    def release(self) -> None:
        """Give it back; more than once does no harm."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        """Hold it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self.release()
