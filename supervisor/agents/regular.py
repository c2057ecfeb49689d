"""Opens files that somebody else writes: regular ones only, never waiting for one, never by a link."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

# What a system does not have is 0 there: O_BINARY is Windows', the others are POSIX'.
_CAREFULLY = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file, for reading.

    Raises ``OSError`` where there is none, it may not be read, or it is a link, a folder, a pipe or a
    device. Only the last part of *path* is looked at: the folders before it are the caller's.
    """
    _refuse(path, _found(path))  # a pipe or a device must not even be opened
    with open(path, "rb", opener=_open) as file:
        _refuse(path, os.fstat(file.fileno()))
        yield file


def _found(path: Path) -> os.stat_result:
    try:
        return path.lstat()
    except ValueError as problem:
        raise OSError(f"{path!r} is no path that there can be") from problem


def _refuse(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{path} is no regular file")


def _open(path: str, _flags: int) -> int:
    return os.open(path, _CAREFULLY)
