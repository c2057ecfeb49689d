"""The end of a process by a kernel queue."""

import sys

assert sys.platform == "darwin"

import asyncio
import select
from collections.abc import Callable

from supervisor.core.model import Run
from supervisor.system.exits.once import Once, ask_again
from supervisor.system.processes import Processes


def watch_exit(run: Run, tell: Callable[[Run], None]) -> Callable[[], None]:
    """Call *tell* once, from the running loop, when *run* has ended; returns how to stop watching.

    A run that is already gone (its PID may be another's by now) is told at once: in the loop's
    next round. Where the system has no way left to tell (no file descriptors), it is asked now and then.
    """
    loop = asyncio.get_running_loop()
    once = Once(run, tell)
    try:
        queue = select.kqueue()
    except OSError:
        ask_again(loop, once, Processes().alive)
        return once.stop

    def let_go() -> None:
        loop.remove_reader(queue.fileno())
        queue.close()

    once.let_go = let_go
    loop.add_reader(queue.fileno(), once)
    # Asked after the watch began: a PID that changed hands before is seen here, an end since by the queue.
    if not _watches(queue, run.pid) or not Processes().alive(run):
        loop.call_soon(once)
    return once.stop


def _watches(queue: select.kqueue, pid: int) -> bool:
    wish = select.kevent(
        pid,
        filter=select.KQ_FILTER_PROC,
        flags=select.KQ_EV_ADD | select.KQ_EV_ONESHOT,
        fflags=select.KQ_NOTE_EXIT,
    )
    try:
        queue.control([wish], 0)
    except OSError:
        return False
    return True
