"""The words of this package, and what is asked of a system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from supervisor.core.model import Process, Run


class Life(Enum):
    """What a process is doing, as far as it matters here."""

    RUNS = auto()
    STOPPED = auto()
    #: It has ended, and nobody has collected it yet.
    ZOMBIE = auto()


class Act(Enum):
    """What may be done to a process."""

    PAUSE = auto()
    RESUME = auto()
    #: Ask it to end.
    ASK = auto()
    #: Tell it that its terminal is gone; shells end by this, and not when they are asked.
    HANG_UP = auto()
    KILL = auto()


class Sent(Enum):
    """What became of an act."""

    DONE = auto()
    #: That very process is no more; nobody else was touched.
    GONE = auto()
    #: The system does not let us, or does not know such an act.
    REFUSED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One process of any user. *session*: the PID of whoever began its session, 0 if unknown."""

    run: Run
    parent_pid: int
    session: int
    life: Life


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Whom pause or resume reached, and who *escaped*: still runs, or could not be told to."""

    runs: tuple[Run, ...]
    escaped: tuple[Process, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What came of stopping.

    *left*: what the tree left behind and was not to be ended. *failed*: what should have ended and
    still exists; only when this is empty may anybody say that it is over.
    """

    ended: tuple[Run, ...]
    left: tuple[Process, ...]
    failed: tuple[Run, ...]


class System(Protocol):
    """What an operating system tells of processes, and does to them."""

    def everyone(self) -> Sequence[Member]:
        """All processes, of whatever user; zombies too."""
        ...

    def is_stopped(self, run: Run) -> bool:
        """Whether this very process is stopped: a cheap first look."""
        ...

    def carries(self, run: Run, marks: Mapping[str, str]) -> bool:
        """Whether one of these variables, with this value, is in its environment."""
        ...

    def described(self, member: Member) -> Process:
        """The same process in words for people."""
        ...

    def do(self, run: Run, act: Act) -> Sent:
        """Do it to this very process, or to nobody."""
        ...
