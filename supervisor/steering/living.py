"""Looking sessions up for a deed: only those that somebody serves, and whether anybody sits there."""

from supervisor.core.desk import Desk
from supervisor.core.errors import NoSuchSession, Refused
from supervisor.core.model import OVER, Session
from supervisor.core.steering import DESK
from supervisor.terminal import Roll


def live(desk: Desk, session_id: str) -> Session:
    """The session as it is now. Raises ``NoSuchSession``, or ``Refused`` when it has ended."""
    session = desk.sessions.get(session_id)
    if session is None:
        raise NoSuchSession(f"No live session is called {session_id[:80]!r}.", "See: wakeline ls")
    if session.state in OVER:
        raise Refused("This session has ended.", "Resume it first.")
    return session


def terminal_of(desk: Desk, session_id: str) -> str:
    """Its terminal of ours. Raises ``Refused`` where it has none."""
    session = live(desk, session_id)
    if session.terminal is None:
        raise Refused("The terminal of this session is not ours to show.", "Take it over first.")
    return session.terminal


async def is_attended(desk: Desk, roll: Roll, session_id: str) -> bool:
    """Whether somebody at the desk sees its dialogs; so it is taken where we cannot tell."""
    session = desk.sessions.get(session_id)
    if session is None or session.terminal is None:
        return True
    if session.focus and session.focus.holder != DESK:
        return False
    return (await roll.ask(session.terminal)).screens > 0
