"""Which processes of a session are jobs: work that goes on when its turn is over. Looks at nothing itself.

No jobs are the agent's own parts (they share its session of the system, or are known by name), daemons
that stay for everybody's sake, and what a running turn has started and waits for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from supervisor.core import effects, events
from supervisor.core.model import OVER, Job, JobKind, Offspring, Origin, Run, Session, State

#: Seconds from the end of a turn to a look at what it has left.
_AFTER_A_TURN: Final = 1.0
#: Seconds between two looks while jobs run.
_BEAT: Final = 10.0
#: Seconds that a process must have lived: many go on for a moment after they were needed.
_SETTLED: Final = 2.0
#: Jobs of one session that are remembered when they have ended, and for how many seconds.
_REMEMBERED: Final = 20
_REMEMBERED_FOR: Final = 86_400.0
_COMMAND_LENGTH: Final = 500

Amount = TypeVar("Amount", int, float)

_IN_A_TURN: Final = frozenset({State.STARTING, State.WORKING, State.NEEDS_YOU, State.PAUSED})
#: Programs that stay behind for everybody's sake: nobody waits for their end.
_DAEMONS: Final = frozenset(
    {
        *("adb", "at-spi-bus-launcher", "at-spi2-registryd", "bazel", "buck2d", "ccache", "dbus-daemon"),
        *(
            "dbus-launch",
            "dconf-service",
            "dirmngr",
            "docker",
            "dockerd",
            "fsmonitor--daemon",
            "gnome-keyring-d",
        ),
        *(
            "gpg-agent",
            "gvfsd",
            "keyboxd",
            "mspdbsrv",
            "pcscd",
            "podman",
            "pulseaudio",
            "scdaemon",
            "sccache",
        ),
        *("ssh-agent", "ssh-pageant", "systemd", "vctip", "watchman", "xdg-document-portal"),
    }
)
#: Words by which a daemon is known that runs in a common program.
_DAEMON_WORDS: Final = frozenset(
    {"fsmonitor--daemon", "credential-cache--daemon", "git-credential-cache--daemon", "GradleDaemon"}
)
_SHELLS: Final = frozenset({"ash", "bash", "cmd", "dash", "fish", "ksh", "powershell", "pwsh", "sh", "zsh"})
_RUNS_WORDS: Final = re.compile(r"-[a-z]*c|/c|-Command", re.IGNORECASE)
#: Agents wrap a command into one of their shell's own, quoted as a POSIX shell quotes.
_EVALUATED: Final = re.compile(r"\beval '((?:[^']|'\\''|'\"'\"')*)'")


@dataclass(slots=True)
class _Watched:
    """What is known of one session. Owner: ``Jobs``."""

    origin: Origin | None = None
    #: Since when the turn runs that runs now.
    turn_since: float | None = None
    #: When its first turn began, as far as it was seen.
    worked_at: float | None = None
    over: bool = False
    told_running: bool = False


class Jobs:
    """Owns the jobs of all sessions, and when they are looked for."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._watched: dict[str, _Watched] = {}
        self._jobs: dict[str, dict[Run, Job]] = {}
        self._look_at: float | None = None

    def of(self, session_id: str) -> tuple[Job, ...]:
        """The jobs of a session, those that have ended too; oldest first."""
        return tuple(sorted(self._jobs.get(session_id, {}).values(), key=lambda job: job.started_at))

    def running(self, session_id: str) -> tuple[Job, ...]:
        """Those that run."""
        return tuple(job for job in self.of(session_id) if not job.over)

    def any_of(self, pid: int) -> Job | None:
        """The job of whatever session that has this PID: the one that runs, or the last that had it."""
        found = [job for jobs in self._jobs.values() for job in jobs.values() if job.pid == pid]
        return max(found, key=lambda job: (not job.over, job.started_at), default=None)

    def shown(self, session: Session) -> Session:
        """The session with its running jobs."""
        jobs = self.running(session.id)
        return session if jobs == session.jobs else replace(session, jobs=jobs)

    # -- what happens ---------------------------------------------------------------------------

    def restored(self, event: events.Restored) -> list[effects.Effect]:
        """What ran when we were last heard of; whatever has ended since is told at once."""
        wishes: list[effects.Effect] = []
        for session_id in [s.id for s in event.sessions if s.id in event.jobs]:
            for job in event.jobs[session_id]:
                lost = event.rebooted and not job.over
                self._jobs.setdefault(session_id, {})[job.run] = replace(job, over=True) if lost else job
                if lost:
                    wishes.append(effects.KeepJob(session_id, replace(job, over=True)))
                elif not job.over:
                    wishes.append(effects.WatchJob(job.run))
        return wishes

    def handle(self, event: events.Event, wishes: list[effects.Effect]) -> Sequence[str]:
        """Take in what is about jobs; the ids of the sessions that look different now."""
        match event:
            case events.JobsFound():
                return self._found(event, wishes)
            case events.JobEnded():
                return self._ended(event, wishes)
            case events.WaitOver(name="jobs"):
                self._look_at = None
                wishes += self.look()
            case _:
                pass
        return ()

    def look_at(self, session: Session, at: float) -> list[effects.Effect]:
        """It was changed: whether it is time to look what its turn has left."""
        watched = self._watched.setdefault(session.id, _Watched())
        told, over = session.jobs_running, session.state in OVER
        news = watched.told_running != told or (over and not watched.over and watched.origin is not None)
        if session.run and (watched.origin is None or watched.origin.run != session.run):
            news = True
        if session.run:
            watched.origin = Origin(
                session_id=session.id, agent=session.agent, run=session.run, terminal=session.terminal
            )
        watched.told_running, watched.over = told, over
        news = self._turn(watched, session) or news
        return self._soon(at, _AFTER_A_TURN) if news and self._origins() else []

    def _turn(self, watched: _Watched, session: Session) -> bool:
        """Note where its turn stands; whether one has just ended."""
        in_turn = session.state in _IN_A_TURN
        ended = watched.turn_since is not None and not in_turn
        if not in_turn:
            watched.turn_since = None
        elif watched.turn_since is None:
            watched.turn_since = session.since
            watched.worked_at = watched.worked_at or session.since
        return ended

    def look(self) -> list[effects.Effect]:
        """Look at everything that may have a job."""
        known = tuple((i, job.run) for i in self._jobs for job in self.running(i))
        origins = self._origins()
        return [effects.LookAtJobs(origins, known)] if origins or known else []

    def forget(self, session_id: str) -> list[effects.Effect]:
        """It has left the list: nobody is told of its jobs any more."""
        self._watched.pop(session_id, None)
        jobs = self._jobs.pop(session_id, {}).values()
        return [effects.KeepJob(session_id, replace(job, over=True)) for job in jobs if not job.over]

    def has_running(self, session_id: str) -> bool:
        """Whether a job of this session runs."""
        return any(not job.over for job in self._jobs.get(session_id, {}).values())

    def _origins(self) -> tuple[Origin, ...]:
        known = (watched for watched in self._watched.values() if watched.origin)
        return tuple(replace(w.origin, over=w.over) for w in known if w.origin)

    def _soon(self, at: float, seconds: float) -> list[effects.Effect]:
        if self._look_at is not None and at <= self._look_at <= at + seconds:
            return []
        self._look_at = at + seconds
        return [effects.Wait("jobs", seconds)]

    # -- what was found -------------------------------------------------------------------------

    def _found(self, event: events.JobsFound, wishes: list[effects.Effect]) -> Sequence[str]:
        of: dict[str, list[Offspring]] = {}
        for one in event.found:
            of.setdefault(one.session_id, []).append(one)
        touched: set[str] = set()
        young: set[str] = set()
        for session_id, found in of.items():
            changed, too_young = self._take_in(session_id, found, event.at, wishes)
            if too_young:
                young.add(session_id)
            if changed:
                touched.add(session_id)
        for origin in event.origins:
            if origin.session_id not in young:
                self._let_go(origin)
        if young:
            wishes += self._soon(event.at, _SETTLED)
        elif any(self.has_running(session_id) for session_id in self._jobs):
            wishes += self._soon(event.at, _BEAT)
        return tuple(touched)

    def _let_go(self, origin: Origin) -> None:
        """A session that is over and has left nothing need not be looked at again."""
        watched = self._watched.get(origin.session_id)
        same = watched and watched.over and watched.origin and watched.origin.run == origin.run
        if watched and same and origin.over and not self.has_running(origin.session_id):
            watched.origin = None

    def _take_in(
        self, session_id: str, found: Sequence[Offspring], at: float, wishes: list[effects.Effect]
    ) -> tuple[bool, bool]:
        """Whether a job is new or another than before, and whether one may become one soon."""
        known = self._jobs.setdefault(session_id, {})
        watched = self._watched.get(session_id) or _Watched()
        young, changed = False, False
        for root in _roots(found, watched, known):
            before = known.get(root.run)
            if before is None and root.run.started_at > at - _SETTLED:
                young = True
                continue
            job = _measured(root, found, before)
            known[job.run] = job
            if job != before:
                changed = True
                wishes += [effects.KeepJob(session_id, job), effects.Publish("job", session_id, job)]
            if before is None:
                wishes.append(effects.WatchJob(job.run))
        return changed, young

    def _ended(self, event: events.JobEnded, wishes: list[effects.Effect]) -> Sequence[str]:
        touched = []
        for session_id, jobs in self._jobs.items():
            job = jobs.get(event.run)
            if job is None or job.over:
                continue
            job = replace(job, over=True, ended_at=event.at, exit_status=event.exit_status)
            jobs[job.run] = job
            touched.append(session_id)
            wishes += [effects.KeepJob(session_id, job), effects.Publish("job", session_id, job)]
            self._tidy(jobs, event.at)
            # What it was for may go on below another process.
            wishes += self._soon(event.at, _AFTER_A_TURN)
        return touched

    def _tidy(self, jobs: dict[Run, Job], at: float) -> None:
        over = sorted((job for job in jobs.values() if job.over), key=lambda job: job.ended_at or 0.0)
        for job in over:
            if (job.ended_at or 0.0) < at - _REMEMBERED_FOR or job in over[:-_REMEMBERED]:
                del jobs[job.run]


