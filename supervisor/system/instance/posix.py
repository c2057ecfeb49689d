"""A private folder and a lock in it."""

import sys

assert sys.platform != "win32"

import errno
import fcntl
import os
import stat
from pathlib import Path

from supervisor.core.errors import Failed, Refused

_OURS_ALONE = 0o700
_OTHERS = 0o077


def private(folder: Path) -> None:
    """Make *folder* ours alone, with all folders above it.

    :raises Refused: when it is a link, belongs to somebody else or stays open to others.
    :raises Failed: when it cannot be made.
    """
    try:
        folder.mkdir(_OURS_ALONE, parents=True, exist_ok=True)
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EEXIST):
            raise Refused(f"{folder} is no folder of its own", "Remove it and start again.") from error
        raise Failed(f"{folder} cannot be used: {error.strerror}", "Look at its rights.") from error
    try:
        _check(opened, folder)
    except OSError as error:
        raise Failed(f"{folder} cannot be used: {error.strerror}", "Look at its rights.") from error
    finally:
        os.close(opened)


def _check(opened: int, folder: Path) -> None:
    found = os.fstat(opened)
    if found.st_uid != os.geteuid():
        raise Refused(f"{folder} belongs to another user", "Remove it, or set WAKELINE_HOME to one of yours.")
    if found.st_mode & _OTHERS:
        os.fchmod(opened, _OURS_ALONE)
    if os.fstat(opened).st_mode & _OTHERS:
        raise Refused(f"{folder} is open to others", "Use a disk that knows access rights.")


def locked(path: Path) -> int:
    """Hold *path*; the open file. Raises ``Refused`` when another holds it, ``Failed`` when nobody can."""
    while True:
        lock = _opened(path)
        if _same(lock, path):
            return lock
        # Somebody removed the file between opening and locking: what we hold would bind nobody.
        os.close(lock)


def _opened(path: Path) -> int:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Failed(f"{path} cannot be opened: {error.strerror}", "Remove it and start again.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise Refused("Another supervisor of yours is running", "Ask it: wakeline status") from error
    except OSError as error:
        os.close(lock)
        raise Failed(f"{path} cannot be locked: {error.strerror}", "Use a disk that knows locks.") from error
    return lock


def _same(lock: int, path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and os.path.samestat(found, os.fstat(lock))
