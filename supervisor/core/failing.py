"""Why a turn failed or a session was lost, and what that calls for. One word for each, for all agents."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """Why the work stopped."""

    NETWORK = "network unreachable"
    DROPPED = "connection dropped"
    SILENT = "no answer"
    SERVER = "server error"
    OVERLOADED = "overloaded"
    RATE_LIMIT = "rate limit"
    USAGE_LIMIT = "usage limit"
    CONTEXT = "context too long"
    AUTHENTICATION = "authentication"
    PAYMENT = "payment"
    REQUEST = "request refused"
    KILLED = "killed"
    OUT_OF_MEMORY = "out of memory"
    CRASHED = "crashed"
    TERMINAL_CLOSED = "terminal closed"
    SLEPT = "machine slept"
    REBOOTED = "machine rebooted"
    UNKNOWN = "unknown"


class Remedy(StrEnum):
    """What brings the work back."""

    #: Wait until the agent's own endpoint can be reached, then continue the turn.
    REACH = "wait for the network"
    #: The endpoint answers but cannot serve: continue the turn after a growing pause.
    BACK_OFF = "wait and ask again"
    #: Continue the turn when the limit is reset.
    RESET = "wait for the reset"
    #: Start the agent again by its own resume command.
    RESTART = "start it again"
    #: Only a person can help.
    TELL = "needs you"


#: What each cause calls for.
REMEDIES: Final[Mapping[Cause, Remedy]] = {
    Cause.NETWORK: Remedy.REACH,
    Cause.DROPPED: Remedy.REACH,
    Cause.SILENT: Remedy.REACH,
    Cause.SERVER: Remedy.BACK_OFF,
    Cause.OVERLOADED: Remedy.BACK_OFF,
    Cause.RATE_LIMIT: Remedy.BACK_OFF,
    Cause.USAGE_LIMIT: Remedy.RESET,
    Cause.CONTEXT: Remedy.TELL,
    Cause.AUTHENTICATION: Remedy.TELL,
    Cause.PAYMENT: Remedy.TELL,
    Cause.REQUEST: Remedy.TELL,
    Cause.KILLED: Remedy.RESTART,
    Cause.OUT_OF_MEMORY: Remedy.RESTART,
    Cause.CRASHED: Remedy.RESTART,
    Cause.TERMINAL_CLOSED: Remedy.TELL,
    Cause.SLEPT: Remedy.REACH,
    Cause.REBOOTED: Remedy.RESTART,
    Cause.UNKNOWN: Remedy.TELL,
}
