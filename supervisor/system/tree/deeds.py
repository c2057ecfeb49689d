"""Pausing, resuming and stopping a whole tree while it changes. Blocking looks run in a thread."""

import asyncio
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from supervisor import programs
from supervisor.core.model import Process, Run
from supervisor.system.exits import watch_exit
from supervisor.system.tree import kin
from supervisor.system.tree.base import Act, Life, Member, Reached, Sent, Stopped, System

#: How long a tree that was asked to end may take.
GENTLE_SECONDS: Final = 5.0
#: A tree that makes new processes faster than they can be stopped gets away after so long.
_CHASE_SECONDS: Final = 2.0
#: How long the kernel may take to end what was killed, and somebody to collect it.
_SURELY_SECONDS: Final = 3.0
#: Between two looks at a tree: at first, and later on.
_SOON: Final = 0.01
_NOW_AND_THEN: Final = 0.2

_OURS: Final = (programs.supervisor_command(), programs.nursery_command(), programs.tray_command())


def nobody(_process: Process) -> bool:
    """Nobody is spared."""
    return False


class Scope:
    """Which processes are meant, at any moment. Remembers whom it has seen: parents may die first.

    Never ourselves, nor programs of ours that were started from within a session: others live by them.
    """

    def __init__(
        self,
        system: System,
        run: Run,
        marks: Mapping[str, str],
        *,
        whole: bool = False,
        spare: Callable[[Process], bool] = nobody,
    ) -> None:
        """See ``tree.stop``."""
        self.system = system
        self.run = run
        self._marks = marks
        self._whole = whole
        self._spare = spare
        self._seen: set[Run] = set()

    @property
    def seen(self) -> AbstractSet[Run]:
        """Everybody who was ever meant."""
        return self._seen

    def members(self) -> Sequence[Member]:
        """Who is meant now, parents first; zombies too."""
        everyone = self.system.everyone()
        found = self._family(everyone)
        if self._whole:
            found = (*found, *self._left_behind(everyone, found))
        self._seen.update(member.run for member in found)
        return found

    def left_behind(self) -> Sequence[Member]:
        """Who has left the family and goes on, whether meant or not."""
        everyone = self.system.everyone()
        return [m for m in self._left_behind(everyone, self._family(everyone)) if m.life is not Life.ZOMBIE]

    def _family(self, everyone: Sequence[Member]) -> tuple[Member, ...]:
        tops = [m for m in everyone if m.run in self._seen or kin.is_it(m, self.run)]
        found = [m for m in kin.below(everyone, tops) if m.run.pid != os.getpid()]
        if self._spare is nobody:
            return tuple(found)
        # Who starts what many sessions share is its parent for as long as he lives.
        spared = [m for m in found if not kin.is_it(m, self.run) and self._spare(self.system.described(m))]
        safe = {member.run for member in kin.below(everyone, spared)}
        return tuple(member for member in found if member.run not in safe)

    def _left_behind(self, everyone: Sequence[Member], inside: Collection[Member]) -> tuple[Member, ...]:
        found = kin.left_behind(everyone, self.run, inside, self._is_marked)
        spared = [member for member in found if self._is_spared(member)]
        safe = {member.run for member in kin.below(everyone, spared)}
        return tuple(member for member in found if member.run not in safe)

    def _is_marked(self, member: Member) -> bool:
        return member.life is not Life.ZOMBIE and self.system.carries(member.run, self._marks)

    def _is_spared(self, member: Member) -> bool:
        process = self.system.described(member)
        return member.run.pid == os.getpid() or _is_ours(process.argv) or self._spare(process)


async def pause(scope: Scope) -> Reached:
    """See ``tree.pause``."""
    ends = time.monotonic() + _CHASE_SECONDS
    members = await _chase(scope, ends)
    stopped = tuple(member.run for member in members if member.life is Life.STOPPED)
    return Reached(runs=stopped, escaped=_described(scope, [m for m in members if m.life is Life.RUNS]))


async def _chase(scope: Scope, ends: float) -> Sequence[Member]:
    """Stop everybody, again and again until nobody new is there; who is there at the end."""
    quiet_before = False
    refused: set[Run] = set()
    while True:
        members, new = await asyncio.to_thread(_halt, scope, refused)
        quiet = not any(m.life is Life.RUNS and m.run not in refused for m in members)
        # Twice: whoever was seen stopped in the first look can have had no child since.
        if (quiet and quiet_before) or time.monotonic() >= ends:
            return members
        quiet_before = quiet
        if not new:
            await asyncio.sleep(_SOON)


def _halt(scope: Scope, refused: set[Run]) -> tuple[Sequence[Member], bool]:
    """One look; parents first, so that none of them sees its children stop. Whether anybody was new."""
    before = set(scope.seen)
    members = scope.members()
    for member in members:
        if member.life is Life.RUNS and scope.system.do(member.run, Act.PAUSE) is Sent.REFUSED:
            refused.add(member.run)
    return members, not before.issuperset(scope.seen)


