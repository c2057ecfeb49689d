"""Where Copilot CLI keeps what it knows: a folder for each session, with its users by PID and its events."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from supervisor.agents import places
from supervisor.agents.fields import short
from supervisor.agents.regular import opened
from supervisor.core.model import Transcript

AGENT: Final = "copilot"

SESSION_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
IN_USE: Final = re.compile(r"inuse\.([1-9][0-9]{0,9})\.lock")
EVENTS: Final = "events.jsonl"
_WORKSPACE: Final = "workspace.yaml"
_LARGEST: Final = 64 * 1024
#: One line of a flat document: all that we need of it.
_LINE: Final = re.compile(r"([a-z_]+): (.*)")


def home(environment: Mapping[str, str], user_home: Path) -> Path:
    """``COPILOT_HOME``, else ``~/.copilot``."""
    named = environment.get("COPILOT_HOME")
    return Path(named) if named else user_home / ".copilot"


def sessions_in(home: Path) -> Path:
    """Where each session has a folder."""
    return home / "session-state"


def sessions(home: Path) -> Iterator[tuple[str, Path]]:
    """All sessions with their folders; links could lead anywhere."""
    with suppress(OSError), os.scandir(sessions_in(home)) as entries:
        for entry in entries:
            if SESSION_ID.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                yield entry.name, Path(entry.path)


def users(folder: Path) -> Iterator[tuple[int, float]]:
    """Who uses a session, by PID and by the time at which that began."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if named := IN_USE.fullmatch(entry.name):
                with suppress(OSError):
                    yield int(named[1]), entry.stat(follow_symlinks=False).st_mtime


def transcripts(home: Path) -> Iterator[Transcript]:
    """All stored conversations."""
    for session_id, folder in sessions(home):
        if found := places.stored(AGENT, session_id, folder / EVENTS):
            yield found


def find(home: Path, session_id: str) -> Transcript | None:
    """The stored conversation of one session."""
    if not SESSION_ID.fullmatch(session_id):
        return None
    folder = sessions_in(home) / session_id
    with suppress(OSError):
        if stat.S_ISDIR(folder.lstat().st_mode):
            return places.stored(AGENT, session_id, folder / EVENTS)
    return None


def described(folder: Path) -> Mapping[str, str]:
    """What a session's own description says: its folder, branch and name."""
    with suppress(OSError), opened(folder / _WORKSPACE) as file:
        lines = file.read(_LARGEST).decode("utf-8", "replace").splitlines()
        found = (_LINE.fullmatch(line) for line in lines)
        return {each[1]: _unquoted(each[2]) for each in found if each and short(each[2])}
    return {}


def remains(home: Path, session_id: str) -> Iterator[str]:
    """All that is stored of one session, by paths below *home*."""
    if not SESSION_ID.fullmatch(session_id):
        return
    folder = sessions_in(home) / session_id
    with suppress(OSError):
        if stat.S_ISDIR(folder.lstat().st_mode):
            yield folder.relative_to(home).as_posix()


def _unquoted(value: str) -> str:
    for quote in ("'", '"'):
        if len(value) > 1 and value.startswith(quote) and value.endswith(quote):
            return value[1:-1].replace("''", "'")
    return value
