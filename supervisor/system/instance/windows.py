"""A folder of our own and a lock in it."""

import sys

assert sys.platform == "win32"

import msvcrt
import os
import stat
from pathlib import Path
from typing import Self

from supervisor.core.errors import Failed, Refused


def private(folder: Path) -> None:
    """Make *folder*, with all folders above it; who may enter is inherited from the user's profile.

    :raises Refused: when it is a link.
    :raises Failed: when it cannot be made.
    """
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except FileExistsError as error:
        raise Refused(f"{folder} is no folder of its own", "Remove it and start again.") from error
    except OSError as error:
        raise Failed(f"{folder} cannot be used: {error.strerror}", "Look at its rights.") from error
    if found.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT:
        raise Refused(f"{folder} is no folder of its own", "Remove it and start again.")


class Instance:
    """The right to be this user's supervisor, until ``release`` or our end."""

    def __init__(self, runtime: Path) -> None:
        """Take it.

        :raises Refused: when another supervisor has it, or the folder is a link.
        :raises Failed: when there can be no lock.
        """
        private(runtime)
        self._lock: int | None = _locked(runtime / "lock")

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


def _locked(path: Path) -> int:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOINHERIT, 0o600)
    except OSError as error:
        raise Failed(f"{path} cannot be opened: {error.strerror}", "Remove it and start again.") from error
    try:
        msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        os.close(lock)
        raise Refused("Another supervisor of yours is running", "Ask it: wakeline status") from error
    return lock
