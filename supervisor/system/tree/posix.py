"""Signals by PID, right after a look at the start time.

Between that look and the signal there is a gap of microseconds that these systems do not let us close.
"""

import sys

assert sys.platform != "win32"

import os
from collections.abc import Sequence

import psutil

from supervisor.core.model import Run
from supervisor.system.tree.anywhere import NO_ANSWER, Told, everyone, is_it
from supervisor.system.tree.base import Act, Member, Sent
from supervisor.system.tree.signals import SIGNALS


class System(Told):
    """All processes of this machine."""

    def everyone(self) -> Sequence[Member]:
        """All processes, of whatever user; zombies too."""
        return tuple(everyone(_session))

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


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0