def _roots(found: Sequence[Offspring], watched: _Watched, known: Mapping[Run, Job]) -> Iterable[Offspring]:
    """The first process of each job."""
    daemons = _below([one for one in found if _is_daemon(one)], found)
    work = [one for one in found if one.run not in daemons]
    jobs = {one.run.pid: one for one in work if one.run in known or _is_job(one, watched)}
    for one in jobs.values():
        parent = jobs.get(one.parent_pid)
        if one.run in known or parent is None or parent.run.started_at > one.run.started_at:
            yield one


def _is_job(one: Offspring, watched: _Watched) -> bool:
    is_agents_own = one.detached is False and watched.origin is not None and watched.origin.agent != "plain"
    if is_agents_own:
        return False
    if one.left:
        return True
    if watched.turn_since is not None:
        return one.detached is True and one.run.started_at < watched.turn_since
    if one.detached is None:
        # Nothing tells an agent's own parts but that they come with it, before it is asked for anything.
        return watched.worked_at is not None and one.run.started_at > watched.worked_at
    return one.detached


def _is_daemon(one: Offspring) -> bool:
    return _program(one.argv) in _DAEMONS or any(word in _DAEMON_WORDS for word in one.argv[:12])


def _below(tops: Iterable[Offspring], found: Sequence[Offspring]) -> frozenset[Run]:
    """These, and all that descend from them."""
    inside = {one.run for one in tops}
    pids = {run.pid for run in inside}
    while more := [one for one in found if one.parent_pid in pids and one.run not in inside]:
        inside.update(one.run for one in more)
        pids.update(one.run.pid for one in more)
    return frozenset(inside)


