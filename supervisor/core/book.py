"""All sessions as they are known, with what is remembered beside each.

Whoever changes a session puts its new picture here; here it is seen what of that is told and kept.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from supervisor.core import effects, pictures
from supervisor.core.failing import Cause
from supervisor.core.model import OVER, Resume, Session, Sign
from supervisor.core.session import Trigger

#: Entries are told at once; what they change in the picture of their session, once in so many seconds.
_RETELL_AFTER: Final = 1.0

ResumeBy = Callable[[str, str, str | None], Resume | None]


@dataclass(slots=True)
class Notes:
    """What is remembered beside a session. Owner: the book."""

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


class Book:
    """Owns the sessions. On the loop, for the desk and its parts."""

    def __init__(
        self,
        *,
        resume: ResumeBy,
        shown: Callable[[Session], Session],
        forget: Callable[[str, str | None], Iterable[effects.Effect]],
        is_busy: Callable[[str], bool],
        keep_over: float,
    ) -> None:
        """*shown*: a session with what others know of it; *forget*: tells them that it is gone, and what
        its process serves instead.

        *keep_over*: seconds for which an ended session stays, if it is not busy.
        """
        self.sessions: dict[str, Session] = {}
        self.notes: dict[str, Notes] = {}
        self._resume = resume
        self._shown = shown
        self._forget = forget
        self._is_busy = is_busy
        self._keep_over = keep_over
        self._to_retell: set[str] = set()

    def lives(self, session_id: str) -> bool:
        """Whether somebody serves it."""
        session = self.sessions.get(session_id)
        return session is not None and session.state not in OVER

    def is_too_old(self, session: Session, at: float) -> bool:
        """Whether it has ended so long ago that it is listed no more."""
        old = session.state in OVER and session.since < at - self._keep_over
        return old and not self._is_busy(session.id)

    def put(self, session: Session, before: Session | None, wishes: list[effects.Effect]) -> None:
        """Take the new picture of a session; tell and keep it if it differs."""
        resume = self._resume(session.agent, session.id, session.cwd)
        if not pictures.is_provisional(session) and resume != session.resume:
            session = replace(session, resume=resume)
        session = self._shown(session)
        if session == before:
            return
        self.sessions[session.id] = session
        self._to_retell.discard(session.id)
        wishes.append(effects.Publish("session", session.id, session))
        if not pictures.is_provisional(session) and pictures.worth_saving(session, before):
            wishes.append(effects.Save(session))

    def put_quietly(self, session: Session, wishes: list[effects.Effect]) -> None:
        """Take the new picture now; tell it a little later, once for all that happens until then."""
        self.sessions[session.id] = session
        if not self._to_retell:
            wishes.append(effects.Wait("retell", _RETELL_AFTER))
        self._to_retell.add(session.id)

    def retell(self, wishes: list[effects.Effect]) -> None:
        """Tell what was put quietly."""
        known = (self.sessions.get(session_id) for session_id in self._to_retell)
        wishes.extend(effects.Publish("session", s.id, s) for s in known if s)
        self._to_retell.clear()

    def attend(self, session: Session, notes: Notes, wishes: list[effects.Effect]) -> None:
        """Ask for what is still missing."""
        if session.transcript and not notes.followed:
            notes.followed = True
            wishes.append(effects.Follow(session))
        if session.git_branch is None and session.cwd and session.cwd != notes.branch_asked:
            notes.branch_asked = session.cwd
            wishes.append(effects.ReadBranch(session.id, session.cwd))

    def _let_go(self, session_id: str, wishes: list[effects.Effect]) -> None:
        if self.notes[session_id].followed:
            self.notes[session_id].followed = False
            wishes.append(effects.Unfollow(session_id))

    def drop(self, session_id: str, replaced_by: str | None, wishes: list[effects.Effect]) -> None:
        """It is no session any more; *replaced_by*: what its process serves instead."""
        self._let_go(session_id, wishes)
        del self.sessions[session_id], self.notes[session_id]
        wishes.extend(self._forget(session_id, replaced_by))
        gone: Mapping[str, Any] = {"id": session_id, "removed": True, "replaced_by": replaced_by}
        wishes.append(effects.Publish("session", session_id, gone))

    def end(self, session: Session, trigger: Trigger, at: float, wishes: list[effects.Effect]) -> None:
        """Nothing serves it any more."""
        ended = replace(
            pictures.moved(session, trigger, at),
            run=None,
            terminal=None,
            jobs_running=False,
            approvals=(),
            stale=False,
        )
        notes = self.notes[session.id]
        notes.ended_by_user, notes.ended_by, notes.killed_by = False, None, None
        self.put(ended, session, wishes)
        self._let_go(session.id, wishes)
