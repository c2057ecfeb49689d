"""Where Kimi Code keeps what it knows: a folder for each session, below one for each folder worked in."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supervisor.agents import places
from supervisor.agents.fields import mapping, parsed, seconds, short
from supervisor.agents.regular import opened
from supervisor.core.model import Transcript

AGENT: Final = "kimi"

SESSION_ID: Final = re.compile(r"session_[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
STATE: Final = "state.json"
#: Which folders were worked in last: written at every start.
OPENED: Final = "workspaces.json"
#: The records of its main agent; sub-agents have folders beside that.
WIRE: Final = ("agents", "main", "wire.jsonl")
_LARGEST: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One session by its own description. Times in seconds since 1970."""

    session_id: str
    folder: Path
    cwd: str | None
    title: str | None
    began_at: float
    changed_at: float

    @property
    def wire(self) -> Path:
        """Its records."""
        return self.folder.joinpath(*WIRE)


def home(environment: Mapping[str, str], user_home: Path) -> Path:
    """``KIMI_CODE_HOME``, else ``~/.kimi-code``."""
    named = environment.get("KIMI_CODE_HOME")
    return Path(named) if named else user_home / ".kimi-code"


def sessions_in(home: Path) -> Path:
    """Where each folder that was worked in has one of its own."""
    return home / "sessions"


def folders(home: Path) -> Iterator[tuple[str, Path]]:
    """All sessions with their folders; links could lead anywhere."""
    for workspace in _inside(sessions_in(home)):
        for folder in _inside(workspace):
            if SESSION_ID.fullmatch(folder.name):
                yield folder.name, folder


def folder_of(home: Path, session_id: str) -> Path | None:
    """The folder of one session."""
    if not SESSION_ID.fullmatch(session_id):
        return None
    for workspace in _inside(sessions_in(home)):
        folder = workspace / session_id
        with suppress(OSError):
            if stat.S_ISDIR(folder.lstat().st_mode):
                return folder
    return None


def transcripts(home: Path) -> Iterator[Transcript]:
    """All stored conversations."""
    for session_id, folder in folders(home):
        if found := places.stored(AGENT, session_id, folder.joinpath(*WIRE)):
            yield found


def find(home: Path, session_id: str) -> Transcript | None:
    """The stored conversation of one session."""
    folder = folder_of(home, session_id)
    return places.stored(AGENT, session_id, folder.joinpath(*WIRE)) if folder else None


def described(folder: Path) -> Stored | None:
    """What a session says of itself; ``None`` while it says nothing."""
    try:
        with opened(folder / STATE) as file:
            told = mapping(parsed(file.read(_LARGEST)))
        changed_at = max(_changed_at(folder / STATE), _changed_at(folder.joinpath(*WIRE)))
    except OSError:
        return None
    return Stored(
        session_id=folder.name,
        folder=folder,
        cwd=short(told.get("cwd")),
        title=short(told.get("title")),
        began_at=seconds(told.get("createdAt")) or changed_at,
        changed_at=changed_at,
    )


def changed_at(folder: Path) -> float:
    """When a session was written to last; 0 for one that is not there."""
    return max(_changed_at(folder / STATE), _changed_at(folder.joinpath(*WIRE)))


def remains(home: Path, session_id: str) -> Iterator[str]:
    """All that is stored of one session, by paths below *home*."""
    if folder := folder_of(home, session_id):
        yield folder.relative_to(home).as_posix()


def _changed_at(path: Path) -> float:
    with suppress(OSError):
        return path.lstat().st_mtime
    return 0.0


def _inside(folder: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)
