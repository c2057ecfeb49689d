"""Where Qwen Code keeps what it knows: who is alive by PID, conversations by project. Reads no file."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from supervisor.agents import places
from supervisor.core.model import Transcript

AGENT: Final = "qwen"

SESSION_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
REGISTRATION: Final = re.compile(r"([1-9][0-9]{0,9})\.json")
#: Our own folder in its home: what each terminal of ours is told, and what it tells.
OURS: Final = "wakeline"


def home(environment: Mapping[str, str], user_home: Path) -> Path:
    """``QWEN_HOME``, else ``~/.qwen``."""
    named = environment.get("QWEN_HOME")
    if not named:
        return user_home / ".qwen"
    below = re.fullmatch(r"~(?:[/\\](.*))?", named)
    return user_home / (below[1] or "") if below else Path(named)


def registry_in(home: Path) -> Path:
    """Where each live process has a file named after its PID."""
    return home / "sessions"


def projects_in(home: Path) -> Path:
    """Where the conversations are, in one folder for each working directory."""
    return home / "projects"


def channels_in(home: Path) -> Path:
    """Where the channels of terminals of ours are."""
    return home / OURS


def transcripts(home: Path) -> Iterator[Transcript]:
    """All stored conversations."""
    for chats in _chats(home):
        with suppress(OSError), os.scandir(chats) as entries:
            for entry in entries:
                session_id = session_id_of(entry.name)
                found = places.stored(AGENT, session_id, Path(entry.path)) if session_id else None
                if found:
                    yield found


def find(home: Path, session_id: str) -> Transcript | None:
    """The stored conversation of one session; of several copies the one that was changed last."""
    if not SESSION_ID.fullmatch(session_id):
        return None
    found = [places.stored(AGENT, session_id, chats / f"{session_id}.jsonl") for chats in _chats(home)]
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
    return str(projects_in(home) / _slug(cwd) / "chats" / f"{session_id}.jsonl") if cwd else None


def remains(home: Path, session_id: str) -> Iterator[str]:
    """All that is stored of one session alone, by paths below *home*."""
    if not SESSION_ID.fullmatch(session_id):
        return
    for chats in _chats(home):
        for place in (chats / f"{session_id}.jsonl", chats / f"{session_id}.runtime.json"):
            with suppress(OSError):
                if stat.S_ISREG(place.lstat().st_mode):
                    yield place.relative_to(home).as_posix()


def session_id_of(file: str) -> str | None:
    """The id in ``<id>.jsonl``, ``None`` for any other file."""
    stem, dot, suffix = file.rpartition(".")
    return stem if dot and suffix == "jsonl" and SESSION_ID.fullmatch(stem) else None


def _chats(home: Path) -> Iterator[Path]:
    """The real folders with conversations; links could lead anywhere."""
    with suppress(OSError), os.scandir(projects_in(home)) as projects:
        for project in projects:
            if project.is_dir(follow_symlinks=False):
                chats = Path(project.path, "chats")
                with suppress(OSError):
                    if stat.S_ISDIR(chats.lstat().st_mode):
                        yield chats


def _slug(cwd: str) -> str:
    """The folder below ``projects`` for a working directory."""
    return re.sub(r"[^A-Za-z0-9]", "-", cwd)
