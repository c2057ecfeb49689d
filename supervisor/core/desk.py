"""All sessions together: one event in, effects out.

The desk owns the sessions. It never asks anybody anything: whatever it must know comes in as an
event, whatever it wants goes out as an effect, and everything is decided before anything is done.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeGuard

from supervisor.core import effects, events, pictures
from supervisor.core.failing import Cause
from supervisor.core.helm import Helm
from supervisor.core.jobs import Jobs
from supervisor.core.keeper import Keeper
from supervisor.core.model import (
    OVER,
    EntryKind,
    Job,
    Kind,
    Record,
    Resume,
    Role,
    Run,
    Session,
    Sighting,
    Sign,
    State,
)
from supervisor.core.notices import Notices
from supervisor.core.rescue import Rescue
from supervisor.core.session import Trigger, by_sign, step
from supervisor.core.titles import of_prompt

#: What a turn looks like that was not brought to its end.
_UNFINISHED: Final = frozenset({Sign.WORKING, Sign.ASKING, Sign.FAILED})
_TIDY_EVERY: Final = 3600.0
#: Entries are told at once; what they change in the picture of their session, once in so many seconds.
_RETELL_AFTER: Final = 1.0
#: Seconds within which a holder tells how its command ended, after that was seen.
_TOLD_WITHIN: Final = 5.0
#: Seconds within which a machine that is shut down asks all its processes to end.
_SHUTDOWN: Final = 30.0
_IN_A_TURN: Final = frozenset({State.WORKING, State.NEEDS_YOU, State.CUT_OFF})
#: Hang-up, interrupt, terminate: signals by which a user ends a command.
_ASKED_TO_END: Final = frozenset({1, 2, 15})
#: How agents end that were left, or asked to end by one of these.
_LEFT_BY_KEY: Final = frozenset({0, 130, -2})
_LEFT_BY_USER: Final = frozenset({0, *(128 + n for n in _ASKED_TO_END), *(-n for n in _ASKED_TO_END)})

ResumeBy = Callable[[str, str, str | None], Resume | None]


@dataclass(slots=True)
class _Notes:
    """What the desk remembers beside a session. Owner: the desk."""

    #: The agent itself tells the state of the turn; its transcript then only tells of failures.
    told: bool = False
    followed: bool = False
    #: The last sign in the transcript.
    written: Sign | None = None
    branch_asked: str | None = None
    #: Whoever uses it has ended it, or is about to.
    ended_by_user: bool = False
    ended_by: Cause | None = None
    killed_by: Cause | None = None


class Desk:
    """Decides what every event means for all sessions. Not thread-safe: it lives on the loop."""

    def __init__(
        self,
        *,
        keeper: Keeper,
        resume: ResumeBy,
        helm: Helm | None = None,
        rescue: Rescue | None = None,
        notices: Notices | None = None,
        keep_over: float = 86_400.0,
    ) -> None:
        """*keep_over*: seconds for which an ended session stays in the list."""
        self.sessions: dict[str, Session] = {}
        self.keeper = keeper
        self.helm = helm or Helm()
        self.rescue = rescue or Rescue()
        self.notices = notices or Notices()
        self.jobs = Jobs()
        self._resume = resume
        self._keep_over = keep_over
        self._notes: dict[str, _Notes] = {}
        #: Whom to ask when a process has gone.
        self._agent_of: dict[Run, str] = {}
        #: Which session a terminal of ours served last.
        self._served_in: dict[str, str] = {}
        #: What agents said by themselves, also of sessions that have not been seen yet.
        self._heard: dict[str, events.Told] = {}
        #: Until when it is waited for that; infinite: not at all.
        self._waits_for_stale = math.inf
        self._to_retell: set[str] = set()

    def lives(self, session_id: str) -> bool:
        """Whether somebody serves it."""
        session = self.sessions.get(session_id)
        return session is not None and session.state not in OVER

    def handle(self, event: events.Event) -> list[effects.Effect]:
        """Take in one event; return what is to be done, in order."""
        wishes: list[effects.Effect] = []
        match event:
            case events.Restored():
                self._restore(event, wishes)
            case events.Looked():
                self._look(event, wishes)
            case events.RunEnded():
                self._run_ended(event, wishes)
            case events.TerminalEnded():
                self._terminal_ended(event, wishes)
            case events.WaitOver():
                self._wait_over(event, wishes)
            case events.Discarded():
                self._discarded(event, wishes)
            case _:
                self._hear(event, wishes)
        self._steer(event, wishes)
        self._rescue(event, wishes)
        self._see_jobs(event, wishes)
        self._keep_awake(event, wishes)
        self._notice(event, wishes)
        return wishes

    def _hear(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        """What agents and their files say of sessions."""
        match event:
            case events.Told():
                self._tell(event, wishes)
            case events.Unheard():
                self._unhear(event)
            case events.Asked():
                self._asked(event, wishes)
            case events.Answered():
                self._answered(event, wishes)
            case events.Opened():
                self._open(event, wishes)
            case events.Written():
                self._read(event, wishes)
            case events.Replaced():
                wishes.append(effects.Publish("gap", event.session_id, "transcript replaced"))
            case events.BranchRead():
                self._branch(event, wishes)
            case events.Paused():
                self._paused(event, wishes)
            case events.Ending():
                if event.session_id in self._notes:
                    self._notes[event.session_id].ended_by_user = event.ending
            case _:
                pass

    # -- who is alive ---------------------------------------------------------------------------

    def _restore(self, event: events.Restored, wishes: list[effects.Effect]) -> None:
        wishes.append(effects.Wait("tidy", _TIDY_EVERY))
        self.rescue.recall(event.sessions)
        wishes.extend(self.jobs.restored(event))
        for restored in event.sessions:
            if self._too_old(restored, event.at):
                continue
            session = self.jobs.shown(restored)
            self.sessions[session.id] = session
            wishes.extend(self.jobs.look_at(session, event.at))
            self._notes[session.id] = _Notes()
            if session.terminal:
                self._served_in[session.terminal] = session.id
            if session.state in OVER and not _ended_with_the_machine(session, event):
                continue
            if event.rebooted:
                unfinished = session.unfinished or session.state in _IN_A_TURN
                alive = State.STARTING if session.state in OVER else session.state
                rebooted = replace(session, cause=Cause.REBOOTED, unfinished=unfinished, state=alive)
                self._end(rebooted, Trigger.KILLED, event.at, wishes)
        wishes.extend(self.rescue.restored(self.sessions, event.at, rebooted=event.rebooted))

    def _look(self, event: events.Looked, wishes: list[effects.Effect]) -> None:
        own = [sighting for sighting in event.sightings if sighting.parent_id is None]
        alive = {pictures.session_id(sighting): sighting for sighting in own if sighting.alive}
        left = {pictures.session_id(sighting): sighting for sighting in own if not sighting.alive}
        for session_id, sighting in alive.items():
            self._see(session_id, sighting, event.at, wishes)
        # One process may serve several sessions at once, or another one than before.
        served_now = {sighting.run: session_id for session_id, sighting in alive.items()}
        for session in [s for s in self.sessions.values() if s.agent == event.agent]:
            if session.state in OVER or session.id in alive:
                continue
            successor = served_now.get(session.run) if session.run else None
            self._gone(session, successor, session.id in left, event.at, wishes)
        for session_id, sighting in left.items():
            self._find_remains(session_id, sighting, event.at, wishes)

    def _see(self, session_id: str, sighting: Sighting, at: float, wishes: list[effects.Effect]) -> None:
        before = self.sessions.get(session_id)
        notes = self._notes.setdefault(session_id, _Notes())
        session = before or Session(
            id=session_id, agent=sighting.agent, since=at, last_activity_at=sighting.at
        )
        # Of a command in a terminal of ours, the terminal's owner tells the end.
        if sighting.run not in self._agent_of and session_id != sighting.terminal:
            self._agent_of[sighting.run] = sighting.agent
            wishes.append(effects.WatchExit(sighting.run))
        session = self._step(session, Trigger.STARTED, at)
        session = replace(
            pictures.with_facts(session, sighting.facts),
            run=sighting.run,
            kind=_kind(sighting),
            terminal=sighting.terminal,
            name=sighting.name or session.name,
            transcript=sighting.transcript or session.transcript,
            pane=sighting.pane,
            argv=sighting.argv or session.argv,
            reachable=bool(sighting.terminal or sighting.pane or sighting.reachable),
            jobs_running=sighting.jobs_running,
        )
        heard = self._heard.get(session_id)
        notes.told = sighting.sign not in {None, Sign.STARTING} or heard is not None
        if sighting.sign is Sign.STARTING and session.state is State.STARTING:
            # It waits for its first prompt; from then on its transcript tells.
            session = self._step(session, Trigger.IDLE, at)
        elif sighting.sign:
            said_at = min(at, sighting.at or at)
            if sighting.sign is Sign.ASKING and sighting.at:
                wishes.extend(self.helm.overtaken(session_id, said_at))
            session = self._obey(session, sighting.sign, sighting.waiting_for, at, said_at)
        elif heard:
            session = self._obey(session, heard.sign, heard.waiting_for, at)
        if sighting.terminal:
            self._served_in[sighting.terminal] = session_id
        self._put(session, before, wishes)
        self._attend(session, notes, wishes)

    def _gone(
        self,
        session: Session,
        successor: str | None,
        left_behind: bool,
        at: float,
        wishes: list[effects.Effect],
    ) -> None:
        """Nobody serves it any more; *successor*: what its process serves now."""
        if pictures.is_provisional(session):
            self._drop(session.id, successor, wishes)
            return
        written = self._notes[session.id].written
        unfinished = written in _UNFINISHED if written else session.state in {State.WORKING, State.NEEDS_YOU}
        notes = self._notes[session.id]
        found_dead = left_behind or unfinished or notes.killed_by is not None
        lost = successor is None and not notes.ended_by_user and found_dead
        if lost:
            session = replace(session, cause=notes.killed_by or Cause.KILLED, unfinished=unfinished)
        elif asked := notes.ended_by:
            session = replace(session, cause=asked, unfinished=unfinished)
        self._end(session, Trigger.KILLED if lost else Trigger.ENDED, at, wishes)

    def _find_remains(
        self, session_id: str, sighting: Sighting, at: float, wishes: list[effects.Effect]
    ) -> None:
        """A process died without a word before we knew of it: its session can be recovered."""
        if session_id in self.sessions or sighting.session_id is None:
            return
        since = sighting.at or at
        session = Session(
            id=session_id,
            agent=sighting.agent,
            state=State.LOST,
            since=since,
            name=sighting.name,
            transcript=sighting.transcript,
            last_activity_at=since,
        )
        if not self._too_old(session, at):
            self._notes[session_id] = _Notes()
            session = pictures.with_facts(session, sighting.facts)
            self._put(session, None, wishes)
            self._attend(session, self._notes[session_id], wishes)

    def _run_ended(self, event: events.RunEnded, wishes: list[effects.Effect]) -> None:
        if agent := self._agent_of.pop(event.run, None):
            wishes.append(effects.Look(agent))

    def _terminal_ended(self, event: events.TerminalEnded, wishes: list[effects.Effect]) -> None:
        served = self._served_in.pop(event.terminal, None)
        if served and served != event.terminal and served in self.sessions:
            if event.code in _LEFT_BY_USER:
                self._left(served, event.code, wishes)
            elif event.code is None or event.code < 0:
                self._was_killed(served, event, wishes)
        session = self.sessions.get(event.terminal)
        if session is None or session.state in OVER:
            return
        by_user = event.code is not None and (event.code >= 0 or -event.code in _ASKED_TO_END)
        failure = None if event.code == 0 else pictures.how_it_ended(event.code)
        trigger = Trigger.ENDED if by_user else Trigger.KILLED
        cause = None if by_user else pictures.cause_of_end(event.code)
        ended = replace(session, failure=failure, cause=cause)
        self._end(ended, trigger, event.at, wishes)

    def _left(self, session_id: str, code: int | None, wishes: list[effects.Effect]) -> None:
        """Its agent ended as it does for its user; that it is gone may have been seen before that."""
        session = self.sessions[session_id]
        asked = not self._notes[session_id].ended_by_user and code not in _LEFT_BY_KEY
        cause = Cause.TERMINAL_CLOSED if asked else None
        if session.state not in OVER:
            self._notes[session_id].ended_by_user = True
            self._notes[session_id].ended_by = cause
        elif session.state is State.ENDED or session.cause is Cause.KILLED:
            self._put(replace(session, state=State.ENDED, cause=cause), session, wishes)

    def _was_killed(self, session_id: str, event: events.TerminalEnded, wishes: list[effects.Effect]) -> None:
        """Also one that sat at its prompt, and looks as if it had been left."""
        session, cause = self.sessions[session_id], pictures.cause_of_end(event.code)
        if session.state not in OVER:
            self._notes[session_id].killed_by = cause
        elif session.state is State.ENDED and session.since > event.at - _TOLD_WITHIN and not session.cause:
            self._put(replace(session, state=State.LOST, cause=cause, since=event.at), session, wishes)

    def _end(self, session: Session, trigger: Trigger, at: float, wishes: list[effects.Effect]) -> None:
        ended = replace(
            self._step(session, trigger, at),
            run=None,
            terminal=None,
            jobs_running=False,
            approvals=(),
            stale=False,
        )
        notes = self._notes[session.id]
        notes.ended_by_user, notes.ended_by, notes.killed_by = False, None, None
        self._put(ended, session, wishes)
        self._let_go(session.id, wishes)

    # -- what they say --------------------------------------------------------------------------

    def _tell(self, event: events.Told, wishes: list[effects.Effect]) -> None:
        self._heard[event.session_id] = event
        before = self.sessions.get(event.session_id)
        if before is None or before.state in OVER:
            return
        notes = self._notes[before.id]
        notes.told = True
        if event.sign is Sign.INTERRUPTED:
            # Some agents write that down nowhere, if their answer had not begun.
            notes.written = event.sign
        self._put(self._obey(before, event.sign, event.waiting_for, event.at), before, wishes)

    def _unhear(self, event: events.Unheard) -> None:
        for session_id in [i for i, told in self._heard.items() if told.agent == event.agent]:
            del self._heard[session_id]
            if session_id in self._notes:
                self._notes[session_id].told = False

    def _open(self, event: events.Opened, wishes: list[effects.Effect]) -> None:
        before = self.sessions.get(event.session_id)
        if before is None:
            return
        session = self._take_in(before, pictures.of_this_run(event.record, before), event.at)
        if session.last_activity_at is None or event.record.at:
            session = replace(session, last_activity_at=event.record.at or event.at)
        self._put(session, before, wishes)

    def _read(self, event: events.Written, wishes: list[effects.Effect]) -> None:
        before = self.sessions.get(event.session_id)
        if before is None:
            return
        # Whoever writes is not stopped, whoever let it go on.
        session = self._step(before, Trigger.CONTINUED, event.at)
        for record in event.records:
            if record.sign is Sign.FAILED and session.state is State.CUT_OFF:
                # It was told to go on, and failed before it was seen to work.
                session = replace(session, since=event.at)
            session = self._take_in(session, record, event.at)
            wishes.extend(effects.Publish("entry", session.id, entry) for entry in record.entries)
        session = replace(session, last_activity_at=event.at, stale=False)
        if pictures.differs_by_entries_only(session, before):
            self._put_quietly(session, wishes)
        else:
            self._put(session, before, wishes)

    def _take_in(self, session: Session, record: Record, at: float) -> Session:
        if record.facts:
            session = pictures.with_facts(session, record.facts)
        for entry in record.entries:
            session = pictures.with_entry(session, entry)
            if session.title is None and entry.role is Role.USER and entry.kind is EntryKind.TEXT:
                session = replace(session, title=of_prompt(entry.text))
        if record.sign is None:
            return session
        notes = self._notes[session.id]
        notes.written = record.sign
        # Where the agent itself tells, its transcript lags behind: only failures are news there.
        if session.state in OVER or (notes.told and record.sign not in {Sign.FAILED, Sign.INTERRUPTED}):
            return session
        return self._obey(session, record.sign, None, at)

    def _obey(
        self,
        session: Session,
        sign: Sign,
        waiting_for: str | None,
        at: float,
        said_at: float | None = None,
    ) -> Session:
        """*said_at*: when the agent said so, where that may be long before it was heard."""
        trigger = by_sign(sign)
        if trigger is None:
            return session
        if sign is not Sign.ASKING and said_at and self.helm.is_newer(session.id, said_at):
            return self._step(session, Trigger.ASKING, at)
        after = self._step(session, trigger, at)
        if after.state is State.NEEDS_YOU:
            return replace(after, approvals=after.approvals or (pictures.question(after, waiting_for, at),))
        if after.state is State.CUT_OFF:
            return replace(after, approvals=())
        return replace(after, approvals=(), failure=None, cause=None, reset_at=None, unfinished=False)

    def _asked(self, event: events.Asked, wishes: list[effects.Effect]) -> None:
        """A question of which all is known; its answer can be given from here."""
        self.helm.asks(event.approval)
        before = self.sessions.get(event.approval.session_id)
        if before and before.state not in OVER:
            wishes.append(effects.Publish("approval", before.id, event.approval))
            self._put(self._step(before, Trigger.ASKING, event.at), before, wishes)

    def _answered(self, event: events.Answered, wishes: list[effects.Effect]) -> None:
        approval = self.helm.answered(event.approval_id)
        if approval is None:
            return
        wishes.append(effects.Withdraw(approval.id))
        before = self.sessions.get(approval.session_id)
        if before is None:
            return
        wishes.append(effects.Publish("approval", before.id, None))
        open_still = self.helm.asked_by(before.id)
        # Until the agent says how it goes on, it works at what was allowed or refused.
        session = before if open_still else self._step(before, Trigger.WORKING, event.at)
        self._put(replace(session, approvals=open_still), before, wishes)

    def _paused(self, event: events.Paused, wishes: list[effects.Effect]) -> None:
        before = self.sessions.get(event.session_id)
        if before and before.state not in OVER:
            trigger = Trigger.PAUSED if event.paused else Trigger.CONTINUED
            self._put(self._step(before, trigger, event.at), before, wishes)
            wishes.append(effects.Look(before.agent))

    def _discarded(self, event: events.Discarded, wishes: list[effects.Effect]) -> None:
        if event.session_id in self.sessions:
            self._drop(event.session_id, None, wishes)

    def _branch(self, event: events.BranchRead, wishes: list[effects.Effect]) -> None:
        before = self.sessions.get(event.session_id)
        if before and event.branch:
            self._put(replace(before, git_branch=event.branch), before, wishes)

    # -- time -----------------------------------------------------------------------------------

    def _wait_over(self, event: events.WaitOver, wishes: list[effects.Effect]) -> None:
        if event.name == "tidy":
            wishes.append(effects.Wait("tidy", _TIDY_EVERY))
            for session in list(self.sessions.values()):
                if self._too_old(session, event.at):
                    self._drop(session.id, None, wishes)
        elif event.name == "stale":
            self._waits_for_stale = math.inf
            for session in list(self.sessions.values()):
                if pictures.is_silent(session, event.at):
                    self._put(replace(session, stale=True), session, wishes)
                if more := self.rescue.silent(self.sessions[session.id], event.at):
                    wishes.extend(more)
                    stale = replace(self.sessions[session.id], stale=True)
                    self._put(stale, session, wishes)
        elif event.name == "retell":
            known = (self.sessions.get(session_id) for session_id in self._to_retell)
            wishes.extend(effects.Publish("session", s.id, s) for s in known if s)
            self._to_retell.clear()

    def _wait_for_stale(self, at: float, wishes: list[effects.Effect]) -> None:
        times = (when for session in self.sessions.values() for when in self._stale_at(session))
        when = min(times, default=math.inf)
        if when < self._waits_for_stale:
            self._waits_for_stale = when
            wishes.append(effects.Wait("stale", max(1.0, when - at)))

    def _stale_at(self, session: Session) -> Iterator[float]:
        """When nothing having been seen of it means something."""
        if session.state is not State.WORKING:
            return
        if not session.stale:
            yield max(session.since, session.last_activity_at or 0.0) + pictures.STALE_AFTER
        if (silent_at := self.rescue.silent_at(session)) is not None:
            yield silent_at

    def _too_old(self, session: Session, at: float) -> bool:
        old = session.state in OVER and session.since < at - self._keep_over
        return old and not self.jobs.has_running(session.id)

    # -- steering -------------------------------------------------------------------------------

    def _steer(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        """What is asked, given and typed; whose session changed may have become ready for more."""
        touched = set(self.helm.handle(event, self.sessions, wishes))
        touched |= {w.session_id for w in wishes if _tells_of_session(w) and w.session_id}
        if isinstance(event, events.Written):
            touched |= self._taken(event, wishes)
        for session_id in touched & self.sessions.keys():
            wishes.extend(self.helm.move_on(self.sessions[session_id], event.at))
            self._put(self.sessions[session_id], self.sessions[session_id], wishes)
        wishes.extend(self.helm.wait())

    def _taken(self, event: events.Written, wishes: list[effects.Effect]) -> set[str]:
        session = self.sessions.get(event.session_id)
        if session is None or not session.prompts:
            return set()
        entries = [entry for record in event.records for entry in record.entries]
        wishes.extend(self.helm.taken(session, entries, event.at))
        return {session.id}

    # -- bringing back ---------------------------------------------------------------------------

    def _rescue(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        """Who was cut off or lost by this, and whose way back goes on."""
        touched = {w.session_id for w in wishes if _tells_of_session(w) and w.session_id}
        if session_id := self.rescue.handle(event, self.sessions, wishes):
            touched.add(session_id)
        for session_id in touched & self.sessions.keys():
            wishes.extend(self.rescue.look_at(self.sessions[session_id], event.at))
            self._put(self.sessions[session_id], self.sessions[session_id], wishes)

    # -- background jobs ------------------------------------------------------------------------

    def _see_jobs(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        """What runs behind the sessions; whose turn has ended may have left something."""
        touched = {w.session_id for w in wishes if _tells_of_session(w) and w.session_id}
        for session_id in touched & self.sessions.keys():
            wishes.extend(self.jobs.look_at(self.sessions[session_id], event.at))
        for session_id in self.jobs.handle(event, wishes):
            if session := self.sessions.get(session_id):
                self._put(session, session, wishes)

    # -- keeping --------------------------------------------------------------------------------

    def _keep_awake(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        self._wait_for_stale(event.at, wishes)
        if not self.keeper.concerned(event, wishes):
            return
        wishes.extend(self.keeper.handle(event, self.sessions.values()))
        for session in list(self.sessions.values()):
            keeps = self.keeper.is_kept_by(session.id)
            if keeps != session.keeps_awake:
                self._put(replace(session, keeps_awake=keeps), session, wishes)

    # -- telling --------------------------------------------------------------------------------

    def _notice(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        """What a person is told of all this without having asked."""
        for session_id, job in [*_jobs_over(wishes)]:
            if session := self.sessions.get(session_id):
                wishes.extend(self.notices.job_ended(session, job, event.at))
        changed = dict.fromkeys(w.session_id for w in wishes if _tells_of_session(w) and w.session_id)
        wishes.extend(self.notices.handle(event, self.sessions, self.keeper.released, changed))

    def _step(self, session: Session, trigger: Trigger, at: float) -> Session:
        state = step(session.state, trigger)
        return session if state is session.state else replace(session, state=state, since=at)

    def _put(self, session: Session, before: Session | None, wishes: list[effects.Effect]) -> None:
        """Take the new picture of a session; tell and keep it if it differs."""
        resume = self._resume(session.agent, session.id, session.cwd)
        if not pictures.is_provisional(session) and resume != session.resume:
            session = replace(session, resume=resume)
        session = self.jobs.shown(self.rescue.shown(self.helm.shown(session)))
        if session == before:
            return
        self.sessions[session.id] = session
        self._to_retell.discard(session.id)
        wishes.append(effects.Publish("session", session.id, session))
        if not pictures.is_provisional(session) and pictures.worth_saving(session, before):
            wishes.append(effects.Save(session))

    def _put_quietly(self, session: Session, wishes: list[effects.Effect]) -> None:
        """Take the new picture now; tell it a little later, once for all that happens until then."""
        self.sessions[session.id] = session
        if not self._to_retell:
            wishes.append(effects.Wait("retell", _RETELL_AFTER))
        self._to_retell.add(session.id)

    def _attend(self, session: Session, notes: _Notes, wishes: list[effects.Effect]) -> None:
        """Ask for what is still missing."""
        if session.transcript and not notes.followed:
            notes.followed = True
            wishes.append(effects.Follow(session))
        if session.git_branch is None and session.cwd and session.cwd != notes.branch_asked:
            notes.branch_asked = session.cwd
            wishes.append(effects.ReadBranch(session.id, session.cwd))

    def _let_go(self, session_id: str, wishes: list[effects.Effect]) -> None:
        if self._notes[session_id].followed:
            self._notes[session_id].followed = False
            wishes.append(effects.Unfollow(session_id))

    def _drop(self, session_id: str, replaced_by: str | None, wishes: list[effects.Effect]) -> None:
        self._let_go(session_id, wishes)
        del self.sessions[session_id], self._notes[session_id]
        wishes.extend(self.jobs.forget(session_id))
        wishes.extend(self.rescue.forget(session_id))
        gone: Mapping[str, Any] = {"id": session_id, "removed": True, "replaced_by": replaced_by}
        wishes.append(effects.Publish("session", session_id, gone))


def _ended_with_the_machine(session: Session, event: events.Restored) -> bool:
    """It was asked to end when we were: that was a shutdown, and not its user's doing."""
    if not event.rebooted or event.stopped_at is None or session.cause is not Cause.TERMINAL_CLOSED:
        return False
    return session.state is State.ENDED and session.since > event.stopped_at - _SHUTDOWN


def _kind(sighting: Sighting) -> Kind:
    if sighting.terminal:
        return Kind.HOSTED
    return Kind.ADOPTED if sighting.pane else Kind.SEEN


def _tells_of_session(wish: effects.Effect) -> TypeGuard[effects.Publish]:
    return isinstance(wish, effects.Publish) and wish.topic == "session"


def _jobs_over(wishes: list[effects.Effect]) -> Iterator[tuple[str, Job]]:
    for wish in wishes:
        match wish:
            case effects.Publish("job", str(session_id), Job(over=True) as job):
                yield session_id, job
            case _:
                pass
