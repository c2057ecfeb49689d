"""What holds for processes of every system: who descends from whom, and when two starts are one."""

from collections.abc import Mapping, Sequence

from supervisor.core.model import Process

#: Systems count starts in ticks of 1/100 s or finer; half a tick more allows for rounding.
_TOLERANCE_SECONDS = 0.015


def same_start(one: float, other: float) -> bool:
    """Whether two start times are the same moment, told twice."""
    return abs(one - other) <= _TOLERANCE_SECONDS


def descendants(everyone: Sequence[Process], top: int) -> tuple[Process, ...]:
    """All below process *top*, without itself."""
    parents = {process.run.pid: process.parent_pid for process in everyone}
    inside = {top: True}
    return tuple(p for p in everyone if p.run.pid != top and _below(p.run.pid, parents, inside))


def _below(pid: int, parents: Mapping[int, int], inside: dict[int, bool]) -> bool:
    """Walk up until the answer is known, and remember it for everyone passed on the way."""
    walked: list[int] = []
    while pid not in inside:
        inside[pid] = False
        walked.append(pid)
        pid = parents.get(pid, pid)
    inside.update(dict.fromkeys(walked, inside[pid]))
    return inside[pid]
