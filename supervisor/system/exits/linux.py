"""The end of a process by its pidfd."""

import sys

assert sys.platform == "linux"

import asyncio
import errno
import os
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
        watched = os.pidfd_open(run.pid)
    except OSError as error:
        if error.errno in (errno.ESRCH, errno.EINVAL):
            loop.call_soon(once)
        else:
            ask_again(loop, once, Processes().alive)
        return once.stop

    def let_go() -> None:
        loop.remove_reader(watched)
        os.close(watched)

    once.let_go = let_go
    loop.add_reader(watched, once)
    # Asked after opening: only now does the descriptor prove that the PID stays with this process.
    if not Processes().alive(run):
        loop.call_soon(once)
    return once.stop
