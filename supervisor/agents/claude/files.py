"""Where Claude Code keeps what it knows: who is alive by PID, conversations by project, jobs by id.

Reads no file: names tell all that is needed to find one.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from supervisor.agents import places
from supervisor.core.model import Transcript

AGENT: Final = "claude"

SESSION_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
REGISTRATION: Final = re.compile(r"([1-9][0-9]{0,9})\.json")


def home(environment: Mapping[str, str], user_home: Path) -> Path:
    """``CLAUDE_CONFIG_DIR``, else ``~/.claude``."""
    named = environment.get("CLAUDE_CONFIG_DIR")
    return Path(named) if named else user_home / ".claude"


def registry_in(home: Path) -> Path:
    """Where each live process has a file named after its PID."""
    return home / "sessions"


def projects_in(home: Path) -> Path:
    """Where the conversations are, in one folder for each working directory."""
    return home / "projects"


def jobs_in(home: Path) -> Path:
    """Where each background session has a folder."""
    return home / "jobs"


def settings_in(home: Path) -> Path:
    """The settings of the user."""
    return home / "settings.json"


def remains(home: Path, session_id: str) -> Iterator[str]:
    """All that is stored of one session, by paths below *home*: files and real folders."""
    if not SESSION_ID.fullmatch(session_id):
        return
    projects = [Path("projects", project.name) for project in _folders(projects_in(home))]
    places = [
        place for project in projects for place in (project / f"{session_id}.jsonl", project / session_id)
    ]
    places += [Path(folder, session_id) for folder in ("file-history", "tasks", "session-env")]
    for place in places:
        with suppress(OSError):
            mode = (home / place).lstat().st_mode
            if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
                yield place.as_posix()


def transcripts(home: Path) -> Iterator[Transcript]:
    """All stored conversations with people. Those of sub-agents are part of theirs."""
    for project in _folders(projects_in(home)):
        with suppress(OSError), os.scandir(project) as entries:
            for entry in entries:
                if found := _transcript(entry):
                    yield found


def find(home: Path, session_id: str) -> Transcript | None:
    """The stored conversation of one session; of several copies the one that was changed last."""
    if not SESSION_ID.fullmatch(session_id):
        return None
    folders = _folders(projects_in(home))
    found = [places.stored(AGENT, session_id, project / f"{session_id}.jsonl") for project in folders]
    return max(filter(None, found), key=lambda transcript: transcript.changed_at, default=None)


def stored_at(home: Path, session_id: str, cwd: str | None) -> str | None:
    """Where the conversation is: most often where its folder says, else anywhere."""
    expected = expected_at(home, session_id, cwd)
    if expected and places.stored(AGENT, session_id, Path(expected)):
        return expected
    found = find(home, session_id)
    return found.where if found else None


def expected_at(home: Path, session_id: str, cwd: str | None) -> str | None:
    """Where the conversation will be: it is written with the first prompt."""
    return str(projects_in(home) / _slug(cwd) / f"{session_id}.jsonl") if cwd else None


def session_id_of(file: str) -> str | None:
    """The id in ``<id>.jsonl``, ``None`` for any other file."""
    stem, dot, suffix = file.rpartition(".")
    return stem if dot and suffix == "jsonl" and SESSION_ID.fullmatch(stem) else None


def _folders(parent: Path) -> Iterator[Path]:
    """The real folders in a folder; links could lead anywhere."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)


def _transcript(entry: os.DirEntry[str]) -> Transcript | None:
    session_id = session_id_of(entry.name)
    if session_id is None:
        return None
    with suppress(OSError):
        return places.described(AGENT, session_id, entry.path, entry.stat(follow_symlinks=False))
    return None


def _slug(cwd: str) -> str:
    """The folder below ``projects`` for a working directory; very long ones get a hash of theirs."""
    return re.sub(r"[^A-Za-z0-9]", "-", cwd)
