"""All sessions together: one event in, effects out.

It never asks anybody anything: whatever it must know comes in as an event, whatever it wants goes
out as an effect, and everything is decided before anything is done.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, TypeGuard

from supervisor.core import effects, events, pictures
from supervisor.core.book import Book, ResumeBy
from supervisor.core.hearing import Hearing
from supervisor.core.helm import Helm
from supervisor.core.jobs import Jobs
from supervisor.core.keeper import Keeper
from supervisor.core.model import Job, Session, State
from supervisor.core.notices import Notices
from supervisor.core.presence import Presence
from supervisor.core.rescue import Rescue

_TIDY_EVERY: Final = 3600.0


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
        self.keeper = keeper
        self.helm = helm or Helm()
        self.rescue = rescue or Rescue()
        self.notices = notices or Notices()
        self.jobs = Jobs()
        self._book = Book(
            resume=resume,
            shown=lambda session: self.jobs.shown(self.rescue.shown(self.helm.shown(session))),
            forget=self._forget,
            is_busy=self.jobs.has_running,
            keep_over=keep_over,
        )
        self._hearing = Hearing(self._book, self.helm)
        self._presence = Presence(self._book, self._hearing, self.helm, self.jobs)
        self.sessions = self._book.sessions
        #: Until when it is waited for silence to mean something; infinite: not at all.
        self._waits_for_stale = math.inf

    def lives(self, session_id: str) -> bool:
        """Whether somebody serves it."""
        return self._book.lives(session_id)

    def handle(self, event: events.Event) -> list[effects.Effect]:
        """Take in one event; return what is to be done, in order."""
        wishes: list[effects.Effect] = []
        if isinstance(event, events.Restored):
            wishes.append(effects.Wait("tidy", _TIDY_EVERY))
            self.rescue.recall(event.sessions)
            wishes.extend(self.jobs.restored(event))
        self._presence.handle(event, wishes)
        self._hearing.handle(event, wishes)
        match event:
            case events.Restored():
                wishes.extend(self.rescue.restored(self.sessions, event.at, rebooted=event.rebooted))
            case events.WaitOver():
                self._wait_over(event, wishes)
            case _:
                pass
        self._steer(event, wishes)
        self._rescue(event, wishes)
        self._see_jobs(event, wishes)
        self._keep_awake(event, wishes)
        self._notice(event, wishes)
        return wishes

    def _forget(self, session_id: str, heir: str | None) -> list[effects.Effect]:
        given = self.helm.outbox.hand_over(session_id, heir) if heir else []
        return [*given, *self.jobs.forget(session_id), *self.rescue.forget(session_id)]

    # -- time -----------------------------------------------------------------------------------

    def _wait_over(self, event: events.WaitOver, wishes: list[effects.Effect]) -> None:
        if event.name == "tidy":
            wishes.append(effects.Wait("tidy", _TIDY_EVERY))
            for session in list(self.sessions.values()):
                if self._book.is_too_old(session, event.at):
                    self._book.drop(session.id, None, wishes)
        elif event.name == "stale":
            self._waits_for_stale = math.inf
            for session in list(self.sessions.values()):
                if pictures.is_silent(session, event.at):
                    self._book.put(replace(session, stale=True), session, wishes)
                if more := self.rescue.silent(self.sessions[session.id], event.at):
                    wishes.extend(more)
                    stale = replace(self.sessions[session.id], stale=True)
                    self._book.put(stale, session, wishes)
        elif event.name == "retell":
            self._book.retell(wishes)

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

    # -- steering -------------------------------------------------------------------------------

    def _steer(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        """What is asked, given and typed; whose session changed may have become ready for more."""
        touched = set(self.helm.handle(event, self.sessions, wishes))
        touched |= {w.session_id for w in wishes if _tells_of_session(w) and w.session_id}
        if isinstance(event, events.Opened):
            self.helm.outbox.look_for(event.session_id)
            touched.add(event.session_id)
        if isinstance(event, events.Written):
            touched |= self._taken(event, wishes)
        for session_id in touched & self.sessions.keys():
            wishes.extend(self.helm.move_on(self.sessions[session_id], event.at))
            self._book.put(self.sessions[session_id], self.sessions[session_id], wishes)
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
            self._book.put(self.sessions[session_id], self.sessions[session_id], wishes)

    # -- background jobs ------------------------------------------------------------------------

    def _see_jobs(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        """What runs behind the sessions; whose turn has ended may have left something."""
        touched = {w.session_id for w in wishes if _tells_of_session(w) and w.session_id}
        for session_id in touched & self.sessions.keys():
            wishes.extend(self.jobs.look_at(self.sessions[session_id], event.at))
        for session_id in self.jobs.handle(event, wishes):
            if session := self.sessions.get(session_id):
                self._book.put(session, session, wishes)

    # -- keeping --------------------------------------------------------------------------------

    def _keep_awake(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        self._wait_for_stale(event.at, wishes)
        if not self.keeper.concerned(event, wishes):
            return
        wishes.extend(self.keeper.handle(event, self.sessions.values()))
        for session in list(self.sessions.values()):
            keeps = self.keeper.is_kept_by(session.id)
            if keeps != session.keeps_awake:
                self._book.put(replace(session, keeps_awake=keeps), session, wishes)

    # -- telling --------------------------------------------------------------------------------

    def _notice(self, event: events.Event, wishes: list[effects.Effect]) -> None:
        """What a person is told of all this without having asked."""
        for session_id, job in [*_jobs_over(wishes)]:
            if session := self.sessions.get(session_id):
                wishes.extend(self.notices.job_ended(session, job, event.at))
        changed = dict.fromkeys(w.session_id for w in wishes if _tells_of_session(w) and w.session_id)
        wishes.extend(self.notices.handle(event, self.sessions, self.keeper.released, changed))


def _tells_of_session(wish: effects.Effect) -> TypeGuard[effects.Publish]:
    return isinstance(wish, effects.Publish) and wish.topic == "session"


def _jobs_over(wishes: list[effects.Effect]) -> Iterator[tuple[str, Job]]:
    for wish in wishes:
        match wish:
            case effects.Publish("job", str(session_id), Job(over=True) as job):
                yield session_id, job
            case _:
                pass
