"""Opens only what a transcript may be: a regular file of this user, reached without any link."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

# What a system does not have is 0 there: O_BINARY is Windows', the others are POSIX'.
_CAREFULLY = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
_FOLDER = getattr(os, "O_DIRECTORY", 0)
#: IO_REPARSE_TAG_MOUNT_POINT; ``stat`` has it on Windows only.
_JUNCTION = 0xA0000003


class Unfit(OSError):
    """What is there is no transcript, or none that may be trusted; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A file as it was when it was opened. *identity* tells it from any other on this machine."""

    descriptor: int
    identity: tuple[int, int]
    size: int

    def read(self, offset: int, size: int) -> bytes:
        """Read up to *size* bytes; fewer only at the end of the file. Raises ``OSError``."""
        blocks: list[bytes] = []
        while size > 0 and (block := _read_at(self.descriptor, size, offset)):
            blocks.append(block)
            offset += len(block)
            size -= len(block)
        return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def _read_by_moving(descriptor: int, size: int, offset: int) -> bytes:
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, size)


_read_at: Callable[[int, int, int], bytes] = getattr(os, "pread", _read_by_moving)


@contextmanager
def opened(path: Path, root: Path | None = None) -> Iterator[Opened]:
    """Open *path* for reading; with *root*, no component below that may be a link.

    Raises ``OSError``: ``FileNotFoundError`` when nothing is there, ``Unfit`` when it may not be
    read.
    """
    name = str(path)
    if "\0" in name:
        raise Unfit("its name holds a zero byte")
    _refuse(os.lstat(name))  # a FIFO or a device must not even be opened
    descriptor = _open(path, root)
    try:
        status = os.fstat(descriptor)
        _refuse(status)
        yield Opened(descriptor=descriptor, identity=(status.st_dev, status.st_ino), size=status.st_size)
    finally:
        os.close(descriptor)


def _refuse(status: os.stat_result) -> None:
    """Refuse what is no plain file of ours. Who may write to it may put words into an agent's mouth."""
    if is_link(status):
        raise Unfit("it is a link")
    if not stat.S_ISREG(status.st_mode):
        raise Unfit("it is no regular file")
    if status.st_nlink > 1:
        raise Unfit("it has a second name (a hard link)")
    if not hasattr(os, "geteuid"):
        return
    if status.st_uid != os.geteuid():
        raise Unfit("it belongs to another user")
    if status.st_mode & stat.S_IWOTH:
        raise Unfit("everybody may write to it")


def is_link(status: os.stat_result) -> bool:
    """Whether this is a symbolic link, or a junction of Windows."""
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION


def _open(path: Path, root: Path | None) -> int:
    if root is None:
        return os.open(path, _CAREFULLY)
    names = _below(path, root)
    if os.open not in os.supports_dir_fd:
        _refuse_links_on_the_way(root, names)
        return os.open(path, _CAREFULLY)
    try:
        return _descend(root, names)
    except OSError:
        # Each step refuses a link by itself: this only says why.
        _refuse_links_on_the_way(root, names)
        raise


# The same transcripts are opened at each line that is appended to them.
@lru_cache(maxsize=256)
def _below(path: Path, root: Path) -> tuple[str, ...]:
    """The names that lead from *root* to *path*. Raises ``Unfit``."""
    if not path.is_relative_to(root) or ".." in path.parts:
        raise Unfit("it is outside the agent's folder")
    return path.relative_to(root).parts


def _refuse_links_on_the_way(root: Path, names: tuple[str, ...]) -> None:
    for depth in range(1, len(names)):
        if is_link(root.joinpath(*names[:depth]).lstat()):
            raise Unfit("a folder on the way to it is a link")


def _descend(root: Path, names: tuple[str, ...]) -> int:
    """Open folder by folder: what was looked at a moment ago may be a link by now."""
    folder = os.open(root, os.O_RDONLY | _FOLDER)
    for name in names[:-1]:
        try:
            below = os.open(name, _CAREFULLY | _FOLDER, dir_fd=folder)
        finally:
            os.close(folder)
        folder = below
    try:
        return os.open(names[-1], _CAREFULLY, dir_fd=folder)
    finally:
        os.close(folder)
