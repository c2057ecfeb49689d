"""Processes as psutil tells them, on any system."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from supervisor.core.model import Process, Run
from supervisor.system.processes import sockets
from supervisor.system.processes.family import descendants, same_start

#: What a process may answer when it dies, or is not ours to ask.
_NO_ANSWER = (psutil.Error, OSError, ValueError)


class Processes:
    """This user's processes; with *below*, only the descendants of that PID."""

    def __init__(self, below: int | None = None) -> None:
        """Look as the user that we run as."""
        self._below = below
        self._user = psutil.Process().username()

    def running(self) -> Sequence[Process]:
        """All processes in view, in no order; zombies are dead."""
        everyone = tuple(self._everyone())
        return everyone if self._below is None else descendants(everyone, self._below)

    def find(self, pid: int) -> Process | None:
        """One process, or ``None`` when it is gone or out of view."""
        try:
            process = psutil.Process(pid)
        except _NO_ANSWER:
            return None
        return self._described(process) if self._in_view(pid) else None

    def alive(self, run: Run) -> bool:
        """Whether this very process still runs: a reused PID or a zombie is not it."""
        started_at = self.started_at(run.pid)
        return started_at is not None and same_start(started_at, run.started_at)

    def started_at(self, pid: int) -> float | None:
        """When this process started, in seconds since 1970; ``None`` when it is dead."""
        try:
            process = psutil.Process(pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
        except _NO_ANSWER:
            return None

    def environment(self, pid: int) -> Mapping[str, str]:
        """Its environment at its start; empty when it may not be known."""
        if self.find(pid) is None:
            return {}
        try:
            return psutil.Process(pid).environ()
        except _NO_ANSWER:
            return {}

    def listening(self, pid: int) -> Sequence[tuple[str, int]]:
        """Addresses and ports of TCP on which it listens; empty when that may not be known."""
        return sockets.listening(pid) if self.find(pid) else ()

    def lock_owner(self, path: Path) -> int | None:
        """The PID in view that holds a lock on this file, or ``None``.

        These systems do not tell who locked a file: it is the first process that has it open.
        """
        wanted = os.path.normcase(os.path.realpath(path))
        return next((p.run.pid for p in self.running() if wanted in _open_files(p.run.pid)), None)

    def ancestors(self, pid: int) -> Sequence[Run]:
        """Its parent, the parent of that, and so on, whoever they belong to; *below* does not matter."""
        try:
            return tuple(Run(p.pid, p.create_time()) for p in psutil.Process(pid).parents())
        except _NO_ANSWER:
            return ()

    def _everyone(self) -> Iterator[Process]:
        for process in psutil.process_iter():
            if described := self._described(process):
                yield described

    def _described(self, process: psutil.Process) -> Process | None:
        try:
            with process.oneshot():
                if process.username() != self._user or process.status() == psutil.STATUS_ZOMBIE:
                    return None
                run = Run(process.pid, process.create_time())
                return Process(
                    run=run, parent_pid=process.ppid(), argv=tuple(process.cmdline()), cwd=_cwd(process)
                )
        except _NO_ANSWER:
            return None

    def _in_view(self, pid: int) -> bool:
        return self._below is None or any(run.pid == self._below for run in self.ancestors(pid))


def booted_at() -> float:
    """Nothing to count from: these systems tell the start of a process as it was told when it began."""
    return 0.0


def _cwd(process: psutil.Process) -> str | None:
    try:
        return process.cwd() or None
    except _NO_ANSWER:
        return None


def _open_files(pid: int) -> frozenset[str]:
    try:
        return frozenset(os.path.normcase(file.path) for file in psutil.Process(pid).open_files())
    except _NO_ANSWER:
        return frozenset()
