"""OpenCode's log of events: every change of every message, numbered for each session from 0 on."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from supervisor.agents.opencode.meaning import Piece, error_piece, pieces, role_of
from supervisor.agents.opencode.store import DATA, Row, document, inner, number, row, rows, text
from supervisor.core.model import Role

_PART = "message.part.updated."
_MESSAGE = "message.updated."
_PART_REMOVED = "message.part.removed."
_MESSAGE_REMOVED = "message.removed."
_CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event, as far as it concerns a transcript. *time*: in OpenCode's milliseconds, if it has one."""

    seq: int
    pieces: tuple[Piece, ...] = ()
    time: float | None = None
    #: The message or part that is no more.
    removed: str | None = None
    #: What the pieces belong to.
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """The events of one session, through one connection."""

    connection: sqlite3.Connection
    session: str
    roles: dict[str, Role]

    def last(self) -> int:
        """The number of the newest event, or -1."""
        found = row(
            self.connection, "SELECT max(seq) AS last FROM event WHERE aggregate_id = ?", self.session
        )
        last = found["last"] if found else None
        return last if isinstance(last, int) else -1

    def began_at(self) -> float | None:
        """The time of the first event that is about a part; ``None`` where there is none."""
        found = row(
            self.connection,
            f"SELECT {DATA} FROM event WHERE aggregate_id = ? AND type LIKE ? ORDER BY seq LIMIT 1",
            self.session,
            f"{_PART}%",
        )
        return number(document(found["data"]).get("time")) if found else None

    def forwards(self, after: int, upto: int) -> Iterator[Event]:
        """Those in between, oldest first, *upto* included."""
        while after < upto:
            found = self._some("seq > ? AND seq <= ? ORDER BY seq", after, upto)
            if not found:
                return
            yield from (self._event(each) for each in found)
            after = found[-1]["seq"]

    def backwards(self, below: int | None) -> Iterator[Event]:
        """Those below a number (``None``: all), newest first."""
        below = self.last() + 1 if below is None else below
        while found := self._some("seq < ? AND seq >= ? ORDER BY seq DESC", below, 0):
            yield from (self._event(each) for each in found)
            below = found[-1]["seq"]

    def _some(self, which: str, *values: int) -> list[Row]:
        query = f"SELECT seq, type, {DATA} FROM event WHERE aggregate_id = ? AND {which} LIMIT {_CHUNK}"
        return [each for each in rows(self.connection, query, self.session, *values) if _whole(each)]

    def _event(self, found: Row) -> Event:
        kind, data, seq = found["type"], document(found["data"]), found["seq"]
        if kind.startswith(_PART):
            return self._part(seq, data)
        if kind.startswith(_MESSAGE):
            return _message(seq, inner(data, "info"))
        if kind.startswith(_PART_REMOVED):
            return Event(seq=seq, removed=text(data.get("partID")))
        if kind.startswith(_MESSAGE_REMOVED):
            return Event(seq=seq, removed=text(data.get("messageID")))
        return Event(seq=seq)

    def _part(self, seq: int, data: Mapping[str, Any]) -> Event:
        part, time = inner(data, "part"), number(data.get("time"))
        message = text(part.get("messageID")) or ""
        told = tuple(pieces(part, self._role(message), time or 0.0))
        return Event(seq=seq, pieces=told, time=time, message=message)

    def _role(self, message_id: str) -> Role:
        if message_id not in self.roles:
            query = (
                "SELECT json_extract(data, '$.role') AS role FROM message WHERE id = ? AND json_valid(data)"
            )
            found = row(self.connection, query, message_id)
            self.roles[message_id] = role_of(found["role"] if found else None)
        return self.roles[message_id]


def _whole(found: Row) -> bool:
    """SQLite puts any kind of value into any column."""
    return isinstance(found["seq"], int) and isinstance(found["type"], str)


def _message(seq: int, message: Mapping[str, Any]) -> Event:
    message_id = text(message.get("id")) or ""
    piece = error_piece(message, message_id, number(inner(message, "time").get("created")) or 0.0)
    return Event(seq=seq, pieces=(piece,) if piece else (), message=message_id)
