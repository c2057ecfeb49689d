"""Files that only this user may read: keys and tokens. Written whole or not at all."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from supervisor.core.errors import Refused

_FOLDER = 0o700
_FILE = 0o600


def folder(path: Path) -> None:
    """Make *path* a folder of this user only. Raises ``Refused`` for what somebody else made."""
    path.mkdir(parents=True, exist_ok=True, mode=_FOLDER)
    seen = path.lstat()
    if not stat.S_ISDIR(seen.st_mode):
        raise Refused(f"{path} is not a folder of its own.", "Remove it; it must not be a link.")
    _check_owner(path, seen)
    if stat.S_IMODE(seen.st_mode) & 0o077:
        path.chmod(_FOLDER)


def read(path: Path) -> bytes:
    """The bytes of a user-only file. Loose permissions are mended.

    Raises ``FileNotFoundError``, and ``Refused`` for a link or somebody else's file.
    """
    # A pipe in the way must not make us wait for somebody to write into it.
    wishes = ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC")
    flags = os.O_RDONLY | sum(getattr(os, wish, 0) for wish in wishes)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as trouble:
        raise Refused(f"{path} cannot be opened as a plain file.", "Remove it.") from trouble
    try:
        _check_file(path, descriptor)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def write(path: Path, content: bytes) -> None:
    """Replace *path* in one step, readable by this user only, on disk when this returns."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _check_file(path: Path, descriptor: int) -> None:
    seen = os.fstat(descriptor)
    if not stat.S_ISREG(seen.st_mode):
        raise Refused(f"{path} is not a plain file.", "Remove it.")
    _check_owner(path, seen)
    if hasattr(os, "fchmod") and stat.S_IMODE(seen.st_mode) & 0o077:
        os.fchmod(descriptor, _FILE)


def _check_owner(path: Path, seen: os.stat_result) -> None:
    # Windows has no such number; there the folder of the user's profile does it.
    if hasattr(os, "getuid") and seen.st_uid != os.getuid():
        raise Refused(f"{path} belongs to another user.", "Remove it, or set WAKELINE_HOME.")
