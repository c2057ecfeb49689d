"""Where Codex keeps what it knows: rollouts by the day they began, locks, and an index in SQLite.

Names alone tell the id, and an id tells its time of birth, so that nothing has to be searched for long.
"""

import json
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from supervisor.agents.codex.rollout import Rollout
from supervisor.agents.fields import mapping, parsed, string
from supervisor.agents.regular import opened
from supervisor.core.model import EntryKind, Role

UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
SESSION_ID: Final = re.compile(UUID)
ROLLOUT: Final = re.compile(rf"rollout-.+-({UUID})\.jsonl")
_LOCK: Final = ".lock"
#: Bytes of a first line; Codex writes its instructions for the model into it.
_LONGEST_HEAD: Final = 4 * 1024 * 1024
#: Bytes in which a conversation has its first prompt.
_LONGEST_START: Final = 1024 * 1024
_SQLITE_SECONDS: Final = 0.2
#: Bytes of a rollout's end in which we look for what we said ourselves.
_LOOK_BACK: Final = 256 * 1024 * 1024
_CHUNK: Final = 1024 * 1024


def sessions_in(home: Path) -> Path:
    """Where the rollouts are, in folders by year, month and day."""
    return home / "sessions"


def locks_in(home: Path) -> Path:
    """Where each process that serves a session holds a lock named after it."""
    return home / "thread-writer-locks"


def locks(home: Path) -> dict[str, Path]:
    """The lock files by their sessions."""
    try:
        found = sorted(locks_in(home).iterdir())
    except OSError:
        return {}
    return {session_id: lock for lock in found if (session_id := locked(lock))}


def locked(lock: Path) -> str | None:
    """The session that a lock is named after."""
    session_id = lock.name.removesuffix(_LOCK)
    return session_id if lock.suffix == _LOCK and SESSION_ID.fullmatch(session_id) else None


def rollouts(home: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All rollouts with their ids, the newest day first. Reads no file."""
    for year in _folders(sessions_in(home)):
        for month in _folders(year):
            for day in _folders(month):
                yield from _rollouts_of(day)


def rollout_of(home: Path, session_id: str) -> Path | None:
    """The rollout of one session, where its birthday says; an id without one is looked for everywhere."""
    born = born_at(session_id)
    if born is None:
        return rollout_anywhere(home, session_id)
    # The neighbours, too: another time zone may have been in force.
    days = (sessions_in(home) / f"{born + timedelta(days=days):%Y/%m/%d}" for days in (0, -1, 1))
    found = (entry.path for day in days for name, entry in _rollouts_of(day) if name == session_id)
    return next(map(Path, found), None)


def rollout_anywhere(home: Path, session_id: str) -> Path | None:
    """The rollout of one session, put by its user into the folder of another day."""
    return next((Path(entry.path) for found, entry in rollouts(home) if found == session_id), None)


def rollout_to_be(home: Path, session_id: str) -> Path | None:
    """Where Codex will write what is said in a session without a word so far."""
    born = born_at(session_id)
    if born is None:
        return None
    name = f"rollout-{born:%Y-%m-%dT%H-%M-%S}-{session_id}.jsonl"
    return sessions_in(home) / f"{born:%Y/%m/%d}" / name


def born_at(session_id: str) -> datetime | None:
    """The local time in an id: version 7 of RFC 9562 begins with milliseconds since 1970."""
    digits = session_id.replace("-", "")
    if digits[12:13] != "7":
        return None
    try:
        return datetime.fromtimestamp(int(digits[:12], 16) / 1000)  # noqa: DTZ006 - folders bear local dates
    except (ValueError, OverflowError, OSError):
        return None


def head_of(rollout: Path) -> Mapping[str, Any]:
    """What the first line holds; nothing if it is not (yet) whole."""
    line = next(_lines(rollout, _LONGEST_HEAD), {})
    return mapping(line.get("payload")) if line.get("type") == "session_meta" else {}


def first_prompt(rollout: Path) -> str | None:
    """The first thing that the user said, if it is near the beginning."""
    read = Rollout()
    for line in _lines(rollout, _LONGEST_START):
        for entry in read(line).entries:
            if entry.role is Role.USER and entry.kind is EntryKind.TEXT:
                return entry.text
    return None


def stored_of(home: Path, session_id: str) -> list[Path]:
    """All files of one session alone: its rollout, also where it was archived, and Codex's mark for it."""
    rollout = rollout_of(home, session_id) or rollout_anywhere(home, session_id)
    archived = [path for path in _names(home / "archived_sessions") if _is_of(path, session_id)]
    mark = home / "tui-thread-reference-capabilities" / session_id
    found = [*([rollout] if rollout else []), *archived]
    return [*found, mark] if found and mark.is_file() else found


def _names(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_of(path: Path, session_id: str) -> bool:
    named = ROLLOUT.fullmatch(path.name)
    return named is not None and named[1] == session_id


def tells_of(home: Path, session_id: str, name: str) -> bool:
    """Whether the rollout of a session holds *name* as a whole value: a message that its client named so."""
    rollout = rollout_of(home, session_id) or rollout_anywhere(home, session_id)
    wanted = json.dumps(name).encode()
    try:
        with opened(rollout or home / "nothing") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LOOK_BACK))
            before = b""
            while chunk := file.read(_CHUNK):
                if wanted in before + chunk:
                    return True
                before = chunk[-len(wanted) :]
    except OSError:
        return False
    return False


