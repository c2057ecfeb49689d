"""The end of a file that somebody else writes to: read-only, bounded, and never anything but a file."""

import os
import stat
from typing import Final

_CALM: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0)


def last_of(
    path: str, size: int, *, follow: bool = False, only: tuple[int, int] | None = None
) -> tuple[bytes, int, int] | None:
    """The last *size* bytes, from which byte on, and how many there are; ``None`` if it is no such file.

    Opening waits for nobody: a pipe or device is let go of unread. Only this user's own files. *only*:
    the device and inode that it must have. *follow*: it may be a link, as those of the kernel are.
    """
    try:
        file = os.open(path, os.O_RDONLY | _CALM | _BINARY | (0 if follow else _NO_LINK))
    except (OSError, ValueError):
        return None
    try:
        found = os.fstat(file)
        own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
        if not stat.S_ISREG(found.st_mode) or not own:
            return None
        if only is not None and only != (found.st_dev, found.st_ino):
            return None
        begin = max(0, found.st_size - size)
        os.lseek(file, begin, os.SEEK_SET)
        return _read(file, min(size, found.st_size)), begin, found.st_size
    except OSError:
        return None
    finally:
        os.close(file)


def _read(file: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := os.read(file, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
