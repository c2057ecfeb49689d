"""A folder of our own and a lock in it."""

import sys

assert sys.platform == "win32"

import msvcrt
import os
import stat
from pathlib import Path

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


def locked(path: Path) -> int:
    """Hold *path*; the open file. Raises ``Refused`` when another holds it, ``Failed`` when nobody can."""
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
