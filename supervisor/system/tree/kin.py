"""Who belongs to whom, in one picture of all processes. Asks nobody."""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Sequence

from supervisor.core.model import Run
from supervisor.system.processes.family import same_start
from supervisor.system.tree.base import Life, Member


def family(everyone: Sequence[Member], run: Run) -> tuple[Member, ...]:
    """This process and all below it, parents before their children; empty when it is gone."""
    return below(everyone, [member for member in everyone if is_it(member, run)])


def below(everyone: Sequence[Member], tops: Iterable[Member]) -> tuple[Member, ...]:
    """*tops* and all below them, parents before their children."""
    children: defaultdict[int, list[Member]] = defaultdict(list)
    for member in everyone:
        children[member.parent_pid].append(member)
    found: dict[Run, Member] = {}
    waiting = deque(tops)
    while waiting:
        member = waiting.popleft()
        if member.run in found:
            continue
        found[member.run] = member
        waiting.extend(child for child in children[member.run.pid] if _may_descend(child, member))
    return tuple(found.values())


def left_behind(
    everyone: Sequence[Member], run: Run, inside: Collection[Member], is_marked: Callable[[Member], bool]
) -> tuple[Member, ...]:
    """Those outside *inside* that are in one of its sessions or marked, and all that follow from them."""
    known = {member.run for member in inside}
    sessions = _sessions(everyone, run, inside)
    seeds = [m for m in everyone if m.run not in known and (m.session in sessions or is_marked(m))]
    found: dict[Run, Member] = {}
    while seeds:
        new = [m for m in below(everyone, seeds) if m.run not in known and m.run not in found]
        found.update((member.run, member) for member in new)
        sessions = _led(new)
        seeds = [m for m in everyone if m.session in sessions and m.run not in known and m.run not in found]
    return tuple(found.values())


def all_stopped(members: Collection[Member]) -> bool:
    """Whether there are some, and none of them runs."""
    return bool(members) and not any(member.life is Life.RUNS for member in members)


def is_it(member: Member, run: Run) -> bool:
    """Whether this is that very process."""
    return member.run.pid == run.pid and same_start(member.run.started_at, run.started_at)


def _may_descend(child: Member, parent: Member) -> bool:
    """No child is older than its parent: that one has the PID of a parent that died."""
    return child.run.started_at >= parent.run.started_at or same_start(
        child.run.started_at, parent.run.started_at
    )


def _sessions(everyone: Sequence[Member], run: Run, inside: Collection[Member]) -> Collection[int]:
    """The sessions that began in this family: whatever is in them came from it.

    The one that its first process was born into is the user's shell's, unless it leads it. While
    anybody is in a session, its number is given to no new process: where nobody has the PID of a
    dead *run*, what is in the session of that number is its own.
    """
    first = next((member for member in inside if is_it(member, run)), None)
    if first is None:
        return _led(inside) if any(m.run.pid == run.pid for m in everyone) else {run.pid} | _led(inside)
    found = {member.session for member in inside} - {0}
    return found if first.session == run.pid else found - {first.session}


def _led(members: Iterable[Member]) -> set[int]:
    return {member.run.pid for member in members if member.session == member.run.pid}
