"""The way back's place at the desk: who was cut off or lost, and what is done about it."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from supervisor.core import effects, events
from supervisor.core.failing import Cause
from supervisor.core.link import Links, Policy
from supervisor.core.model import OVER, EntryKind, Session, State
from supervisor.core.steering import PromptState

_CONTINUE: Final = "continue-"


class Rescue:
    """Owns the links, and which state each session was last seen in."""

    def __init__(
        self,
        links: Links | None = None,
        patience: Callable[[str], float] = lambda _: math.inf,
        at_login: Policy = Policy.OFF,
    ) -> None:
        """*patience*: seconds for which an agent, by its name, may be silent and still go on by itself.

        *at_login*: what may be done after a reboot for sessions that are brought back by themselves.
        """
        self.links = links or Links()
        self._at_login = at_login
        self._patience = patience
        #: State and its beginning: who fails again at once is cut off anew, seen to work or not.
        self._stood: dict[str, tuple[State, float]] = {}

    def shown(self, session: Session) -> Session:
        """The session with its way back, and what may be done for it without asking."""
        link = self.links.find(session.id)
        reconnect, policy = link.shown() if link else None, self.links.policy(session)
        attempts, chosen = self.links.attempts(session.id), self.links.has_chosen(session.id)
        known = (session.reconnect, session.attempts, session.policy, session.policy_chosen)
        if (reconnect, attempts, policy, chosen) == known:
            return session
        return replace(session, reconnect=reconnect, attempts=attempts, policy=policy, policy_chosen=chosen)

    def recall(self, sessions: Iterable[Session]) -> None:
        """What the user has chosen for these holds on, and what was tried for them is known still."""
        for session in sessions:
            if session.attempts:
                self.links.recall(session.id, session.attempts)
            if session.policy_chosen and session.policy in set(Policy):
                self.links.choose(session.id, Policy(session.policy))

    def restored(self, sessions: Mapping[str, Session], at: float, *, rebooted: bool) -> list[effects.Effect]:
        """What had ended before we started is history, but for what a reboot has ended."""
        self._stood.update({i: (s.state, s.since) for i, s in sessions.items() if s.state in OVER})
        if not rebooted or self._at_login is Policy.OFF:
            return []
        return [wish for session in sessions.values() for wish in self._after_reboot(session, at)]

    def _after_reboot(self, session: Session, at: float) -> list[effects.Effect]:
        ended_now = session.state is State.LOST and session.cause is Cause.REBOOTED and session.since == at
        if not ended_now or self.links.policy(session) is not Policy.AUTO:
            return []
        if self._at_login is Policy.ASK:
            return self.links.ask(session)
        return self.links.failed(session, Cause.REBOOTED, None, at)

    def handle(
        self, event: events.Event, sessions: Mapping[str, Session], wishes: list[effects.Effect]
    ) -> str | None:
        """Take in what is about one session's way back; the session that looks different now."""
        match event:
            case events.TryPlanned():
                wishes += self.links.planned(event.session_id, event.next_try_at)
            case events.StopTrying():
                wishes += self.links.stop(event.session_id)
            case events.Discarded():
                wishes += self.links.forget(event.session_id)
            case events.PolicyChosen():
                self.links.choose(event.session_id, Policy(event.policy))
                if session := sessions.get(event.session_id):
                    wishes += self.links.review(session, event.at, chosen=True)
            case events.PromptMoved():
                return self._prompt_moved(event, sessions, wishes)
            case events.Reached() | events.TryNow() | events.NotContinued() | events.Unanswered():
                session = sessions.get(event.session_id)
                if session is None:
                    return None
                self._with(session, event, wishes)
            case _:
                return None
        return event.session_id

    def _with(self, session: Session, event: events.Event, wishes: list[effects.Effect]) -> None:
        match event:
            case events.Reached():
                wishes += self.links.reached(session, event.at)
            case events.TryNow():
                wishes += self.links.try_now(session, event.at)
            case events.NotContinued():
                wishes += self.links.moved(session, event.note)
            case events.Unanswered():
                wishes += self.links.unanswered(session, event.number)
            case _:
                pass

    def _prompt_moved(
        self, event: events.PromptMoved, sessions: Mapping[str, Session], wishes: list[effects.Effect]
    ) -> str | None:
        """The words that were to continue a turn could not be given: nothing is under way any more."""
        session_id = _continues(event.prompt_id)
        session = sessions.get(session_id) if session_id else None
        if session is None or event.state is not PromptState.REFUSED:
            return None
        wishes += self.links.moved(session, event.note or "it could not be told to go on")
        return session_id

    def look_at(self, session: Session, at: float) -> list[effects.Effect]:
        """It was changed: whether it was cut off or lost just now, or is well again."""
        if self._moves_again(session):
            return self.links.over(session.id)
        before = self._stood.get(session.id)
        self._stood[session.id] = (session.state, session.since)
        if before == self._stood[session.id]:
            known = session.cause if session.state is State.CUT_OFF else None
            if known and known is not Cause.UNKNOWN and self.links.wonders(session.id):
                return self.links.failed(session, known, session.reset_at, at)
            return self.links.review(session, at)
        if session.state is State.CUT_OFF:
            if session.cause is None:
                return self.links.puzzled(session)
            return self.links.failed(session, session.cause, session.reset_at, at)
        if session.state is State.LOST and before is not None:
            return self.links.failed(session, session.cause or Cause.KILLED, None, at)
        return self.links.state(session)

    def silent_at(self, session: Session) -> float | None:
        """When its model's silence is more than its agent's own patience; ``None``: never.

        Whoever has called a tool may wait for that as long as it likes.
        """
        if session.state is not State.WORKING or self.links.find(session.id):
            return None
        if session.last_entry is None or session.last_entry.kind is EntryKind.TOOL_CALL:
            return None
        moved = max(session.since, session.last_activity_at or 0.0)
        return moved + self._patience(session.agent)

    def silent(self, session: Session, at: float) -> list[effects.Effect]:
        """It works, and nothing moves: if that is so for too long, it is to be asked again."""
        since = self.silent_at(session)
        if since is None or at < since:
            return []
        return self.links.failed(session, Cause.SILENT, None, at)

    def _moves_again(self, session: Session) -> bool:
        link = self.links.find(session.id)
        silent = link is not None and link.cause is Cause.SILENT
        return silent and session.state is State.WORKING and not session.stale

    def forget(self, session_id: str) -> list[effects.Effect]:
        """It has left the list."""
        self._stood.pop(session_id, None)
        return self.links.forget(session_id)


def continuing(session: Session, number: int) -> str:
    """The id of the words that continue its turn: the same attempt never says them twice."""
    return f"{_CONTINUE}{int(session.since * 1000)}-{number}-{session.id}"


def _continues(prompt_id: str) -> str | None:
    """The session whose turn these words continue; ``None``: it is another prompt."""
    if not prompt_id.startswith(_CONTINUE):
        return None
    parts = prompt_id.removeprefix(_CONTINUE).split("-", 2)
    return parts[2] if len(parts) == 3 else None
