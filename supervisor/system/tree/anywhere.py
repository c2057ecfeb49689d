"""What psutil tells of processes, the same on all systems but Linux."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import psutil

from supervisor.core.model import Process, Run
from supervisor.system.processes.family import same_start
from supervisor.system.tree.base import Life, Member

#: What a process may answer when it dies, or is not ours to ask.
NO_ANSWER: Final = (psutil.Error, OSError, ValueError)
LIVES: Final = {
    psutil.STATUS_STOPPED: Life.STOPPED,
    psutil.STATUS_TRACING_STOP: Life.STOPPED,
    psutil.STATUS_ZOMBIE: Life.ZOMBIE,
}


class Told:
    """The part of a system that only looks."""

    def is_stopped(self, run: Run) -> bool:
        """Whether this very process is stopped."""
        try:
            process = psutil.Process(run.pid)
            return is_it(process, run) and LIVES.get(process.status()) is Life.STOPPED
        except NO_ANSWER:
            return False

    def carries(self, run: Run, marks: Mapping[str, str]) -> bool:
        """Whether one of these variables, with this value, is in its environment."""
        if not marks:
            return False
        try:
            return not marks.items().isdisjoint(psutil.Process(run.pid).environ().items())
        except NO_ANSWER:
            return False

    def described(self, member: Member) -> Process:
        """The same process in words for people, as far as they may be known."""
        argv: tuple[str, ...] = ()
        cwd: str | None = None
        try:
            process = psutil.Process(member.run.pid)
            if is_it(process, member.run):
                argv = (process.name(),)
                argv = tuple(process.cmdline()) or argv
                cwd = process.cwd() or None
        except NO_ANSWER:
            pass
        return Process(run=member.run, parent_pid=member.parent_pid, argv=argv, cwd=cwd)


def is_it(process: psutil.Process, run: Run) -> bool:
    """Whether this is that very process. Raises what ``NO_ANSWER`` holds."""
    return same_start(process.create_time(), run.started_at)


def everyone(session: Callable[[int], int]) -> Iterator[Member]:
    """All processes, of whatever user. *session*: that of a PID; 0 where there is none."""
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                yield Member(
                    run=Run(process.pid, process.create_time()),
                    parent_pid=process.ppid(),
                    session=session(process.pid),
                    life=LIVES.get(process.status(), Life.RUNS),
                )
        except NO_ANSWER:
            continue
