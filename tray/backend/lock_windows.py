"""A file that one process holds, on Windows."""

import sys

assert sys.platform == "win32"

import msvcrt
from io import TextIOWrapper
from pathlib import Path


def hold(path: Path) -> TextIOWrapper | None:
    """Hold *path* until the returned file is closed or we end; ``None`` if somebody else does."""
    file = path.open("a")
    try:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError:
        file.close()
        return None
    return file
