"""Terminals as /proc tells them."""

import sys

assert sys.platform == "linux"

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.core.model import Run
from supervisor.terminal.adopted.ttys.base import Leader

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
#: Majors of /dev/pts; see the kernel's list of devices.
_PTS: Final = range(136, 144)
_ENVIRONMENT_BYTES: Final = 4 * 1024 * 1024
#: Clocks are set while we run, and others may have read the time of the boot before that.
_TOLERANCE_SECONDS: Final = 2.0


class _Stat(NamedTuple):
    """The part of /proc/PID/stat that is about terminals; see proc_pid_stat(5)."""

    pid: int
    parent: int
    group: int
    session: int
    tty: str | None
    #: The process group that gets what is typed.
    front: int
    started_at: float


def terminal_of(pid: int) -> str | None:
    """The device that this process is controlled by, such as ``/dev/pts/7``."""
    stat = _stat(pid)
    return stat.tty if stat else None


def leaders() -> Iterator[Leader]:
    """Of every terminal of this user."""
    for name in os.listdir("/proc"):  # noqa: PTH208 (a Path for each entry doubles the time)
        if name.isdecimal() and _ours(name) and (found := _leader(int(name))):
            yield found


def leader(tty: str) -> Leader | None:
    """Of this terminal."""
    return next((each for each in leaders() if each.tty == tty), None)


def environment(pid: int) -> Mapping[str, str]:
    """Its environment at its start; empty when it may not be known."""
    texts = _read(f"/proc/{pid}/environ", _ENVIRONMENT_BYTES).split(b"\0")
    pairs = (os.fsdecode(text).partition("=") for text in texts)
    return {name: value for name, equals, value in pairs if equals}


def in_front(run: Run, tty: str) -> bool:
    """Whether this very process gets what is typed there."""
    stat = _stat(run.pid)
    if stat is None or abs(stat.started_at - run.started_at) > _TOLERANCE_SECONDS:
        return False
    first = _leader(stat.session)
    return first is not None and first.tty == stat.tty == tty and stat.group == stat.front


def bytes_read(tty: str) -> int | None:
    """How much the processes in front have read so far, from wherever; ``None`` when it is not told."""
    first = leader(tty)
    stat = _stat(first.pid) if first else None
    if stat is None:
        return None
    everyone = (_stat(int(name)) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208
    counts = [_read_by(each.pid) for each in everyone if each and each.group == stat.front]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _read_by(pid: int) -> int | None:
    lines = _read(f"/proc/{pid}/io", 4096).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(b"rchar:")), None)


def _leader(pid: int) -> Leader | None:
    stat = _stat(pid)
    if stat is None or stat.tty is None or stat.session != pid or not _has_open(pid, stat.tty):
        return None
    name = _read(f"/proc/{stat.parent}/comm", 64).decode(errors="replace").rstrip("\n")
    return Leader(pid=pid, tty=stat.tty, parent=stat.parent, parent_name=name)


def _has_open(pid: int, tty: str) -> bool:
    """Whether that is its device by our own name for it: every container has a /dev/pts/0."""
    return any(_same(Path(f"/proc/{pid}/fd/{number}"), tty) for number in (0, 1, 2))


def _same(one: Path, tty: str) -> bool:
    try:
        return one.samefile(tty)
    except OSError:
        return False


def _ours(pid: str) -> bool:
    try:
        return os.stat(f"/proc/{pid}").st_uid == os.getuid()  # noqa: PTH116 (as above)
    except OSError:
        return False


def _stat(pid: int) -> _Stat | None:
    """``None`` for the dead, buried or not."""
    fields = _read(f"/proc/{pid}/stat", 4096).rpartition(b")")[2].split()
    if len(fields) < 20 or fields[0] in (b"Z", b"X", b"x"):
        return None
    parent, group, session, tty, front = map(int, fields[1:6])
    started_at = _booted_at() + int(fields[19]) / _TICKS_A_SECOND
    return _Stat(pid, parent, group, session, _device(tty), front, started_at)


def _device(number: int) -> str | None:
    major = (number >> 8) & 0xFFF
    minor = (number & 0xFF) | ((number >> 12) & 0xFFF00)
    return f"/dev/pts/{minor + 256 * (major - _PTS.start)}" if major in _PTS else None


@cache
def _booted_at() -> float:
    lines = _read("/proc/stat", 1 << 20).splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(b"btime ")), 0.0)


def _read(path: str, size: int) -> bytes:
    """What a file of /proc says; nothing when the process is gone or forbids it."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (as above)
            found = bytearray()
            while len(found) < size and (chunk := file.read(min(size - len(found), 1 << 16))):
                found += chunk
    except OSError:
        return b""
    return bytes(found)


# Read before anybody sets the clock.
_booted_at()