def _measured(root: Offspring, found: Sequence[Offspring], before: Job | None) -> Job:
    """The job as it is now: with all that its processes use together."""
    inside = _below([root], found)
    members = [one for one in found if one.run in inside]
    kind = JobKind.PROCESS if root.left else JobKind.AGENT
    return Job(
        pid=root.run.pid,
        started_at=root.run.started_at,
        command=before.command if before else command_of(root.argv),
        kind=before.kind if before else kind,
        output=root.output or (before.output if before else None),
        output_file=root.output_file or (before.output_file if before else None),
        output_bytes=root.output_bytes,
        cpu_seconds=_total(one.cpu_seconds for one in members),
        memory_bytes=_total(one.memory_bytes for one in members),
    )


def _total(values: Iterable[Amount | None]) -> Amount | None:
    known = [value for value in values if value is not None]
    return sum(known[1:], start=known[0]) if known else None


def command_of(words: Sequence[str]) -> str:
    """What runs, in one line: where a shell only carries it, what the shell was told."""
    script = _told_to_a_shell(words) if _program(words) in _SHELLS else None
    if script is not None:
        evaluated = _EVALUATED.search(script)
        return _line(_unquoted(evaluated[1]) if evaluated else script)
    return _line(" ".join(words)) or "?"


def _told_to_a_shell(words: Sequence[str]) -> str | None:
    """The command that a shell was started with; ``None`` where it runs a file, or talks to a person."""
    for place, word in enumerate(words[1:-1], start=1):
        if _RUNS_WORDS.fullmatch(word):
            return next((told for told in words[place + 1 :] if not told.startswith("-")), words[-1])
        if not word.startswith(("-", "/")):
            return None
    return None


def _unquoted(text: str) -> str:
    return text.replace("'\\''", "'").replace("'\"'\"'", "'")


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _COMMAND_LENGTH else line[: _COMMAND_LENGTH - 1] + "…"


def _program(argv: Sequence[str]) -> str:
    name = re.split(r"[/\\]", argv[0])[-1] if argv else ""
    return name.removeprefix("-").removesuffix(".exe")
