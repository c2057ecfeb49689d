"""Jobs as /proc tells of them. Files are opened through /proc, so that they are the process's own."""

import sys

assert sys.platform == "linux"

import asyncio
import contextlib
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Callable, Collection, Mapping
from typing import Final

from supervisor.core.model import Run
from supervisor.system.exits.once import Once, ask_again
from supervisor.system.jobs.base import Output, Use
from supervisor.system.jobs.files import last_of
from supervisor.system.processes import Processes
from supervisor.system.processes.family import same_start
from supervisor.system.processes.linux import read

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_ENVIRONMENT_BYTES: Final = 4 * 1024 * 1024
#: Field numbers of /proc/PID/stat after the name, see proc_pid_stat(5).
_STATE, _TIMES, _MEMORY, _EXIT = 0, slice(11, 15), 21, 49
#: PIDFD_GET_INFO of linux/pidfd.h with the first version of its struct, and what is asked of it.
_INFO, _INFO_BYTES, _INFO_EXIT = 0xC040FF0B, 64, 1 << 3
#: Seconds within which a parent collects its child, at most.
_COLLECTED: Final = 0.5


class Details:
    """See ``jobs.base.Details``."""

    def environment(self, pid: int, names: Collection[str]) -> Mapping[str, str]:
        """Those of its variables that have these names; none for another user's."""
        beginnings = tuple(os.fsencode(f"{name}=") for name in names)
        found = read(f"/proc/{pid}/environ", _ENVIRONMENT_BYTES).split(b"\0") if beginnings else ()
        pairs = (os.fsdecode(text).partition("=") for text in found if text.startswith(beginnings))
        return {name: value for name, _, value in pairs}

    def use(self, pid: int) -> Use:
        """What it uses now."""
        fields = _stat(pid)
        if len(fields) <= _MEMORY:
            return Use()
        ticks = sum(int(field) for field in fields[_TIMES])
        return Use(cpu_seconds=ticks / _TICKS_A_SECOND, memory_bytes=int(fields[_MEMORY]) * _PAGE)

    def output(self, pid: int) -> Output | None:
        """Where its standard output goes, if that is a regular file of this user."""
        place = f"/proc/{pid}/fd/1"
        try:
            found = os.stat(place)  # noqa: PTH116 (a link of the kernel's, not a path)
            path = os.readlink(place)  # noqa: PTH115 (as above)
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            return None
        return Output(path=path, file=(found.st_dev, found.st_ino), bytes=found.st_size)

    def tail(self, run: Run, size: int) -> tuple[bytes, int, int] | None:
        """The last bytes of that file, whatever its name is by now."""
        if not Processes().alive(run):
            return None
        return last_of(f"/proc/{run.pid}/fd/1", size, follow=True)


def watch_end(run: Run, tell: Callable[[Run, int | None], None]) -> Callable[[], None]:
    """Call *tell* once, from the running loop, when *run* has ended, with its exit status if it is known.

    A run that is gone already (its PID may be another's by now) is told in the loop's next round.
    Returns how to stop watching.
    """
    loop = asyncio.get_running_loop()
    try:
        handle = os.pidfd_open(run.pid)
    except OSError as error:
        once = Once(run, lambda gone: tell(gone, None))
        if error.errno in (errno.ESRCH, errno.EINVAL):
            loop.call_soon(once)
        else:
            ask_again(loop, once, Processes().alive)
        return once.stop
    return _Watch(loop, run, handle, tell).begin()


class _Watch:
    """A process by its pidfd, until its end. Owner: the loop's thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, run: Run, handle: int, tell: Callable[[Run, int | None], None]
    ) -> None:
        self._loop = loop
        self._run = run
        self._handle = handle
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    def begin(self) -> Callable[[], None]:
        self._loop.add_reader(self._handle, self._ended)
        # Asked after opening: only now does the descriptor prove that the PID stays with this process.
        started_at = Processes().started_at(self._run.pid)
        if started_at is None or not same_start(started_at, self._run.started_at):
            self._loop.call_soon(self._gone)
        return self.stop

    def stop(self) -> None:
        if self._over:
            return
        self._over = True
        self._loop.remove_reader(self._handle)
        if self._timer:
            self._timer.cancel()
        os.close(self._handle)

    def _gone(self) -> None:
        if not self._over:
            self.stop()
            self._tell(self._run, None)

    def _ended(self) -> None:
        """The kernel tells how it ended, once its parent has collected it."""
        self._loop.remove_reader(self._handle)
        status = self._status()
        if status is None and self._timer is None:
            self._timer = self._loop.call_later(_COLLECTED, self._ended)
            return
        if not self._over:
            self.stop()
            self._tell(self._run, status)

    def _status(self) -> int | None:
        found = _exit_of_collected(self._handle)
        return _exit_of_zombie(self._run) if found is None else found


def _exit_of_collected(handle: int) -> int | None:
    """What the kernel (from 6.15 on) tells of a process that is no more."""
    asked = bytearray(struct.pack("=Q", _INFO_EXIT).ljust(_INFO_BYTES, b"\0"))
    try:
        fcntl.ioctl(handle, _INFO, asked)
    except OSError:
        return None
    told, code = struct.unpack_from("=Q", asked)[0], struct.unpack_from("=i", asked, 60)[0]
    return os.waitstatus_to_exitcode(code) if told & _INFO_EXIT else None


def _exit_of_zombie(run: Run) -> int | None:
    fields = _stat(run.pid)
    if len(fields) <= _EXIT or fields[_STATE] != b"Z":
        return None
    with contextlib.suppress(ValueError):
        return os.waitstatus_to_exitcode(int(fields[_EXIT]))
    return None


def _stat(pid: int) -> list[bytes]:
    return read(f"/proc/{pid}/stat", 4096).rpartition(b")")[2].split()
