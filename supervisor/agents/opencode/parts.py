"""Conversations without events, as an import or an older version leaves them: the parts alone."""

import sqlite3
from collections.abc import Iterator

from supervisor.agents.opencode.meaning import error_piece, pieces, role_of
from supervisor.agents.opencode.store import DATA, Row, document, inner, number, row, rows
from supervisor.core.model import Entry

#: Numbers that one part may use: its entries, and the error of its message.
PLACES = 4
_ERROR = 3
_MESSAGE = (
    "CASE WHEN length(message.data) <= 1000000 THEN message.data END AS message, message.id AS message_id,"
    " (SELECT max(other.rowid) FROM part other WHERE other.message_id = message.id) AS last_part"
)


def stored(
    connection: sqlite3.Connection, session_id: str, ended_before: float | None, below: int | None, limit: int
) -> list[Entry]:
    """Up to *limit* of the newest entries with a seq below *below*, oldest first.

    Only parts last written before *ended_before* (in OpenCode's milliseconds) count.
    """
    found: list[Entry] = []
    for part in _newest_first(connection, session_id, ended_before, below):
        entries = (entry for entry in _entries(connection, part) if below is None or entry.seq < below)
        found = [*entries, *found]
        if len(found) >= limit:
            break
    return found[-limit:]


def _newest_first(
    connection: sqlite3.Connection, session_id: str, ended_before: float | None, below: int | None
) -> Iterator[Row]:
    query = (
        f"SELECT rowid AS number, id, message_id, time_created, {DATA} FROM part WHERE session_id = ?"
        " AND rowid <= ? AND time_updated < ? ORDER BY rowid DESC LIMIT 100"
    )
    highest = 2**62 if below is None else below // PLACES
    until = 2**62 if ended_before is None else ended_before
    while found := rows(connection, query, session_id, highest, until):
        yield from found
        highest = found[-1]["number"] - 1


def _entries(connection: sqlite3.Connection, part: Row) -> Iterator[Entry]:
    found = row(connection, f"SELECT {_MESSAGE} FROM message WHERE id = ?", part["message_id"])
    message = document(found["message"]) if found else {}
    first = part["number"] * PLACES
    # An import writes its own time into the row; the message keeps the time at which it was said.
    created_at = number(inner(message, "time").get("created")) or number(part["time_created"]) or 0.0
    for piece in pieces(_named(part), role_of(message.get("role")), created_at):
        yield piece.at(first + piece.place)
    if found and found["last_part"] == part["number"]:
        error = error_piece(message, str(found["message_id"]), created_at)
        if error:
            yield error.at(first + _ERROR)


def _named(part: Row) -> dict[str, object]:
    """A part does not repeat its id in its data."""
    return {**document(part["data"]), "id": part.get("id")}
