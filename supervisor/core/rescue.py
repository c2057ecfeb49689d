"""The way back's place at the desk: who was cut off or lost, and what is done about it."""

from collections.abc import Mapping
from dataclasses import replace

from supervisor.core import effects, events
from supervisor.core.failing import Cause
from supervisor.core.link import Links, Policy
from supervisor.core.model import OVER, Session, State


class Rescue:
    """Owns the links, and which state each session was last seen in."""

    def __init__(self, links: Links | None = None) -> None:
        self.links = links or Links()
        self._stood: dict[str, State] = {}

    def shown(self, session: Session) -> Session:
        """The session with its way back."""
        link = self.links.find(session.id)
        reconnect = link.shown() if link else None
        return session if reconnect == session.reconnect else replace(session, reconnect=reconnect)

    def restored(self, sessions: Mapping[str, Session]) -> None:
        """What had ended before we started is history: nobody brings it back unasked."""
        self._stood.update({i: s.state for i, s in sessions.items() if s.state in OVER})

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
            case events.Reached() | events.TryNow() | events.NotContinued():
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
            case _:
                pass

    def look_at(self, session: Session, at: float) -> list[effects.Effect]:
        """It was changed: whether it was cut off or lost just now, or is well again."""
        before = self._stood.get(session.id)
        self._stood[session.id] = session.state
        if before is session.state:
            return []
        if session.state is State.CUT_OFF:
            return self.links.failed(session, session.cause or Cause.UNKNOWN, session.reset_at, at)
        if session.state is State.LOST and before is not None:
            return self.links.failed(session, session.cause or Cause.KILLED, None, at)
        return self.links.state(session)

    def forget(self, session_id: str) -> list[effects.Effect]:
        """It has left the list."""
        self._stood.pop(session_id, None)
        return self.links.forget(session_id)
