"""The shape of an agent module, and what it is handed to look at the world.

A module of this package *is* the agent: it has these names at its top level (pre-commit's way).
It knows files and their meaning; it never starts, signals or writes anything.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from supervisor.core.model import Page, Process, Record, Resume, Run, Sighting, Transcript

if TYPE_CHECKING:
    from supervisor.agents.steering import Steering


class Processes(Protocol):
    """What an agent module may ask of the system. Every answer is about this moment."""

    def running(self) -> Sequence[Process]:
        """All processes in view (in tests: only those below one process)."""
        ...

    def find(self, pid: int) -> Process | None:
        """One process, or ``None`` when it is gone or out of view."""
        ...

    def alive(self, run: Run) -> bool:
        """Whether this very process still runs: a reused PID is another process."""
        ...

    def environment(self, pid: int) -> Mapping[str, str]:
        """Its environment at its start; empty when it may not be known."""
        ...

    def listening(self, pid: int) -> Sequence[tuple[str, int]]:
        """Addresses and ports of TCP on which it listens; empty when that may not be known."""
        ...

    def lock_owner(self, path: Path) -> int | None:
        """The PID that holds a lock on this file, or ``None``."""
        ...


class Concern(Enum):
    """What a changed file is about."""

    NOTHING = auto()
    #: Who is alive, and in which state: look again.
    LIVE = auto()
    #: The conversation named beside it has grown (or shrunk, or gone).
    TRANSCRIPT = auto()
    #: Conversations in one store: any of them may have grown.
    ALL_TRANSCRIPTS = auto()


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder to be told of, when it or something in it changes; *depth* levels of folders below."""

    folder: Path
    depth: int = 0


#: A stateful function: fields of one record (parsed JSON) in, its meaning out. It is given the
#: first record of a file first, whatever part of it is read then; entries carry seq 0, 1, 2 ….
Reader = Callable[[Mapping[str, Any]], Record]


class History(Protocol):
    """One transcript, opened: read backwards in pages, followed forwards. Calls may block on disk.

    A transcript that was truncated, replaced or deleted never raises: what is lost is said in an
    entry of kind ``notice``.
    """

    def recent(self) -> Record:
        """What its beginning and its last part say of the session, folded into one record.

        ``entries`` holds the last entry only, ``sign`` the last sign. What is written from here
        on is what ``more`` returns.
        """
        ...

    def more(self) -> Sequence[Record]:
        """What has been written since the last call of ``recent`` or ``more``.

        After much at once it is a part of it: see ``is_behind``.
        """
        ...

    def is_behind(self) -> bool:
        """Whether the last call of ``more`` left something that was written by then: ask again."""
        ...

    def replaced(self) -> bool:
        """Whether, since last asked, numbers given before have lost their meaning."""
        ...

    def page(self, before: int | None, limit: int) -> Page:
        """Up to *limit* entries with a seq below *before* (``None``: the newest)."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class OpenLines(Protocol):
    """How a file of JSON lines becomes a history; handed in, so that agents need not know how."""

    def __call__(self, path: Path, reader: Callable[[], Reader]) -> History:
        """Open *path*; *reader* makes a fresh reader each time one is needed."""
        ...


class Agent(Protocol):
    """Everything that is special about one agent. Read-only; no method raises on bad files."""

    @property
    def name(self) -> str:
        """Its short name, also that of its module: ``claude``."""
        ...

    @property
    def steering(self) -> "Steering":
        """How it is steered; see ``agents.steering``."""
        ...

    @property
    def title(self) -> str:
        """Its name for people: ``Claude Code``."""
        ...

    def home(self, environment: Mapping[str, str], user_home: Path) -> Path:
        """Where it keeps its files, by its own rules."""
        ...

    def watched(self, home: Path) -> Sequence[Watched]:
        """The folders whose changes tell something. They need not exist yet."""
        ...

    def concern(self, home: Path, changed: Path) -> tuple[Concern, str | None]:
        """What the change of this path means, and the session id where it names one."""
        ...

    def look(self, home: Path, processes: Processes) -> Sequence[Sighting]:
        """All sessions of this agent that are alive, or were left behind by a dead process."""
        ...

    def transcripts(self, home: Path) -> Iterator[Transcript]:
        """All stored conversations, by directory entry or index alone, in any order."""
        ...

    def find(self, home: Path, session_id: str) -> Transcript | None:
        """The stored conversation of one session; an id that is not well-formed finds nothing."""
        ...

    def open(self, transcript: Transcript, lines: OpenLines) -> History:
        """Open a stored conversation."""
        ...

    def resume(self, session_id: str, cwd: str | None) -> Resume | None:
        """The agent's own command to bring a session back."""
        ...
