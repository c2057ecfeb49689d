"""Processes as /proc tells them, and signals through a pidfd."""

import sys

assert sys.platform == "linux"

import errno
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from supervisor.core.model import Process, Run
from supervisor.system.processes.linux import Processes, booted_at, read
from supervisor.system.tree.base import Act, Life, Member, Sent
from supervisor.system.tree.signals import SIGNALS

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
#: Field numbers of /proc/PID/stat after the name, see proc_pid_stat(5).
_STATE, _PARENT, _SESSION, _THREADS, _START = 0, 1, 3, 17, 19
_ENVIRONMENT_BYTES: Final = 4 * 1024 * 1024

_LIVES: Final = {b"T": Life.STOPPED, b"t": Life.STOPPED, b"Z": Life.ZOMBIE}


class System:
    """All processes of this machine, or of this container."""

    def __init__(self) -> None:
        """Nothing is kept open."""
        self._processes = Processes()

    def everyone(self) -> Sequence[Member]:
        """All processes, of whatever user; zombies too."""
        return tuple(_everyone())

    def is_stopped(self, run: Run) -> bool:
        """Whether this very process is stopped: one small read."""
        member = _member(run.pid)
        return member is not None and member.life is Life.STOPPED and _same(member.run, run)

    def carries(self, run: Run, marks: Mapping[str, str]) -> bool:
        """Whether one of these variables, with this value, is in its environment."""
        if not marks:
            return False
        wanted = {os.fsencode(f"{name}={value}") for name, value in marks.items()}
        found = read(f"/proc/{run.pid}/environ", _ENVIRONMENT_BYTES)
        return not wanted.isdisjoint(found.split(b"\0"))

    def described(self, member: Member) -> Process:
        """The same process in words for people; of another user's only what everybody may know."""
        pid = member.run.pid
        if (found := self._processes.find(pid)) and _same(found.run, member.run):
            return found
        argv = read(f"/proc/{pid}/cmdline", 4096) or read(f"/proc/{pid}/comm", 64).strip()
        words = tuple(os.fsdecode(word) for word in argv.removesuffix(b"\0").split(b"\0"))
        return Process(run=member.run, parent_pid=member.parent_pid, argv=words, cwd=None)

    def do(self, run: Run, act: Act) -> Sent:
        """Do it to this very process, or to nobody.

        The descriptor is opened first and the start time read after that: when it is the right one,
        the descriptor is that process's, whoever gets its number later.
        """
        try:
            handle = os.pidfd_open(run.pid)
        except OSError as trouble:
            return Sent.GONE if trouble.errno in (errno.ESRCH, errno.EINVAL) else Sent.REFUSED
        try:
            member = _member(run.pid)
            if member is None or not _same(member.run, run):
                return Sent.GONE
            signal.pidfd_send_signal(handle, SIGNALS[act])
        except ProcessLookupError:
            return Sent.GONE
        except OSError:
            return Sent.REFUSED
        finally:
            os.close(handle)
        return Sent.DONE


def _everyone() -> Iterator[Member]:
    for name in os.listdir("/proc"):  # noqa: PTH208 (a Path for each entry doubles the time)
        if name.isdecimal() and (member := _member(int(name))):
            yield member


def _member(pid: int) -> Member | None:
    fields = read(f"/proc/{pid}/stat", 4096).rpartition(b")")[2].split()
    if len(fields) <= _START or fields[_STATE] in (b"X", b"x"):
        return None
    life = _LIVES.get(fields[_STATE], Life.RUNS)
    if life is Life.ZOMBIE and int(fields[_THREADS]) > 1:  # only its first thread has ended
        life = Life.RUNS
    started_at = booted_at() + int(fields[_START]) / _TICKS_A_SECOND
    return Member(
        run=Run(pid, started_at), parent_pid=int(fields[_PARENT]), session=int(fields[_SESSION]), life=life
    )


def _same(one: Run, other: Run) -> bool:
    """Exactly the same tick: a number may be used again very soon where there are few of them."""
    return abs(one.started_at - other.started_at) < 0.5 / _TICKS_A_SECOND
