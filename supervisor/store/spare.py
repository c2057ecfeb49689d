"""Stands in for the state file while nothing can be kept: what could be read of it, in memory.

Nobody from afar is known to it, and no prompt: what was promised on disk waits there, untouched.
"""

import contextlib
import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from supervisor.core.errors import Failed
from supervisor.store.database import Database, Unkept, migrated, open_database

logger = logging.getLogger(__name__)

#: What opens doors or is to be done: a copy may be older than what was revoked or done since.
_LEFT_OUT: Final = ("DELETE FROM device", "DELETE FROM prompt", "DELETE FROM note WHERE name = 'phones'")


def open_or_stand_in(path: Path, nearby: Sequence[Path]) -> Database:
    """The file at *path* with room in it; else a copy in memory, which says why in ``trouble``.

    *nearby*: folders of this user alone, on other disks if possible, where a copy may lie for a moment.
    Raises ``Failed`` for a file of a newer version.
    """
    try:
        database = open_database(path)
    except Unkept as trouble:
        return stand_in(path, nearby, trouble)
    try:
        database.check_room()
    except Unkept as trouble:
        database.close()
        return stand_in(path, nearby, trouble)
    return database


def stand_in(path: Path, nearby: Sequence[Path], trouble: Failed) -> Database:
    """A copy in memory of what can be read; an empty one where nothing can."""
    logger.warning("nothing can be kept: %s", trouble.title)
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    for folder in nearby:
        try:
            _copy(path, folder, connection)
            break
        except (OSError, sqlite3.Error) as problem:
            logger.warning("the state file could not be read by way of %s: %s", folder, problem)
            connection.close()
            connection = sqlite3.connect(":memory:", check_same_thread=False)
    migrated(connection)
    with connection:
        for statement in _LEFT_OUT:
            connection.execute(statement)
    return Database(connection, path, damaged=None, trouble=trouble)


def _copy(path: Path, folder: Path, connection: sqlite3.Connection) -> None:
    """Whoever reads the file where it lies must write beside it: so it is read elsewhere."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="copy-") as name:
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{suffix}", f"{name}/state{suffix}")
        copied = Path(name) / "state"
        if not copied.exists():
            return
        with contextlib.closing(sqlite3.connect(copied)) as source:
            if source.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("it is damaged")
            source.backup(connection)
