"""The sqlite file: opened, migrated, and set aside when it is damaged. Blocking; one thread at a time."""

import contextlib
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from supervisor.core.errors import Failed

logger = logging.getLogger(__name__)

#: Bytes that must be free before anything is begun that is to be kept.
_ROOM: Final = 256 * 1024
#: Forward only: each step leads from one version of the file to the next.
MIGRATIONS: Final[Sequence[str]] = (
    """
    CREATE TABLE session (
        id TEXT PRIMARY KEY, agent TEXT NOT NULL, saved_at REAL NOT NULL, picture TEXT NOT NULL
    );
    CREATE TABLE device (
        id TEXT PRIMARY KEY, label TEXT NOT NULL, scope TEXT NOT NULL, public_key BLOB NOT NULL,
        paired_at REAL NOT NULL, last_seen_at REAL, last_address TEXT
    );
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, what TEXT NOT NULL, details TEXT NOT NULL,
        chain TEXT NOT NULL
    );
    CREATE TABLE answer (
        caller TEXT NOT NULL, key TEXT NOT NULL, at REAL NOT NULL, body_hash TEXT NOT NULL,
        status INTEGER NOT NULL, answer BLOB NOT NULL, PRIMARY KEY (caller, key)
    );
    CREATE TABLE facts (
        place TEXT PRIMARY KEY, size INTEGER NOT NULL, changed_at REAL NOT NULL, picture TEXT NOT NULL
    );
    CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
    """
    CREATE TABLE prompt (
        id TEXT PRIMARY KEY, session_id TEXT NOT NULL, agent TEXT NOT NULL, text TEXT NOT NULL,
        when_ TEXT NOT NULL, by TEXT NOT NULL, at REAL NOT NULL, state TEXT NOT NULL, moved_at REAL, note TEXT
    );
    """,
    """
    ALTER TABLE prompt ADD COLUMN job_pid INTEGER;
    ALTER TABLE prompt ADD COLUMN job_since_boot REAL;
    ALTER TABLE prompt ADD COLUMN due_at REAL;
    ALTER TABLE prompt ADD COLUMN met INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE job (
        session_id TEXT NOT NULL, pid INTEGER NOT NULL, since_boot REAL NOT NULL, over INTEGER NOT NULL,
        saved_at REAL NOT NULL, picture TEXT NOT NULL, PRIMARY KEY (session_id, pid, since_boot)
    );
    """,
)


class Unkept(Failed):
    """The place is not well: no room, no permission, no disk. What is there may be."""


class Database:
    """Owns the connection. ``damaged`` names where a damaged predecessor was put, if there was one.

    ``trouble``: why nothing can be kept; then this is a copy in memory, see ``spare``.
    Where a process's start is known by the machine's start, it is kept as seconds since that: *booted_at*
    is another time after the clock was set, and the process is still the same.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        damaged: Path | None,
        trouble: Failed | None = None,
    ) -> None:
        """Use ``open_database``."""
        self._connection = connection
        self._path = path
        self.damaged = damaged
        self.trouble = trouble
        self.booted_at = 0.0

    def since_boot(self, started_at: float) -> float:
        """The start of a process as it is kept."""
        return round(started_at - self.booted_at, 4) if self.booted_at else started_at

    def started_at(self, since_boot: float) -> float:
        """The start of a process as it is told now."""
        return self.booted_at + since_boot

    def check_room(self) -> None:
        """Raises ``Unkept`` where nothing more could be kept: then nothing should be begun either."""
        if self.trouble:
            raise Unkept(self.trouble.title, self.trouble.hint)
        if not os.access(self._path, os.W_OK) or not os.access(self._path.parent, os.W_OK):
            raise Unkept("The state folder is read-only.", f"Nothing was done. See {self._path.parent}")
        with _said_plainly():
            free = shutil.disk_usage(self._path.parent).free
        if free < _ROOM:
            raise Unkept("The disk is full.", "Nothing was done. Make room; agents go on meanwhile.")

    def rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask."""
        with _said_plainly():
            return self._connection.execute(question, values).fetchall()

    def change(self, statement: str, *values: Any) -> int:
        """Change something; it is on disk when this returns. Gives the number of rows changed."""
        if self.trouble:
            raise Unkept(self.trouble.title, self.trouble.hint)
        with _said_plainly(), self._connection:
            return self._connection.execute(statement, values).rowcount

    def change_soon(self, statement: str, *values: Any) -> None:
        """Change something that may be lost by a power cut, never by a crash of ours."""
        with _said_plainly():
            self._connection.execute("PRAGMA synchronous=NORMAL")
            try:
                with self._connection:
                    self._connection.execute(statement, values)
            finally:
                self._connection.execute("PRAGMA synchronous=FULL")

    def give_back(self, worth_it: int) -> None:
        """Give free pages back to the disk, where they are more than a quarter and *worth_it* bytes."""
        free, pages, size = (
            self.rows(f"PRAGMA {name}")[0][0] for name in ("freelist_count", "page_count", "page_size")
        )
        if free * size > worth_it and free * 4 > pages:
            with _said_plainly():
                self._connection.execute("VACUUM")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def open_database(path: Path) -> Database:
    """Open or make the file at *path*.

    A damaged file is set aside, never deleted. Raises ``Failed`` when the folder cannot be
    written, or when a newer version of Wakeline has written the file.
    """
    with _said_plainly():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return Database(_connect(path), path, damaged=None)
        except sqlite3.OperationalError:
            # The file is well, the place is not: no room, no permission, in use.
            raise
        except (sqlite3.DatabaseError, UnicodeDecodeError) as damage:
            aside = _set_aside(path)
            logger.warning("the state file was damaged (%s); it is kept as %s", damage, aside)
            return Database(_connect(path), path, damaged=aside)


def look_into(path: Path) -> Database:
    """Open the file for reading only, beside a supervisor that writes to it. Raises ``Failed``."""
    with _said_plainly():
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
        try:
            _check(connection)
        except BaseException:
            connection.close()
            raise
        return Database(connection, path, damaged=None)


def _connect(path: Path) -> sqlite3.Connection:
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, check_same_thread=False, timeout=5.0)
    # A bit that flipped within a text costs that text, not the start.
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    try:
        _check(connection)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        # macOS: a plain fsync is no barrier there. Ignored elsewhere.
        connection.execute("PRAGMA fullfsync=ON")
        migrated(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)
    if _version(connection) > len(MIGRATIONS):
        raise Failed(
            "A newer version of Wakeline has written the state file.",
            "Install that version again; nothing was changed.",
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrated(connection: sqlite3.Connection) -> None:
    """Bring it to the newest version."""
    version = _version(connection)
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script} PRAGMA user_version={number}; COMMIT;")


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


@contextlib.contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as trouble:
        raise Unkept(
            f"The state file cannot be used: {trouble}.", "Is the disk full or read-only?"
        ) from trouble
    except OSError as trouble:
        raise Unkept(
            f"The state folder cannot be used: {trouble.strerror}.", "Is the disk full or read-only?"
        ) from trouble
