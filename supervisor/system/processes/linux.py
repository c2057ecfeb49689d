"""Processes as /proc tells them: three small reads for each, nothing imported, nothing started."""

import sys

assert sys.platform == "linux"

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from supervisor.core.model import Process, Run
from supervisor.system.processes import sockets
from supervisor.system.processes.family import descendants, same_start

_PROC = "/proc"
#: Enough for any prompt on a command line; an environment may be larger.
_ARGV_BYTES = 256 * 1024
_ENVIRONMENT_BYTES = 4 * 1024 * 1024
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
#: Field numbers of /proc/PID/stat after the name, see proc_pid_stat(5).
_STATE, _PARENT, _START = 0, 1, 19
#: What the kernel appends to the name of a folder that is gone.
_DELETED = " (deleted)"


class Processes:
    """This user's processes; with *below*, only the descendants of that PID."""

    def __init__(self, below: int | None = None) -> None:
        """Look as the user that we run as."""
        self._below = below
        self._user = os.getuid()
        self._booted_at = booted_at()

    def running(self) -> Sequence[Process]:
        """All processes in view, in no order; zombies are dead."""
        everyone = tuple(self._everyone())
        return everyone if self._below is None else descendants(everyone, self._below)

    def find(self, pid: int) -> Process | None:
        """One process, or ``None`` when it is gone or out of view."""
        if not self._ours(pid) or not self._in_view(pid):
            return None
        return self._process(pid)

    def alive(self, run: Run) -> bool:
        """Whether this very process still runs: a reused PID or a zombie is not it."""
        started_at = self.started_at(run.pid)
        return started_at is not None and same_start(started_at, run.started_at)

    def started_at(self, pid: int) -> float | None:
        """When this process started, in seconds since 1970; ``None`` when it is dead."""
        if (stat := _stat(pid)) is None:
            return None
        return self._booted_at + int(stat[_START]) / _TICKS_A_SECOND

    def environment(self, pid: int) -> Mapping[str, str]:
        """Its environment at its start; empty when it may not be known."""
        if not self._ours(pid) or not self._in_view(pid):
            return {}
        pairs = (text.partition("=") for text in _texts(f"{_PROC}/{pid}/environ", _ENVIRONMENT_BYTES))
        return {name: value for name, equals, value in pairs if equals}

    def listening(self, pid: int) -> Sequence[tuple[str, int]]:
        """Addresses and ports of TCP on which it listens; empty when that may not be known."""
        return sockets.listening(pid) if self.find(pid) else ()

    def lock_owner(self, path: Path) -> int | None:
        """The PID in view that holds a lock on this file, or ``None``.

        The kernel names the process that took the lock. Where that one is dead (a child inherited
        the open file) or the lock belongs to no process, it is the first that has the file open.
        """
        try:
            file = path.stat()
        except (OSError, ValueError):
            return None
        holders = tuple(_lock_holders(file))
        if not holders:
            return None
        owners = (pid for pid, certain in holders if certain or _has_open(pid, file))
        return next(filter(self.find, owners), None) or self._first_with(file)

    def ancestors(self, pid: int) -> Sequence[Run]:
        """Its parent, the parent of that, and so on, whoever they belong to; *below* does not matter."""
        found: list[Run] = []
        younger = self.started_at(pid)
        while younger is not None and (stat := _stat(pid)) is not None:
            pid = int(stat[_PARENT])
            started_at = self.started_at(pid) if pid else None
            # A parent is older than its child: anything else took over the PID of a dead one.
            if started_at is None or started_at > younger:
                break
            found.append(Run(pid, started_at))
            younger = started_at
        return tuple(found)

    def _everyone(self) -> Iterator[Process]:
        for name in os.listdir(_PROC):  # noqa: PTH208 (a Path for each entry doubles the time)
            if name.isdecimal() and self._ours(pid := int(name)) and (process := self._process(pid)):
                yield process

    def _ours(self, pid: int) -> bool:
        try:
            return os.stat(f"{_PROC}/{pid}").st_uid == self._user  # noqa: PTH116 (as above)
        except OSError:
            return False

    def _in_view(self, pid: int) -> bool:
        return self._below is None or any(run.pid == self._below for run in self.ancestors(pid))

    def _process(self, pid: int) -> Process | None:
        if (stat := _stat(pid)) is None:
            return None
        return Process(
            run=Run(pid, self._booted_at + int(stat[_START]) / _TICKS_A_SECOND),
            parent_pid=int(stat[_PARENT]),
            argv=_texts(f"{_PROC}/{pid}/cmdline", _ARGV_BYTES),
            cwd=_cwd(pid),
        )

    def _first_with(self, file: os.stat_result) -> int | None:
        return next((p.run.pid for p in self.running() if _has_open(p.run.pid, file)), None)


@cache
def booted_at() -> float:
    """Read once: a clock that is set later must not make other processes of those that we know."""
    for line in read(f"{_PROC}/stat", 1 << 20).splitlines():
        if line.startswith(b"btime "):
            return float(line.split()[1])
    return 0.0


def _stat(pid: int) -> Sequence[bytes] | None:
    """The fields of /proc/PID/stat behind the name, which may hold anything; ``None`` for the dead."""
    fields = read(f"{_PROC}/{pid}/stat", 4096).rpartition(b")")[2].split()
    if len(fields) <= _START or fields[_STATE] in (b"Z", b"X", b"x"):
        return None
    return fields


def _texts(path: str, size: int) -> tuple[str, ...]:
    """The texts between NUL bytes; a process that writes over them may leave anything."""
    found = read(path, size)
    return tuple(os.fsdecode(part) for part in found.removesuffix(b"\0").split(b"\0")) if found else ()


def _cwd(pid: int) -> str | None:
    try:
        folder = os.readlink(f"{_PROC}/{pid}/cwd")  # noqa: PTH115 (as above)
    except OSError:
        return None
    if folder.endswith(_DELETED) and not os.path.lexists(folder):
        return folder.removesuffix(_DELETED)
    return folder


def read(path: str, size: int) -> bytes:
    """What a file of /proc says; nothing when the process is gone or forbids it."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return b"".join(_chunks(file, size))
    except OSError:
        return b""
    finally:
        os.close(file)


def _chunks(file: int, size: int) -> Iterator[bytes]:
    while size > 0 and (chunk := os.read(file, min(size, 1 << 16))):
        size -= len(chunk)
        yield chunk


def _lock_holders(file: os.stat_result) -> Iterator[tuple[int, bool]]:
    """PIDs that /proc/locks names for this inode, and whether the device fits as well.

    Overlay and btrfs show another device there than stat() does: then the inode is only a clue.
    """
    device = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}"
    for line in read(f"{_PROC}/locks", 1 << 22).decode("ascii", "replace").splitlines():
        fields = line.split()
        if len(fields) < 6 or fields[1] == "->":  # a waiter is no owner
            continue
        found_device, _, inode = fields[5].rpartition(":")
        if inode == str(file.st_ino) and fields[4].lstrip("-").isdecimal():
            yield int(fields[4]), found_device == device


def _has_open(pid: int, file: os.stat_result) -> bool:
    """Whether one of its open files is this one."""
    folder = f"{_PROC}/{pid}/fd"
    try:
        numbers = os.listdir(folder)  # noqa: PTH208 (as above)
    except OSError:
        return False
    return any(_is(f"{folder}/{number}", file) for number in numbers)


def _is(path: str, file: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), file)  # noqa: PTH116 (as above)
    except OSError:
        return False
