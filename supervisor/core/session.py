"""The life of one session, as a table.

All transitions are here. The world may say anything at any time, so a pair that is not in the
table changes nothing. The picture in the architecture page is drawn from this table.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from supervisor.core.model import Sign, State


class Trigger(StrEnum):
    """What moves a session on: what its agent says of the turn, and what its process does."""

    STARTED = "a process serves it"
    WORKING = "turn runs"
    ASKING = "agent asks"
    IDLE = "turn ended"
    FAILED = "turn failed"
    INTERRUPTED = "user interrupts"
    PAUSED = "process stopped"
    CONTINUED = "process continued"
    ENDED = "process ended by its user"
    KILLED = "process gone without a word"


_S, _T = State, Trigger

_ALIVE: Final = (_S.STARTING, _S.WORKING, _S.NEEDS_YOU, _S.IDLE, _S.CUT_OFF, _S.PAUSED)

TRANSITIONS: Final[Mapping[tuple[State, Trigger], State]] = {
    (_S.STARTING, _T.WORKING): _S.WORKING,
    (_S.STARTING, _T.ASKING): _S.NEEDS_YOU,
    (_S.STARTING, _T.IDLE): _S.IDLE,
    (_S.STARTING, _T.INTERRUPTED): _S.IDLE,
    (_S.STARTING, _T.FAILED): _S.CUT_OFF,
    (_S.WORKING, _T.ASKING): _S.NEEDS_YOU,
    (_S.WORKING, _T.IDLE): _S.IDLE,
    (_S.WORKING, _T.INTERRUPTED): _S.IDLE,
    (_S.WORKING, _T.FAILED): _S.CUT_OFF,
    (_S.NEEDS_YOU, _T.WORKING): _S.WORKING,
    (_S.NEEDS_YOU, _T.IDLE): _S.IDLE,
    (_S.NEEDS_YOU, _T.INTERRUPTED): _S.IDLE,
    (_S.NEEDS_YOU, _T.FAILED): _S.CUT_OFF,
    (_S.IDLE, _T.WORKING): _S.WORKING,
    (_S.IDLE, _T.ASKING): _S.NEEDS_YOU,
    # Some agents go back to their prompt before they write down that the turn failed.
    (_S.IDLE, _T.FAILED): _S.CUT_OFF,
    # An agent that sits at its prompt after a failure is still cut off: no way from here by IDLE.
    (_S.CUT_OFF, _T.WORKING): _S.WORKING,
    (_S.CUT_OFF, _T.ASKING): _S.NEEDS_YOU,
    (_S.CUT_OFF, _T.INTERRUPTED): _S.IDLE,
    (_S.PAUSED, _T.CONTINUED): _S.WORKING,
    (_S.ENDED, _T.STARTED): _S.STARTING,
    (_S.LOST, _T.STARTED): _S.STARTING,
    **{(state, _T.PAUSED): _S.PAUSED for state in _ALIVE if state is not _S.PAUSED},
    **{(state, _T.ENDED): _S.ENDED for state in _ALIVE},
    **{(state, _T.KILLED): _S.LOST for state in _ALIVE},
}

_BY_SIGN: Final[Mapping[Sign, Trigger]] = {
    Sign.WORKING: Trigger.WORKING,
    Sign.ASKING: Trigger.ASKING,
    Sign.IDLE: Trigger.IDLE,
    Sign.FAILED: Trigger.FAILED,
    Sign.INTERRUPTED: Trigger.INTERRUPTED,
}


def step(state: State, trigger: Trigger) -> State:
    """The state that follows."""
    return TRANSITIONS.get((state, trigger), state)


def by_sign(sign: Sign) -> Trigger | None:
    """What an agent's sign means for its session; ``None`` for one that says nothing new."""
    return _BY_SIGN.get(sign)
