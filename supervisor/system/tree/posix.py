"""Signals by PID, right after a look at the start time.

Between that look and the signal there is a gap of microseconds that these systems do not let us close.
"""

import sys

assert sys.platform != "win32"

import os
from collections.abc import Iterator, Sequence

import psutil

from supervisor.core.model import Run
from supervisor.system.tree.anywhere import LIVES, NO_ANSWER, Told, is_it
from supervisor.system.tree.base import Act, Life, Member, Sent
from supervisor.system.tree.signals import SIGNALS


class System(Told):
    """All processes of this machine."""

    def everyone(self) -> Sequence[Member]:
        """All processes, of whatever user; zombies too."""
        return tuple(_everyone())

    def do(self, run: Run, act: Act) -> Sent:
        """Do it to this very process, or to nobody."""
        try:
            if not is_it(psutil.Process(run.pid), run):
                return Sent.GONE
            os.kill(run.pid, SIGNALS[act])
        except (psutil.NoSuchProcess, ProcessLookupError):
            return Sent.GONE
        except NO_ANSWER:
            return Sent.REFUSED
        return Sent.DONE


def _everyone() -> Iterator[Member]:
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                yield Member(
                    run=Run(process.pid, process.create_time()),
                    parent_pid=process.ppid(),
                    session=_session(process.pid),
                    life=LIVES.get(process.status(), Life.RUNS),
                )
        except NO_ANSWER:
            continue


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0
