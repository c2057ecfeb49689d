"""Whether a process was started, however indirectly, by an agent of one of our sessions.

This deters an agent from letting itself in; whoever runs as the same user cannot be contained.
"""

from collections.abc import Iterable

import psutil

from supervisor.core.model import Run

#: Two readings of one process's start may differ in the last digits.
_SAME_START = 1.0


def descends(pid: int, runs: Iterable[Run]) -> bool:
    """Whether one of these runs is an ancestor of *pid*, or *pid* itself. A vanished process: yes."""
    started = {run.pid: run.started_at for run in runs}
    if not started:
        return False
    try:
        process = psutil.Process(pid)
        line = [process, *process.parents()]
        return any(
            one.pid in started and abs(one.create_time() - started[one.pid]) < _SAME_START for one in line
        )
    except psutil.Error:
        return True