async def resume(scope: Scope) -> Reached:
    """See ``tree.resume``."""
    reached, refused = await asyncio.to_thread(_let_go, scope)
    # Whoever goes on may have had a child before it was stopped, that was stopped after the first look.
    more, still = await asyncio.to_thread(_let_go, scope)
    runs = dict.fromkeys((*reached, *more))
    return Reached(
        runs=tuple(runs), escaped=_described(scope, {m.run: m for m in (*refused, *still)}.values())
    )


def _let_go(scope: Scope) -> tuple[Sequence[Run], Sequence[Member]]:
    reached, refused = [], []
    for member in reversed(scope.members()):
        if member.life is Life.STOPPED:
            match scope.system.do(member.run, Act.RESUME):
                case Sent.DONE:
                    reached.append(member.run)
                case Sent.REFUSED:
                    refused.append(member)
                case Sent.GONE:
                    pass
    return reached, refused


async def stop(scope: Scope, gentle_seconds: float) -> Stopped:
    """See ``tree.stop``."""
    ends = time.monotonic() + gentle_seconds
    aside = await asyncio.to_thread(scope.left_behind)
    if await asyncio.to_thread(_ask_first, scope, Act.ASK):
        # Shells do not end by being asked. Agents do, and a second word would make them hurry.
        ended = await _first_ended(scope, gentle_seconds / 2)
        if not ended and await asyncio.to_thread(_ask_first, scope, Act.HANG_UP):
            await _first_ended(scope, ends - time.monotonic())
    if await asyncio.to_thread(_ask_others, scope):
        await _all_gone(scope, ends)
    await _end_by_force(scope, time.monotonic() + _CHASE_SECONDS + _SURELY_SECONDS)
    return await asyncio.to_thread(_outcome, scope, aside)


def _ask_first(scope: Scope, act: Act) -> bool:
    """Tell the first process, and wake whoever is stopped to hear it; whether it was told."""
    members = scope.members()
    told = _tell(scope, [member for member in members if kin.is_it(member, scope.run)], act)
    _wake(scope, members)
    return told


def _ask_others(scope: Scope) -> bool:
    """Tell everybody but the first, who knows; whether anybody was told."""
    members = scope.members()
    told = _tell(scope, [member for member in members if not kin.is_it(member, scope.run)], Act.ASK)
    _wake(scope, members)
    return told


def _tell_everybody(scope: Scope, act: Act) -> bool:
    return _tell(scope, scope.members(), act)


def _tell(scope: Scope, members: Sequence[Member], act: Act) -> bool:
    answers = [scope.system.do(member.run, act) for member in members if member.life is not Life.ZOMBIE]
    return Sent.DONE in answers


def _wake(scope: Scope, members: Sequence[Member]) -> None:
    for member in reversed(members):
        if member.life is Life.STOPPED:
            scope.system.do(member.run, Act.RESUME)


async def _first_ended(scope: Scope, seconds: float) -> bool:
    """Wait for the end of the first process, and see meanwhile which others it starts."""
    ended = asyncio.Event()
    enough = watch_exit(scope.run, lambda _run: ended.set())
    ends = time.monotonic() + seconds
    try:
        while not ended.is_set() and (left := ends - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(ended.wait(), min(left, _NOW_AND_THEN))
            except TimeoutError:
                await asyncio.to_thread(scope.members)
    finally:
        enough()
    return ended.is_set()


async def _end_by_force(scope: Scope, ends: float) -> None:
    """Stop them first: what stands still starts nothing new, and all of it is known when it ends."""
    while not await _all_gone(scope, 0.0) and time.monotonic() < ends:
        await _chase(scope, min(ends, time.monotonic() + _CHASE_SECONDS))
        await asyncio.to_thread(_tell_everybody, scope, Act.KILL)
        # Again from the beginning only if some got away meanwhile; the others take their time to end.
        await _all_gone(scope, min(ends, time.monotonic() + _SURELY_SECONDS / 2))


async def _all_gone(scope: Scope, ends: float) -> bool:
    """Look until nobody is there any more; whether that came in time."""
    pause = _SOON
    while await asyncio.to_thread(scope.members):
        if time.monotonic() >= ends:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, _NOW_AND_THEN)
    return True


def _outcome(scope: Scope, aside: Collection[Member]) -> Stopped:
    """*aside*: what had been left behind before; the sessions that it was known by may be gone."""
    failed = [member.run for member in scope.members()]
    everyone = {m.run: m for m in scope.system.everyone() if m.life is not Life.ZOMBIE}
    left = dict.fromkeys(m.run for m in (*aside, *scope.left_behind()))
    return Stopped(
        ended=tuple(sorted(scope.seen - set(failed))),
        left=_described(scope, [everyone[r] for r in left if r in everyone and r not in scope.seen]),
        failed=tuple(failed),
    )


def _described(scope: Scope, members: Collection[Member]) -> tuple[Process, ...]:
    return tuple(map(scope.system.described, members))


def _is_ours(argv: Sequence[str]) -> bool:
    return any(list(argv[: len(command)]) == command for command in _OURS)
