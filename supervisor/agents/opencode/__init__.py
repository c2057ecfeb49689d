"""OpenCode: all conversations in one SQLite database, what it waits for in one log."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from supervisor.agents.base import Concern, History, OpenLines, Processes, Watched
from supervisor.agents.opencode import store
from supervisor.agents.opencode.history import Conversation
from supervisor.agents.opencode.live import SESSION_ID, sightings, where
from supervisor.agents.opencode.log import Log
from supervisor.agents.opencode.steering import OpenCodeSteering
from supervisor.core.model import Resume, Sighting, Transcript

name: Final = "opencode"
title: Final = "OpenCode"

steering: Final = OpenCodeSteering()

_LOG = "opencode.log"
#: How far each log was read, for the homes looked at last.
_logs: dict[Path, Log] = {}
#: What was last seen of the databases' files there.
_written: dict[Path, tuple[int, int, int]] = {}
_MOST_HOMES = 8
_SAME_TIME_SECONDS = 0.05


def home(environment: Mapping[str, str], user_home: Path) -> Path:
    """Its data folder, by the rules of freedesktop on every system."""
    if (base := environment.get("XDG_DATA_HOME")) and Path(base).is_absolute():
        return Path(base, "opencode")
    return user_home / ".local" / "share" / "opencode"


def watched(home: Path) -> Sequence[Watched]:
    """The database's folder and the log's."""
    return (Watched(home), Watched(home / "log"))


def concern(home: Path, changed: Path) -> tuple[Concern, str | None]:
    """The database's log tells of all conversations at once; the other log of who waits."""
    if changed in (home / store.FILE, home / f"{store.FILE}-wal"):
        return (Concern.ALL_TRANSCRIPTS if _was_written(changed) else Concern.NOTHING), None
    if changed == home / "log" / _LOG:
        return Concern.LIVE, None
    return Concern.NOTHING, None


def _was_written(path: Path) -> bool:
    """Whether there is anything new in it.

    Where it runs as root, SQLite gives the database's log its owner anew whenever it is only read: of
    that we are told as well, and reading again for it would never end.
    """
    try:
        found = path.stat()
    except OSError:
        return True
    before = _written.pop(path, None)
    _written[path] = now = (found.st_ino, found.st_size, found.st_mtime_ns)
    while len(_written) > 2 * _MOST_HOMES:
        del _written[next(iter(_written))]
    # Two changes may have the same time if they follow each other at once.
    return now != before or abs(time.time() - found.st_mtime) < _SAME_TIME_SECONDS


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """The sessions of all live processes.

    Who was killed left a last message that is not completed; its PID is written nowhere, so
    nothing is told here of the dead. See ``meaning.standing``.
    """
    running = [process for process in processes.running() if process.argv]
    line = steering.known(home)
    seen = sightings(home / store.FILE, running, _log(home).read(), line)
    if line is not None:
        line.noticed(running, seen)
    return seen


def transcripts(home: Path) -> Iterator[Transcript]:
    """All stored conversations, in one query; their sizes are not known without reading them."""
    query = "SELECT id, parent_id, time_created, time_updated FROM session"
    return iter(_stored(home, query))


def find(home: Path, session_id: str) -> Transcript | None:
    """The stored conversation of one session."""
    if not SESSION_ID.fullmatch(session_id):
        return None
    query = "SELECT id, parent_id, time_created, time_updated FROM session WHERE id = ?"
    return next(iter(_stored(home, query, session_id)), None)


def open(transcript: Transcript, lines: OpenLines) -> History:  # noqa: A001 (the contract's name)
    """Open a stored conversation; it has no lines."""
    del lines
    database, _, session_id = transcript.where.rpartition("#")
    return Conversation(Path(database), session_id)


def resume(session_id: str, cwd: str | None) -> Resume | None:
    """OpenCode's command; only from the session's own folder, for elsewhere it may hang."""
    if cwd is None or not SESSION_ID.fullmatch(session_id):
        return None
    return Resume(argv=("opencode", "-s", session_id), cwd=cwd)


def _stored(home: Path, query: str, *values: object) -> Sequence[Transcript]:
    database = home / store.FILE
    try:
        with store.opened(database) as connection:
            found = store.rows(connection, query, *values)
    except store.Unreadable:
        return ()
    return [_transcript(database, row) for row in found if _whole(row)]


def _whole(row: store.Row) -> bool:
    return isinstance(row["id"], str) and SESSION_ID.fullmatch(row["id"]) is not None


def _transcript(database: Path, row: store.Row) -> Transcript:
    return Transcript(
        agent=name,
        session_id=row["id"],
        where=where(database, row["id"]),
        changed_at=store.seconds(row["time_updated"]) or 0.0,
        size=0,
        parent_id=store.text(row["parent_id"]),
    )


def _log(home: Path) -> Log:
    if home not in _logs:
        while len(_logs) >= _MOST_HOMES:
            del _logs[next(iter(_logs))]
        _logs[home] = Log(home / "log" / _LOG)
    return _logs[home]
