"""Carries files and folders from one place to another: whole or not at all, and never over anything.

Within a filesystem that is a rename. To another one they are copied beside their new place, synced,
and renamed into it; only then the old ones may go. No link is followed.
"""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supervisor.core.errors import Refused

_KINDS: Final = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "link"))
#: What is being copied is called so until it is whole.
_PART: Final = ".wakeline-part"
#: A system without links for files, or a filesystem without them.
_NO_LINKS: Final = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)
# What a system does not have is 0 there.
_CAREFULLY: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file, folder or link as it was found. *path*: below the root; *modified*: in nanoseconds."""

    path: str
    kind: str
    size: int
    mode: int
    modified: int


def below(root: Path, path: Path) -> Path:
    """*path* as seen from *root*. Raises ``Refused`` where it is not below it, or leads through a link."""
    real = Path(os.path.realpath(root))
    for base in (root, real):
        if path.is_relative_to(base) and path != base:
            inside = path.relative_to(base)
            break
    else:
        raise Refused(f"{path} is not below {root}.", "Only an agent's own files are moved.")
    if ".." in inside.parts:
        raise Refused(f"{path} is not below {root}.", "Only an agent's own files are moved.")
    for parent in list((real / inside).parents)[: len(inside.parts) - 1]:
        if parent.is_symlink():
            raise Refused(f"{parent} is a link.", "Links are not followed; move it by hand.")
    return inside


def items(root: Path, inside: Path) -> Iterator[Item]:
    """What is at ``root / inside``, and all below it; nothing when nothing is there.

    Raises ``Refused`` for pipes, sockets and devices, and where *inside* itself is a link.
    """
    try:
        first = _item(root, inside)
    except (FileNotFoundError, NotADirectoryError):
        return
    if first.kind == "link":
        raise Refused(f"{root / inside} is a link.", "Links are not followed; remove it by hand.")
    yield first
    waiting = [inside] if first.kind == "folder" else []
    while waiting:
        folder = waiting.pop()
        for name in sorted(os.listdir(root / folder)):  # noqa: PTH208 (names are all that is wanted)
            item = _item(root, folder / name)
            if item.kind == "folder":
                waiting.append(folder / name)
            yield item


def _item(root: Path, inside: Path) -> Item:
    found = (root / inside).lstat()
    kind = next((name for is_kind, name in _KINDS if is_kind(found.st_mode)), None)
    if kind is None:
        raise Refused(f"{root / inside} is neither file nor folder.", "Remove it by hand first.")
    return Item(
        path=inside.as_posix(),
        kind=kind,
        size=found.st_size if kind == "file" else 0,
        mode=stat.S_IMODE(found.st_mode),
        modified=found.st_mtime_ns,
    )


def is_part(root: Path, inside: Path, known: Sequence[Item]) -> bool:
    """Whether nothing is at ``root / inside`` but what is *known*, unchanged: all of it or some."""
    was = {item.path: item for item in known}
    return all(_same(item, was.get(item.path)) for item in items(root, inside))


def is_whole(root: Path, inside: Path, known: Sequence[Item]) -> bool:
    """Whether all that is *known* is at ``root / inside``, unchanged; there may be more."""
    there = {item.path: item for item in items(root, inside)}
    return all(_same(item, there.get(item.path)) for item in known)


def _same(one: Item, other: Item | None) -> bool:
    if other is None or one.kind != other.kind:
        return False
    return one.kind != "file" or (one.size, one.modified) == (other.size, other.modified)


def carry(source: Path, target: Path) -> bool:
    """Bring *source* to *target*, where nothing is yet; whether the old one still has to be removed.

    Makes the folders above *target*. Raises ``FileExistsError`` where something is, ``OSError``.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = forget_part(target)
    try:
        _place(source, target)
    except OSError as trouble:
        if trouble.errno != errno.EXDEV:
            raise
    else:
        return False
    try:
        _copy(source, part)
        _place(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(part)
        raise
    sync(target.parent)
    return True


def copy(source: Path, target: Path) -> None:
    """A copy of the file *source* at *target*, in place of an older one; nothing where it is the same.

    On disk, and whole, before it has its name. Makes the folders above it. Raises ``OSError``.
    """
    was = source.lstat()
    with contextlib.suppress(OSError):
        found = target.lstat()
        if (found.st_size, found.st_mtime_ns) == (was.st_size, was.st_mtime_ns):
            return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = forget_part(target)
    try:
        _copy_file(source, part)
        part.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync(target.parent)


def forget_part(target: Path) -> Path:
    """Remove what an interrupted copy to *target* left beside it; the name that it has."""
    part = target.with_name(target.name + _PART)
    if os.path.lexists(part):
        remove(part)
    return part


def _place(source: Path, target: Path) -> None:
    """A rename that never replaces anything (that of a folder replaces an empty one)."""
    if source.is_dir() and not source.is_symlink():
        source.rename(target)
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError) as trouble:
        if isinstance(trouble, FileExistsError) or getattr(trouble, "errno", None) not in (None, *_NO_LINKS):
            raise
    else:
        source.unlink()
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


def _copy(source: Path, target: Path) -> None:
    """A copy that is on disk when this returns."""
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_dir():
        target.mkdir(mode=0o700)
        for name in os.listdir(source):  # noqa: PTH208 (names are all that is wanted)
            _copy(source / name, target / name)
        shutil.copystat(source, target)
        sync(target)
    else:
        _copy_file(source, target)


def _copy_file(source: Path, target: Path) -> None:
    with (
        os.fdopen(os.open(source, _CAREFULLY), "rb") as reading,
        os.fdopen(os.open(target, _NEW, 0o600), "wb") as writing,
    ):
        if not stat.S_ISREG(os.fstat(reading.fileno()).st_mode):
            raise OSError(errno.EINVAL, "no regular file", str(source))
        shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        os.fsync(writing.fileno())
    shutil.copystat(source, target)


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it, whatever its modes are."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(path):
        with contextlib.suppress(OSError):
            os.chmod(folder, 0o700)  # noqa: PTH101 (os.walk gives no Path)
    shutil.rmtree(path)


def sync(folder: Path) -> None:
    """See to it that the names in *folder* are on disk, where the system knows how."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
