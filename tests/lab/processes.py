"""The processes that a test started, and no others, as agents' modules ask for them."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from supervisor.core.model import Process, Run
from supervisor.system.processes import sockets


class Below:
    """All processes below one process (this one, unless told), which itself is not in view."""

    def __init__(self, pid: int | None = None) -> None:
        """Look below *pid*."""
        self._root = psutil.Process(pid)

    def running(self) -> Sequence[Process]:
        """All of them now."""
        found = (described(process) for process in self._root.children(recursive=True))
        return [process for process in found if process is not None]

    def find(self, pid: int) -> Process | None:
        """One of them, or None."""
        return next((process for process in self.running() if process.run.pid == pid), None)

    def alive(self, run: Run) -> bool:
        """Whether this very process still runs."""
        found = self.find(run.pid)
        return found is not None and abs(found.run.started_at - run.started_at) < 0.05

    def environment(self, pid: int) -> Mapping[str, str]:
        """Its environment at its start."""
        try:
            return psutil.Process(pid).environ()
        except psutil.Error:
            return {}

    def listening(self, pid: int) -> Sequence[tuple[str, int]]:
        """Where it listens."""
        return sockets.listening(pid)

    def lock_owner(self, path: Path) -> int | None:
        """Who holds a lock on a file, where the system says it in a file (Linux)."""
        if sys.platform != "linux":
            return None
        try:
            status, locks = path.stat(), Path("/proc/locks").read_text()
        except OSError:
            return None
        device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        lines = (line.split() for line in locks.splitlines())
        return next((int(fields[-4]) for fields in lines if fields[-3] == device), None)


def described(process: psutil.Process) -> Process | None:
    """One process in our words, or None when it is gone meanwhile or only waits to be buried."""
    try:
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            run, argv = Run(process.pid, process.create_time()), tuple(process.cmdline())
            return Process(run=run, parent_pid=process.ppid(), argv=argv, cwd=process.cwd())
    except psutil.Error:
        return None
