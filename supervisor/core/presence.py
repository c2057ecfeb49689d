"""Who is alive: which processes serve which sessions, and how those that are gone have ended."""

from dataclasses import replace
from typing import Final

from supervisor.core import effects, events, pictures
from supervisor.core.book import Book, Notes
from supervisor.core.failing import Cause
from supervisor.core.hearing import Hearing
from supervisor.core.helm import Helm
from supervisor.core.jobs import Jobs
from supervisor.core.model import OVER, Kind, Run, Session, Sighting, Sign, State
from supervisor.core.session import Trigger

#: What a turn looks like that was not brought to its end.
_UNFINISHED: Final = frozenset({Sign.WORKING, Sign.ASKING, Sign.FAILED})
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


class Presence:
    """Owns which process and which terminal serve which session."""

    def __init__(self, book: Book, hearing: Hearing, helm: Helm, jobs: Jobs) -> None:
        """*helm*: knows which questions a dialog that is seen overtakes."""
        self._book = book
        self._hearing = hearing
        self._helm = helm
        self._jobs = jobs
        #: Whom to ask when a process has gone.
        self._agent_of: dict[Run, str] = {}
        #: Which session a terminal of ours served last.
        self._served_in: dict[str, str] = {}

    def handle(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        """Take in who is there and who has gone; anything else is not for here."""
        match event:
            case events.Restored():
                self._restore(event, wishes)
            case events.Looked():
                self._look(event, wishes)
            case events.RunEnded():
                self._run_ended(event, wishes)
            case events.TerminalEnded():
                self._terminal_ended(event, wishes)
            case events.Ending():
                if event.session_id in self._book.notes:
                    self._book.notes[event.session_id].ended_by_user = event.ending
            case events.Discarded():
                if event.session_id in self._book.sessions:
                    self._book.drop(event.session_id, None, wishes)
            case _:
                pass

    def _restore(self, event: events.Restored, wishes: list[effects.Effect]) -> None:
        for restored in event.sessions:
            if self._book.is_too_old(restored, event.at):
                continue
            session = self._jobs.shown(restored)
            self._book.sessions[session.id] = session
            wishes.extend(self._jobs.look_at(session, event.at))
            self._book.notes[session.id] = Notes()
            if session.terminal:
                self._served_in[session.terminal] = session.id
            if session.state in OVER and not _ended_with_the_machine(session, event):
                continue
            if event.rebooted:
                unfinished = session.unfinished or session.state in _IN_A_TURN
                alive = State.STARTING if session.state in OVER else session.state
                rebooted = replace(session, cause=Cause.REBOOTED, unfinished=unfinished, state=alive)
                self._book.end(rebooted, Trigger.KILLED, event.at, wishes)

    def _look(self, event: events.Looked, wishes: list[effects.Effect]) -> None:
        own = [sighting for sighting in event.sightings if sighting.parent_id is None]
        alive = {pictures.session_id(sighting): sighting for sighting in own if sighting.alive}
        left = {pictures.session_id(sighting): sighting for sighting in own if not sighting.alive}
        for session_id, sighting in alive.items():
            self._see(session_id, sighting, event.at, wishes)
        # One process may serve several sessions at once, or another one than before.
        served_now = {sighting.run: session_id for session_id, sighting in alive.items()}
        for session in [s for s in self._book.sessions.values() if s.agent == event.agent]:
            if session.state in OVER or session.id in alive:
                continue
            successor = served_now.get(session.run) if session.run else None
            self._gone(session, successor, session.id in left, event.at, wishes)
        for session_id, sighting in left.items():
            self._find_remains(session_id, sighting, event.at, wishes)

    def _see(self, session_id: str, sighting: Sighting, at: float, wishes: list[effects.Effect]) -> None:
        before = self._book.sessions.get(session_id)
        notes = self._book.notes.setdefault(session_id, Notes())
        session = before or Session(
            id=session_id, agent=sighting.agent, since=at, last_activity_at=sighting.at
        )
        # Of a command in a terminal of ours, the terminal's owner tells the end.
        if sighting.run not in self._agent_of and session_id != sighting.terminal:
            self._agent_of[sighting.run] = sighting.agent
            wishes.append(effects.WatchExit(sighting.run))
        session = pictures.moved(session, Trigger.STARTED, at)
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
        heard = self._hearing.heard(session_id)
        notes.told = sighting.sign not in {None, Sign.STARTING} or heard is not None
        if sighting.sign is Sign.STARTING and session.state is State.STARTING:
            # It waits for its first prompt; from then on its transcript tells.
            session = pictures.moved(session, Trigger.IDLE, at)
        elif sighting.sign:
            said_at = min(at, sighting.at or at)
            if sighting.sign is Sign.ASKING and sighting.at:
                wishes.extend(self._helm.overtaken(session_id, said_at))
            session = self._hearing.obey(session, sighting.sign, sighting.waiting_for, at, said_at)
        elif heard:
            session = self._hearing.obey(session, heard.sign, heard.waiting_for, at)
        if sighting.terminal:
            self._served_in[sighting.terminal] = session_id
        self._book.put(session, before, wishes)
        self._book.attend(session, notes, wishes)

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
            self._book.drop(session.id, successor, wishes)
            return
        written = self._book.notes[session.id].written
        unfinished = written in _UNFINISHED if written else session.state in {State.WORKING, State.NEEDS_YOU}
        notes = self._book.notes[session.id]
        found_dead = left_behind or unfinished or notes.killed_by is not None
        lost = successor is None and not notes.ended_by_user and found_dead
        if lost:
            session = replace(session, cause=notes.killed_by or Cause.KILLED, unfinished=unfinished)
        elif asked := notes.ended_by:
            session = replace(session, cause=asked, unfinished=unfinished)
        self._book.end(session, Trigger.KILLED if lost else Trigger.ENDED, at, wishes)

    def _find_remains(
        self, session_id: str, sighting: Sighting, at: float, wishes: list[effects.Effect]
    ) -> None:
        """A process died without a word before we knew of it: its session can be recovered."""
        if session_id in self._book.sessions or sighting.session_id is None:
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
        if not self._book.is_too_old(session, at):
            self._book.notes[session_id] = Notes()
            session = pictures.with_facts(session, sighting.facts)
            self._book.put(session, None, wishes)
            self._book.attend(session, self._book.notes[session_id], wishes)

    def _run_ended(self, event: events.RunEnded, wishes: list[effects.Effect]) -> None:
        if agent := self._agent_of.pop(event.run, None):
            wishes.append(effects.Look(agent))

    def _terminal_ended(self, event: events.TerminalEnded, wishes: list[effects.Effect]) -> None:
        served = self._served_in.pop(event.terminal, None)
        if served and served != event.terminal and served in self._book.sessions:
            if event.code in _LEFT_BY_USER:
                self._left(served, event.code, wishes)
            elif event.code is None or event.code < 0:
                self._was_killed(served, event, wishes)
        session = self._book.sessions.get(event.terminal)
        if session is None or session.state in OVER:
            return
        by_user = event.code is not None and (event.code >= 0 or -event.code in _ASKED_TO_END)
        failure = None if event.code == 0 else pictures.how_it_ended(event.code)
        trigger = Trigger.ENDED if by_user else Trigger.KILLED
        cause = None if by_user else pictures.cause_of_end(event.code)
        ended = replace(session, failure=failure, cause=cause)
        self._book.end(ended, trigger, event.at, wishes)

    def _left(self, session_id: str, code: int | None, wishes: list[effects.Effect]) -> None:
        """Its agent ended as it does for its user; that it is gone may have been seen before that."""
        session = self._book.sessions[session_id]
        asked = not self._book.notes[session_id].ended_by_user and code not in _LEFT_BY_KEY
        cause = Cause.TERMINAL_CLOSED if asked else None
        if session.state not in OVER:
            self._book.notes[session_id].ended_by_user = True
            self._book.notes[session_id].ended_by = cause
        elif session.state is State.ENDED or session.cause is Cause.KILLED:
            self._book.put(replace(session, state=State.ENDED, cause=cause), session, wishes)

    def _was_killed(self, session_id: str, event: events.TerminalEnded, wishes: list[effects.Effect]) -> None:
        """Also one that sat at its prompt, and looks as if it had been left."""
        session, cause = self._book.sessions[session_id], pictures.cause_of_end(event.code)
        if session.state not in OVER:
            self._book.notes[session_id].killed_by = cause
        elif session.state is State.ENDED and session.since > event.at - _TOLD_WITHIN and not session.cause:
            self._book.put(replace(session, state=State.LOST, cause=cause, since=event.at), session, wishes)


def _ended_with_the_machine(session: Session, event: events.Restored) -> bool:
    """It was asked to end when we were: that was a shutdown, and not its user's doing."""
    if not event.rebooted or event.stopped_at is None or session.cause is not Cause.TERMINAL_CLOSED:
        return False
    return session.state is State.ENDED and session.since > event.stopped_at - _SHUTDOWN


def _kind(sighting: Sighting) -> Kind:
    if sighting.terminal:
        return Kind.HOSTED
    return Kind.ADOPTED if sighting.pane else Kind.SEEN
