"""The git branch of a folder, read from two small files; no git is started.

Paths on network file systems are left alone: a server that is gone would block us for minutes.
"""

import ctypes
import os
import re
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

#: Longer than any path or branch name that a system allows.
_LONGEST_BYTES = 8192
_MOST_LEVELS = 64
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
#: What git itself forbids in a name (git-check-ref-format(1)).
_FORBIDDEN = re.compile(r"""[\s~^:?*\[\\]|\.\.|@\{|//|(?:^|/)\.|\.(?:lock)?(?:/|$)|^/|/$|^$""")
_FAR = re.compile(
    r"nfs|cifs|smb|afp|afs$|autofs|ceph|lustre|ncp|webdav|davfs|gluster"
    r"|fuse\.(?:sshfs|rclone|gvfs|s3|goofys|gluster|juice|ceph|curlftp|dav|smb|nfs|google)"
)
_REMOTE_DRIVE = 4


def git_branch(folder: str | None) -> str | None:
    """The branch checked out in *folder* or around it; the short hash of a detached head; else ``None``."""
    if not folder or not os.path.isabs(folder):  # noqa: PTH117 (pathlib would accept a NUL until later)
        return None
    try:
        return _branch(Path(folder))
    except (OSError, ValueError):
        return None


def _branch(folder: Path) -> str | None:
    mounts = _mounts()
    for place in (folder, *folder.parents)[:_MOST_LEVELS]:
        if _far(place, mounts):
            return None
        if (repository := _repository(place / ".git")) and not _far(repository, mounts):
            return _name(_head(repository / "HEAD"))
    return None


def _repository(entry: Path) -> Path | None:
    """Where the repository behind a ``.git`` is: the folder itself, or what the file or link names."""
    try:
        kind = entry.lstat().st_mode
    except OSError:
        return None
    if stat.S_ISDIR(kind):
        return entry
    if stat.S_ISLNK(kind):
        return _beside(entry, os.fspath(entry.readlink()))
    marker, _, named = _small(entry).partition(": ")
    return _beside(entry, named) if marker == "gitdir" and named else None


def _beside(entry: Path, named: str) -> Path:
    """A path as it is named in or by *entry*, without asking the disk."""
    return Path(os.path.normpath(entry.parent / named))


def _head(head: Path) -> str:
    """What is checked out; very old repositories have a link there, of which the target tells."""
    if head.is_symlink():
        return f"ref: {os.fspath(head.readlink())}"
    return _small(head)


def _name(head: str) -> str | None:
    if _HASH.fullmatch(head):
        return head[:7]
    marker, _, reference = head.partition(": ")
    name = reference.removeprefix("refs/heads/").removeprefix("refs/")
    if marker != "ref" or name == reference or not name.isprintable() or _FORBIDDEN.search(name):
        return None
    return name


def _small(path: Path) -> str:
    """The one line of a small regular file; empty for anything else."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    file = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return ""
        content = os.read(file, _LONGEST_BYTES + 1)
    finally:
        os.close(file)
    return os.fsdecode(content).rstrip("\r\n") if len(content) <= _LONGEST_BYTES else ""


def _mounts() -> Mapping[str, str]:
    """Mount points and their file systems, as a table that nobody has to be asked for."""
    if sys.platform == "win32":
        return {}
    return {mount.mountpoint: mount.fstype for mount in psutil.disk_partitions(all=True)}


def _far(path: Path, mounts: Mapping[str, str]) -> bool:
    """Whether this path is, by its name, on another machine."""
    if path.drive.startswith("\\\\") or os.fspath(path).startswith("//"):
        return True
    if sys.platform == "win32":
        return bool(ctypes.windll.kernel32.GetDriveTypeW(path.anchor) == _REMOTE_DRIVE)
    mounted = next((os.fspath(p) for p in (path, *path.parents) if os.fspath(p) in mounts), "/")
    return bool(_FAR.match(mounts.get(mounted, "")))
