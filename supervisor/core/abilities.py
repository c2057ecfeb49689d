"""What can be done to a session now, and why not what one would expect. Whether one may is another matter."""

from collections.abc import Mapping, Sequence
from typing import Final

from supervisor.core.model import OVER, Session, State
from supervisor.core.outbox import objection
from supervisor.core.steering import Typing

_HAS_A_TURN: Final = frozenset({State.WORKING, State.NEEDS_YOU, State.CUT_OFF})
#: What waits for its time is refused for fewer reasons: whatever takes nothing now may take it later.
_PATIENT: Final = Typing(takes_while_working=True)


def can(session: Session) -> Sequence[str]:
    """The orders that make sense now, by the names that they have in the API."""
    if session.state in OVER:
        return [*(["resume"] if session.resume else []), *(["delete"] if session.transcript else [])]
    possible = ["stop", "continue" if session.state is State.PAUSED else "pause"]
    if not session.terminal and session.resume:
        possible.append("takeover")
    if not session.reachable:
        return possible
    if session.terminal or session.pane:
        possible.append("keys")
    possible += ["focus", *(["screen"] if session.terminal else [])]
    if session.state in _HAS_A_TURN:
        possible.append("interrupt")
    return possible if cannot(session) else [*possible, "prompt"]


def cannot(session: Session) -> Mapping[str, str]:
    """Why a prompt cannot be given, in a sentence."""
    trouble = objection(session, "idle", _PATIENT)
    return {"prompt": trouble} if trouble else {}
