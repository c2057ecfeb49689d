"""Decides what a person is told without having asked: when, once, and when it is taken back.

It compares what sessions were with what they are. Nothing is told that is over again within a
moment; what happens again and again changes one notice; what is answered is withdrawn.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from supervisor.core import effects, events
from supervisor.core.board import About, Board, Key, Rules
from supervisor.core.model import Entry, EntryKind, Job, JobKind, Role, Session, Sign, State
from supervisor.core.notice import Notice, NoticeKind, about, cut, identity
from supervisor.core.spells import Spells
from supervisor.core.steering import DESK, Approval

#: Seconds that something must last before it is told.
_ASKED_FOR: Final = 1.0
#: Long enough to hear that it was interrupted, or that the next prompt has begun.
_DONE_FOR: Final = 2.0
#: Seconds after somebody typed at the desk in which its session need not be told of.
_AT_THE_DESK: Final = 60.0
#: A battery that is low is told of once in so many seconds.
_BATTERY_AGAIN: Final = 3600.0
_BATTERY: Final[Key] = (None, About.BATTERY)

_BROKEN: Final = frozenset({State.CUT_OFF, State.LOST})
_IN_A_TURN: Final = frozenset({State.WORKING, State.CUT_OFF, State.PAUSED})


@dataclass(frozen=True, slots=True)
class _Stood:
    """A session as it was when it was last looked at."""

    state: State
    #: Since when its agent works without anybody.
    alone_since: float | None = None


class Notices:
    """Owns what each session was, and decides what goes onto the board. Lives at the desk."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.board = Board(self.rules)
        self._spells = Spells(self.board)
        self._stood: dict[str, _Stood] = {}
        self._typed_at: dict[str, float] = {}
        self._drafts: set[str] = set()
        self._battery_told_at = float("-inf")
        self._power_known = False

    def handle(
        self,
        event: events.Event,
        sessions: Mapping[str, Session],
        released: str | None,
        changed: Iterable[str],
    ) -> list[effects.Effect]:
        """Take in an event and the sessions that it *changed*.

        *released*: why the machine is not kept awake although something goes on.
        """
        match event:
            case events.NoticesRestored():
                self.board.restore(event.notices, event.at)
                self._spells.restore(event.notices)
            case events.Restored():
                self._stood.update({s.id: _stood(s) for s in event.sessions})
                changed = (*sessions, *self._known())
            case events.NoticeSent():
                self.board.sent(event.notice_id)
            case events.WaitOver(name="notices"):
                self.board.woken()
            case _:
                self._attended(event)
        for session_id in dict.fromkeys(changed):
            if session := sessions.get(session_id):
                self._look_at(session, event.at)
            else:
                self._forget(session_id)
        self._battery(event, released)
        self._tell_what_is_due(sessions, event.at)
        return self.board.take_wishes(event.at)

    def _known(self) -> set[str]:
        """The sessions that something is told of."""
        told = [(*one.members, one.session_id) for one in self.board.open.values()]
        return {session_id for ids in told for session_id in ids if session_id}

    # -- somebody is there ----------------------------------------------------------------------

    def _attended(self, event: events.Event) -> None:
        """Whoever types into a session, interrupts it or gives it up has seen how it stands."""
        match event:
            case events.Drafted():
                self._typed(event)
            case events.StopTrying():
                self._spells.stopped(event.session_id)
            case events.Written():
                if any(record.sign is Sign.INTERRUPTED for record in event.records):
                    self.board.drop((event.session_id, About.TURN))
            case _:
                pass

    def _typed(self, event: events.Drafted) -> None:
        if event.draft:
            self._drafts.add(event.session_id)
        elif event.session_id not in self._drafts:
            return
        self._drafts -= set() if event.draft else {event.session_id}
        self._typed_at[event.session_id] = event.at
        link = self.board.open.get((event.session_id, About.LINK))
        seen = {About.TURN, About.JOBS} | (
            {About.LINK} if link and link.kind is NoticeKind.RECOVERED else set()
        )
        for of in seen:
            self.board.drop((event.session_id, of))

    def _quiet_until(self, session: Session | None) -> float:
        """While somebody types at the desk in a session, nobody need be told of it."""
        if session is None:
            return float("-inf")
        typed = self._typed_at.get(session.id, float("-inf"))
        if session.focus and session.focus.holder == DESK:
            typed = max(typed, session.focus.since)
        return typed + _AT_THE_DESK

    # -- what a session was and is --------------------------------------------------------------

    def _look_at(self, session: Session, at: float) -> None:
        before = self._stood.get(session.id)
        self._stood[session.id] = _after(before, session)
        self._question(session, at)
        if session.parent_id is None:
            self._link(session, before, at)
            self._turn(session, before, at)

    def _forget(self, session_id: str) -> None:
        for of in About:
            self.board.drop((session_id, of))
        self._spells.forget(session_id)
        self._stood.pop(session_id, None)
        self._typed_at.pop(session_id, None)
        self._drafts.discard(session_id)

    def _question(self, session: Session, at: float) -> None:
        key = (session.id, About.QUESTION)
        if session.state is not State.NEEDS_YOU:
            self.board.drop(key)
            return
        if not session.approvals:  # after a restart, until its agent says again what it asks
            return
        asked = {one.id: one for one in session.approvals}
        told = self.board.planned(key)
        if told and told.approval_id and told.approval_id not in asked:
            self.board.drop(key)
            told = None
        first = asked.get((told and told.approval_id) or "") or session.approvals[0]
        notice_id = told.id if told else identity("question", session.id, str(at), first.id)
        notice = replace(
            about(session, NoticeKind.NEEDS_YOU, told.at if told else at, notice_id),
            detail=_asked(first),
            why=f"and {len(asked) - 1} more" if len(asked) > 1 else "",
            approval_id=first.id if first.answerable else None,
            urgent=True,
            silent=key in self.board.open,
        )
        self.board.plan(key, notice, at + _ASKED_FOR)

    def _link(self, session: Session, before: _Stood | None, at: float) -> None:
        was_broken = before is not None and before.state in _BROKEN
        if session.state in _BROKEN:
            lost_before = was_broken and session.state is State.LOST
            # What had failed before we came is history.
            if before and not (lost_before and self.board.planned((session.id, About.LINK)) is None):
                self._spells.broken(session, at, begins=not was_broken)
        elif session.state is State.ENDED:
            self.board.drop((session.id, About.LINK))
        elif session.state not in {State.STARTING, State.PAUSED}:
            self._spells.mended(session, at)

    def _turn(self, session: Session, before: _Stood | None, at: float) -> None:
        key = (session.id, About.TURN)
        ended = session.state is State.ENDED and session.agent == "plain"
        if session.state is not State.IDLE and not ended:
            self.board.drop(key)
            return
        if before is None or before.state is not State.WORKING or before.alone_since is None:
            return
        seconds = session.since - before.alone_since
        if seconds < self.rules.least_turn:
            return
        notice = replace(
            about(session, NoticeKind.FINISHED, at, identity("turn", session.id, str(session.since))),
            why=f"after {_span(seconds)}",
            detail=session.failure or _said(session.last_entry),
        )
        self.board.plan(key, notice, at + _DONE_FOR)

    def job_ended(self, session: Session, job: Job, at: float) -> list[effects.Effect]:
        """A background process of a session has ended."""
        # An agent that is at work hears of its own tasks, and says what comes of them.
        heard = job.kind is JobKind.AGENT and session.state is State.WORKING
        if heard or (job.ended_at or at) - job.started_at < self.rules.least_turn:
            return []
        key = (session.id, About.JOBS)
        told = self.board.planned(key)
        notice_id = told.id if told else identity("jobs", session.id, str(at))
        notice = replace(
            about(session, NoticeKind.JOB_ENDED, at, notice_id),
            detail=job.command,
            why="" if job.exit_status is None else f"exit status {job.exit_status}",
            count=told.count + 1 if told else 1,
            silent=key in self.board.open,
        )
        self.board.plan(key, notice, at + _DONE_FOR)
        return self.board.take_wishes(at)

    def _battery(self, event: events.Event, released: str | None) -> None:
        self._power_known = self._power_known or isinstance(event, events.PowerRead)
        if released is None:
            # Before the battery was read, nothing is known of it.
            if self._power_known and self.board.planned(_BATTERY):
                self.board.drop(_BATTERY)
            return
        if self.board.planned(_BATTERY):
            return
        notice = Notice(
            id=identity("battery", str(event.at)),
            kind=NoticeKind.BATTERY,
            at=event.at,
            why=released,
            silent=event.at - self._battery_told_at < _BATTERY_AGAIN,
        )
        self._battery_told_at = self._battery_told_at if notice.silent else event.at
        self.board.plan(_BATTERY, notice, event.at)

    # -- telling --------------------------------------------------------------------------------

    def _tell_what_is_due(self, sessions: Mapping[str, Session], at: float) -> None:
        ready = self.board.take_due(at)
        for key, notice in list(ready.items()):
            quiet_until = self._quiet_until(sessions.get(key[0] or ""))
            if quiet_until <= at:
                continue
            del ready[key]
            # That a turn is done is seen by whoever types there; a question may be overlooked.
            if key[1] not in {About.TURN, About.JOBS}:
                self.board.plan(key, notice, quiet_until)
        self._spells.gather(ready, at)
        for key, notice in ready.items():
            self._spells.told(notice)
            self.board.tell(key, notice)


def _stood(session: Session) -> _Stood:
    working = session.state is State.WORKING
    return _Stood(session.state, session.since if working else None)


def _after(before: _Stood | None, session: Session) -> _Stood:
    now = _stood(session)
    # Whoever answers a question has been there: what counts is how long it works since.
    if before and before.state in _IN_A_TURN and session.state in _IN_A_TURN:
        return replace(now, alone_since=before.alone_since or now.alone_since)
    return now


def _asked(asked: Approval) -> str:
    """What is asked about where that is known, else what the agent says that it waits for."""
    if asked.questions:
        return asked.questions[0].text
    return f"{asked.tool}: {asked.text}" if asked.tool and asked.text else asked.summary


def _said(last: Entry | None) -> str:
    if last is None or last.role is not Role.ASSISTANT or last.kind is not EntryKind.TEXT:
        return ""
    return cut(last.text, 400)


def _span(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} hours"
    return f"{round(seconds / 60)} min" if seconds >= 90 else f"{round(seconds)} s"
