"""A file that one process holds, on Linux and macOS."""

import sys

assert sys.platform != "win32"

import fcntl
from io import TextIOWrapper
from pathlib import Path


def hold(path: Path) -> TextIOWrapper | None:
    """Hold *path* until the returned file is closed or we end; ``None`` if somebody else does."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
