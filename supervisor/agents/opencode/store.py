"""OpenCode's one database, opened for reading, for a moment, and never trusted.

It is in WAL mode: readers and OpenCode do not disturb each other. Where nobody writes (there is no
``-wal``), it is read as immutable, since SQLite would else leave two files beside it.
"""

import json
import sqlite3
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

FILE = "opencode.db"

#: A row by the names of its columns.
Row: TypeAlias = Mapping[str, Any]

#: OpenCode writes for milliseconds; longer means trouble that we do not wait for.
_BUSY_SECONDS = 0.5
#: A query of ours takes milliseconds; a hostile view could take for ever.
_LONGEST_SECONDS = 2.0
_STEPS_BETWEEN_LOOKS = 200_000
#: The largest JSON document that is worth reading for its text.
LARGEST_CHARACTERS = 8 * 1024 * 1024
#: The end of the year 9999 in milliseconds; infinity and "not a number" are beyond as well.
_LARGEST_NUMBER = 253_402_300_799_000
_LARGEST_VALUE_BYTES = 256 * 1024 * 1024


class Unreadable(Exception):
    """The database is not there, not whole, too busy, or of another shape. Its text says which."""


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    """The database, for reading. What goes wrong inside is told as Unreadable."""
    try:
        connection = _connect(database)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise Unreadable(str(error)) from error
    try:
        yield connection
    except (sqlite3.Error, OverflowError) as error:
        raise Unreadable(str(error)) from error
    finally:
        connection.close()


def _connect(database: Path) -> sqlite3.Connection:
    if not stat.S_ISREG(database.lstat().st_mode):
        raise Unreadable("it is no file")
    mode = "mode=ro&immutable=1" if _is_at_rest(database) else "mode=ro"
    address = f"file:{quote(str(database.absolute()))}?{mode}"
    connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)
    connection.row_factory = _by_name
    connection.text_factory = _text
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE_BYTES)
    started = time.monotonic()
    connection.set_progress_handler(
        lambda: int(time.monotonic() - started > _LONGEST_SECONDS), _STEPS_BETWEEN_LOOKS
    )
    return connection


def _is_at_rest(database: Path) -> bool:
    """Whether it is in WAL mode (section 1.3 of SQLite's file format) and nothing waits in its log."""
    try:
        if database.with_name(database.name + "-wal").lstat().st_size > 0:
            return False
    except OSError:
        pass  # no log, as it should be
    with database.open("rb") as file:
        return file.read(20)[18:] == b"\x02\x02"


def _by_name(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def rows(connection: sqlite3.Connection, query: str, *values: object) -> Sequence[Row]:
    """All rows of a query; a table or column that is missing gives none, as in other versions."""
    try:
        return connection.execute(query, values).fetchall()
    except sqlite3.OperationalError as error:
        if str(error).startswith(("no such table", "no such column")):
            return ()
        raise


def row(connection: sqlite3.Connection, query: str, *values: object) -> Row | None:
    """The first row of a query, or ``None``."""
    return next(iter(rows(connection, query, *values)), None)


#: To be put into a query for ``data``: what is too large comes as NULL.
DATA = f"CASE WHEN length(data) <= {LARGEST_CHARACTERS} THEN data END AS data"


def document(value: object) -> Mapping[str, Any]:
    """A JSON object out of a column; empty for anything else."""
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def inner(fields: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The object at the end of these names; empty where there is none."""
    for name in names:
        found = fields.get(name)
        if not isinstance(found, dict):
            return {}
        fields = found
    return fields


def text(value: object) -> str | None:
    """A text that is not empty and that can be written as UTF-8, or ``None``."""
    if not isinstance(value, str) or not value:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:  # half a pair of surrogates, which JSON can spell
        return value.encode("utf-8", "replace").decode()
    return value


def number(value: object) -> float | None:
    """A number that may be a time, a count or a price; ``None`` for truth values and the absurd."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST_NUMBER:
        return value
    return None


def seconds(milliseconds: object) -> float | None:
    """OpenCode's times as ours."""
    found = number(milliseconds)
    return None if found is None else found / 1000