def titles(home: Path, session_ids: list[str]) -> Mapping[str, tuple[str | None, str | None]]:
    """Title and chosen name of these sessions, as far as Codex's index has them."""
    marks = ",".join("?" * len(session_ids))
    rows = _ask_index(home, f"SELECT id, title, name FROM threads WHERE id IN ({marks})", session_ids)
    rows = rows or _ask_index(home, f"SELECT id, title, NULL FROM threads WHERE id IN ({marks})", session_ids)
    return {str(row[0]): (string(row[1]), string(row[2])) for row in rows}


def parents(home: Path) -> Mapping[str, str]:
    """Which sub-agent's session belongs to which, by Codex's index."""
    rows = _ask_index(home, "SELECT child_thread_id, parent_thread_id FROM thread_spawn_edges", [])
    return {str(child): str(parent) for child, parent in rows}


def _ask_index(home: Path, question: str, values: list[str]) -> list[tuple[Any, ...]]:
    """Rows of the newest index; none if it is missing, locked, broken or of another shape."""
    found = sorted(home.glob("state_*.sqlite"), key=_generation)
    if not found:
        return []
    # Without a log beside it nobody writes; SQLite would make one, and we write nothing here.
    unused = not os.path.lexists(f"{found[-1]}-wal")
    address = f"{found[-1].absolute().as_uri()}?mode=ro{'&immutable=1' if unused else ''}"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_SQLITE_SECONDS)) as index:
            return index.execute(question, values).fetchall()
    except sqlite3.Error:
        return []


def _generation(index: Path) -> int:
    number = index.stem.removeprefix("state_")
    return int(number) if number.isascii() and number.isdigit() else -1


def _rollouts_of(day: Path | str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    for entry in _listed(day):
        if (named := ROLLOUT.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False):
            yield named[1], entry


def _folders(folder: Path | str) -> Iterator[str]:
    for entry in _listed(folder):
        if entry.name.isdigit() and entry.is_dir(follow_symlinks=False):
            yield entry.path


def _listed(folder: Path | str) -> list[os.DirEntry[str]]:
    """What is in a folder, the last name first; nothing if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name, reverse=True)
    except OSError:
        return []


def _lines(rollout: Path, limit: int) -> Iterator[Mapping[str, Any]]:
    """Whole lines of the first *limit* bytes that hold an object."""
    try:
        with opened(rollout) as file:
            while limit > 0 and (line := file.readline(limit)).endswith(b"\n"):
                limit -= len(line)
                if isinstance(found := parsed(line), dict):
                    yield found
    except OSError:
        return
