"""Processes as a test wants an agent to see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.core.model import Process, Run


@dataclass
class FewProcesses:
    """The processes of one test, with the locks that they hold and their environments by PID."""

    processes: Sequence[Process] = ()
    locks: Mapping[Path, int] = field(default_factory=dict)
    environments: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    doors: Mapping[int, Sequence[tuple[str, int]]] = field(default_factory=dict)

    def running(self) -> Sequence[Process]:
        """All of them."""
        return self.processes

    def find(self, pid: int) -> Process | None:
        """One of them."""
        return next((process for process in self.processes if process.run.pid == pid), None)

    def alive(self, run: Run) -> bool:
        """Whether it is one of them."""
        return any(process.run == run for process in self.processes)

    def environment(self, pid: int) -> Mapping[str, str]:
        """What the test gave it."""
        return self.environments.get(pid, {})

    def listening(self, pid: int) -> Sequence[tuple[str, int]]:
        """Where it listens, as the test says."""
        return self.doors.get(pid, ())

    def lock_owner(self, path: Path) -> int | None:
        """Who holds this lock."""
        return self.locks.get(path)


#: Above what any system gives out: no real process is ever mistaken for it.
PID = 4_999_999
STARTED = 1_795_284_855.0


def process(*argv: str, pid: int = PID, parent: int = 1, started_at: float = STARTED) -> Process:
    """A process of a test, in the project of somebody."""
    return Process(run=Run(pid, started_at), parent_pid=parent, argv=argv, cwd="/home/me/project")


def world(*processes: Process) -> FewProcesses:
    """These processes and no others."""
    return FewProcesses(processes)
