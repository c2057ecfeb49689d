"""All processes of a session: who they are, and how to pause, resume and stop them.

A signal goes to a process known by PID and start time, or to nobody. What cannot be reached is named.
"""

import sys
from collections.abc import Callable, Mapping, Sequence

from supervisor.core.model import Process, Run
from supervisor.system.tree import deeds, kin
from supervisor.system.tree.base import Reached, Stopped
from supervisor.system.tree.deeds import GENTLE_SECONDS, Scope, nobody

if sys.platform == "linux":
    from supervisor.system.tree.linux import System
elif sys.platform == "win32":
    from supervisor.system.tree.windows import System
else:
    from supervisor.system.tree.posix import System

__all__ = ["Reached", "Stopped", "family", "left_behind", "pause", "paused", "resume", "stop"]

#: Whom to leave alone, with all below it: what many sessions share, such as a daemon.
Spare = Callable[[Process], bool]


def family(run: Run) -> Sequence[Run]:
    """This process and all below it, parents first; empty when it is gone. Takes milliseconds."""
    return tuple(member.run for member in kin.family(System().everyone(), run))


def left_behind(run: Run, marks: Mapping[str, str]) -> Sequence[Process]:
    """What has left the family and goes on: reparented, in a session of its own, started by ``nohup``.

    It is known by a session of the family's, or by a variable of *marks* in its environment. A mark
    must never be used twice: an id, not a PID. Works when *run* itself is gone. Takes milliseconds.
    """
    system = System()
    return tuple(map(system.described, Scope(system, run, marks).left_behind()))


async def pause(run: Run, marks: Mapping[str, str], *, spare: Spare = nobody) -> Reached:
    """Stop the whole tree where it stands, what it left behind included; bounded to a few seconds.

    Answers who is stopped now, and who escaped.
    """
    return await deeds.pause(Scope(System(), run, marks, whole=True, spare=spare))


async def resume(run: Run, marks: Mapping[str, str], *, spare: Spare = nobody) -> Reached:
    """Let everybody go on, children first. Answers who was stopped, and who could not be reached."""
    return await deeds.resume(Scope(System(), run, marks, whole=True, spare=spare))


async def stop(
    run: Run,
    marks: Mapping[str, str],
    *,
    whole: bool,
    gentle_seconds: float = GENTLE_SECONDS,
    spare: Spare = nobody,
) -> Stopped:
    """End the tree: ask, wait for *gentle_seconds*, then end by force what is still there.

    *whole*: also what it left behind; otherwise that is only named. What still exists some seconds
    after that is told as failed, a zombie included.
    """
    return await deeds.stop(Scope(System(), run, marks, whole=whole, spare=spare), gentle_seconds)


def paused(run: Run, *, spare: Spare = nobody) -> bool:
    """Whether this process and all below it are stopped; False when it is gone. Takes milliseconds."""
    system = System()
    return system.is_stopped(run) and kin.all_stopped(Scope(system, run, {}, spare=spare).members())
