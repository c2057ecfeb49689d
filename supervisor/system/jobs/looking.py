"""Who came from which session, in one picture of all processes. Takes some milliseconds."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from supervisor import programs
from supervisor.core.model import Offspring, Origin, Process, Run
from supervisor.system.jobs.base import Details
from supervisor.system.tree import kin
from supervisor.system.tree.base import Life, Member, System

#: Seconds by which what a session started may seem older than the session's process.
_SLACK: Final = 1.0
_OURS: Final = (programs.supervisor_command(), programs.nursery_command(), programs.tray_command())


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """By what is told which processes are a session's.

    *marks*: variables that it, and no other, gives to all that it starts; *terminal*: a variable of all
    that was started in its terminal; *leader*: the first process there, whose session of the system is
    the person's own; *spare*: whether a process is no work of its.
    """

    marks: Mapping[str, str]
    terminal: Mapping[str, str]
    leader: Run | None
    spare: Callable[[Process], bool]


@dataclass(frozen=True, slots=True)
class _Claim:
    """Whose a process is, and whether it has left."""

    session_id: str
    left: bool


class Look:
    """One look. Nobody is asked twice."""

    def __init__(
        self, system: System, details: Details, origins: Sequence[Origin], signs: Mapping[str, Signs]
    ) -> None:
        """*signs*: by the id of the session."""
        self._details = details
        self._system = system
        self._origins = origins
        self._signs = signs
        self._names = frozenset(name for one in signs.values() for name in (*one.marks, *one.terminal))
        self._environments: dict[Run, Mapping[str, str]] = {}
        self._everyone = [m for m in system.everyone() if m.life is not Life.ZOMBIE]
        self._roots = {
            o.session_id: next((m for m in self._everyone if kin.is_it(m, o.run) and not o.over), None)
            for o in origins
        }
        serving = {root.run for root in self._roots.values() if root}
        self._others = [m for m in self._everyone if m.run not in serving and m.run.pid != os.getpid()]
        self._served = Counter(o.run for o in origins if not o.over)

    def offspring(self, known: Sequence[tuple[str, Run]]) -> tuple[Offspring, ...]:
        """What came from these sessions and still runs. *known*: whose they are is known already."""
        claims: dict[Run, _Claim] = {}
        stayed: set[Run] = set()
        for origin in self._origins:
            family = self._family(origin)
            stayed.update(member.run for member in family)
            # Whose child it is, is not to be known where one process serves several.
            if self._served[origin.run] == 1:
                claims.update((m.run, _Claim(origin.session_id, left=False)) for m in family[1:])
        for session_id, run in known:
            for member in kin.below(self._others, [m for m in self._others if kin.is_it(m, run)]):
                claims[member.run] = _Claim(session_id, left=member.run not in stayed)
        for origin in self._origins:
            for member in self._left(origin, claims):
                claims.setdefault(member.run, _Claim(origin.session_id, left=member.run not in stayed))
        return tuple(self._described(claims))

    def _family(self, origin: Origin) -> tuple[Member, ...]:
        """The session's process and all below it, but not what serves another session."""
        root = self._roots[origin.session_id]
        return kin.below([*self._others, root], [root]) if root else ()

    def _left(self, origin: Origin, claims: Mapping[Run, _Claim]) -> Iterable[Member]:
        """Who is marked, or in a session of the system that began in this family."""
        root = self._roots[origin.session_id]
        born = [m for m in self._others if m.run.started_at >= origin.run.started_at - _SLACK]
        is_marked = self._is_of(self._signs[origin.session_id])
        if self._served[origin.run] > 1:
            return kin.below(born, filter(is_marked, born))
        inside = [m for m in self._others if (c := claims.get(m.run)) and c.session_id == origin.session_id]
        roots = [root] if root else []
        return kin.left_behind([*born, *roots], origin.run, [*roots, *inside], is_marked)

    def _is_of(self, signs: Signs) -> Callable[[Member], bool]:
        def is_marked(member: Member) -> bool:
            environment = self._environment(member.run)
            told = [environment[name] == value for name, value in signs.marks.items() if name in environment]
            # Another session's mark says more than a terminal that both have been in.
            return any(told) if told else not signs.terminal.items().isdisjoint(environment.items())

        return is_marked

    def _environment(self, run: Run) -> Mapping[str, str]:
        if run not in self._environments:
            self._environments[run] = self._details.environment(run.pid, self._names)
        return self._environments[run]

    # -- in words -------------------------------------------------------------------------------

    def _described(self, claims: Mapping[Run, _Claim]) -> Iterable[Offspring]:
        members = [m for m in self._others if m.run in claims]
        described = {m.run: self._system.described(m) for m in members}
        spared = [m for m in members if self._is_spared(claims[m.run], described[m.run])]
        safe = {member.run for member in kin.below(members, spared)}
        for member in members:
            if member.run not in safe:
                yield self._offspring(member, claims[member.run], described[member.run].argv)

    def _is_spared(self, claim: _Claim, process: Process) -> bool:
        signs = self._signs.get(claim.session_id)
        return _is_ours(process.argv) or (signs is not None and signs.spare(process))

    def _offspring(self, member: Member, claim: _Claim, argv: tuple[str, ...]) -> Offspring:
        use, output = self._details.use(member.run.pid), self._details.output(member.run.pid)
        return Offspring(
            session_id=claim.session_id,
            run=member.run,
            parent_pid=member.parent_pid,
            argv=argv,
            left=claim.left,
            detached=self._is_detached(member, claim.session_id),
            cpu_seconds=use.cpu_seconds,
            memory_bytes=use.memory_bytes,
            output=output.path if output else None,
            output_file=output.file if output else None,
            output_bytes=output.bytes if output else None,
        )

    def _is_detached(self, member: Member, session_id: str) -> bool | None:
        if not member.session:
            return None
        origin = next((o for o in self._origins if o.session_id == session_id), None)
        if origin is None:
            return True
        root, leader = self._roots[session_id], self._signs[session_id].leader
        own = {root.session if root else origin.run.pid, leader.pid if leader else 0}
        return member.session not in own


def _is_ours(argv: Sequence[str]) -> bool:
    return any(list(argv[: len(command)]) == command for command in _OURS)
