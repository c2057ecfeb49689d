"""One conversation out of the database: pages backwards, news forwards.

Its numbers are those of OpenCode's events. What an import or an older version stored without
events comes before them, numbered by the rows of the parts.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from supervisor.agents.opencode import parts, store
from supervisor.agents.opencode.events import Event, Events
from supervisor.agents.opencode.meaning import Piece, session_facts, standing
from supervisor.core.model import Entry, EntryKind, Facts, Page, Record, Role

#: Events are numbered above all rows, and below 2**53, up to which JavaScript counts exactly.
_FIRST_EVENT = 2**44
#: Entries that one event may tell.
_PLACES = 4
#: How many of the last events are remembered as told when somebody begins to listen.
_LATELY = 400
_MOST_REMEMBERED = 20_000
#: As far back as a page is looked for, in events: a tool that ran for hours has told so many times.
_FARTHEST = 10_000
#: OpenCode's times of one change are some milliseconds apart.
_APART_MILLISECONDS = 1000


class Conversation:
    """One session's history. Owner: whoever opened it; it keeps no connection between calls."""

    def __init__(self, database: Path, session_id: str) -> None:
        """Nothing is read yet."""
        self._database = database
        self._session = session_id
        #: The number of the last event told, and the time of the last change seen.
        self._last = -1
        self._changed_at = 0.0
        #: What was told already, by key, in the order of the last mention.
        self._told: dict[str, None] = {}
        self._since = 0.0
        self._highest = -1
        self._replaced = False
        self._lost = False

    def recent(self) -> Record:
        """What the session's row and its last entries say, folded into one record."""
        try:
            with store.opened(self._database) as connection:
                return self._recent(connection)
        except store.Unreadable as problem:
            return _notice(f"The conversation cannot be read: {problem}")

    def more(self) -> Sequence[Record]:
        """What has been written since; nothing for now while the database cannot be read."""
        try:
            with store.opened(self._database) as connection:
                return tuple(self._more(connection))
        except store.Unreadable:
            return ()

    def is_behind(self) -> bool:
        """Never: one look reads all."""
        return False

    def replaced(self) -> bool:
        """Whether messages were removed or the session was written anew since last asked."""
        replaced, self._replaced = self._replaced, False
        return replaced

    def page(self, before: int | None, limit: int) -> Page:
        """Up to *limit* entries with a seq below *before* (``None``: the newest)."""
        try:
            with store.opened(self._database) as connection:
                connection.execute("BEGIN")
                return _page(connection, self._session, before, max(limit, 1))
        except store.Unreadable as problem:
            return Page(entries=_notice(f"The conversation cannot be read: {problem}").entries, before=None)

    def close(self) -> None:
        """Nothing is held."""

    def _recent(self, connection: sqlite3.Connection) -> Record:
        connection.execute("BEGIN")
        events = Events(connection, self._session, {})
        self._last, self._changed_at = events.last(), _changed_at(connection, self._session)
        self._since = self._changed_at - _APART_MILLISECONDS
        self._replaced = False
        self._lost = _gone(connection, self._session)
        if self._lost:
            return _notice("The conversation is gone")
        lately = islice(events.backwards(None), _LATELY)
        self._told = {piece.key: None for event in lately for piece in event.pieces}
        newest = _page(connection, self._session, None, _LATELY if self._last < 0 else 1)
        if self._last < 0:
            self._told |= {entry.id: None for entry in newest.entries}
        return replace(_now(connection, self._session), entries=tuple(newest.entries[-1:]))

    def _more(self, connection: sqlite3.Connection) -> Iterator[Record]:
        connection.execute("BEGIN")
        events = Events(connection, self._session, {})
        last, changed_at = events.last(), _changed_at(connection, self._session)
        gone, known_lost = _gone(connection, self._session), self._lost
        self._lost = gone
        if gone and not known_lost:
            yield _notice("The conversation is gone")
        if (last, changed_at) == (self._last, self._changed_at):
            return
        if last < self._last:
            self._replaced = True
        elif last > self._last:
            yield from self._news(events.forwards(self._last, last))
        elif last < 0:
            yield from self._new_parts(connection)
        self._last, self._changed_at = last, changed_at
        yield _now(connection, self._session)

    def _news(self, events: Iterator[Event]) -> Iterator[Record]:
        """The entries of new events, each told once."""
        for event in events:
            self._replaced |= event.removed is not None
            entries = tuple(_entry(event, piece) for piece in event.pieces if self._is_new(piece))
            if entries:
                yield Record(entries=entries, at=entries[-1].at)

    def _is_new(self, piece: Piece) -> bool:
        known = piece.key in self._told
        self._told.pop(piece.key, None)
        self._told[piece.key] = None
        if len(self._told) > _MOST_REMEMBERED:
            del self._told[next(iter(self._told))]
        # A tool called before we listened was told by then, however far back its event lies.
        return not known and piece.born >= self._since

    def _new_parts(self, connection: sqlite3.Connection) -> Iterator[Record]:
        """Without events: what the newest parts say and was not told yet."""
        for entry in parts.stored(connection, self._session, None, None, _LATELY):
            if entry.id in self._told or (entry.at or 0.0) * 1000 < self._since:
                continue
            self._told[entry.id] = None
            # A result is numbered beside its call: whoever went on counting has to read again.
            self._replaced |= entry.seq < self._highest
            self._highest = max(self._highest, entry.seq)
            yield Record(entries=(entry,), at=entry.at)


def _changed_at(connection: sqlite3.Connection, session_id: str) -> float:
    """When a message or part last changed, in OpenCode's milliseconds."""
    changes = (
        store.row(connection, f"SELECT max(time_updated) AS at FROM {table} WHERE session_id = ?", session_id)
        for table in ("message", "part")
    )
    return max((store.number(change["at"]) or 0.0 for change in changes if change), default=0.0)


def _gone(connection: sqlite3.Connection, session_id: str) -> bool:
    return store.row(connection, "SELECT id FROM session WHERE id = ?", session_id) is None


def _now(connection: sqlite3.Connection, session_id: str) -> Record:
    """What holds now: the facts of the session, and where its turn stands."""
    stands = standing(connection, session_id)
    session = store.row(connection, "SELECT * FROM session WHERE id = ?", session_id)
    facts = session_facts(session) if session else Facts()
    facts = replace(facts, model=stands.model or facts.model, failure=stands.failure, cause=stands.cause)
    return Record(facts=facts, sign=stands.sign, at=stands.at)


def _entry(event: Event, piece: Piece) -> Entry:
    return piece.at(_FIRST_EVENT + event.seq * _PLACES + piece.place)


def _page(connection: sqlite3.Connection, session_id: str, before: int | None, limit: int) -> Page:
    """One entry more than wanted is looked for: it says whether there is a page before this one."""
    events = Events(connection, session_id, {})
    found: list[Entry] = []
    below = before
    if before is None or before > _FIRST_EVENT:
        found, below = _newest(events, before, limit + 1), None
    if len(found) <= limit:
        wanted = limit + 1 - len(found)
        found = [*parts.stored(connection, session_id, events.began_at(), below, wanted), *found]
    kept = found[-limit:]
    return Page(entries=kept, before=kept[0].seq if len(found) > limit else None)


def _newest(events: Events, before: int | None, limit: int) -> list[Entry]:
    """Up to *limit* entries that events tell below a number, oldest first.

    Parts are told again and again while they change; what counts is the first time. So the search
    goes on until no entry found so far can have been told before.
    """
    found: dict[str, Entry] = {}
    unsure: dict[str, float] = {}
    gone: set[str | None] = set()
    start = None if before is None else (before - _FIRST_EVENT + _PLACES - 1) // _PLACES
    for event in islice(events.backwards(start), _FARTHEST):
        gone.add(event.removed)
        if event.time is not None:
            unsure = {key: born for key, born in unsure.items() if born <= event.time}
        if len(found) >= limit and not unsure:
            break
        for piece in event.pieces:
            entry = _entry(event, piece)
            removed = piece.key.partition("/")[0] in gone or event.message in gone
            if not removed and (before is None or entry.seq < before):
                found[piece.key], unsure[piece.key] = entry, piece.born
    return sorted(found.values(), key=lambda entry: entry.seq)[-limit:]


def _notice(said: str) -> Record:
    entry = Entry(seq=0, id="notice", at=None, role=Role.SYSTEM, kind=EntryKind.NOTICE, text=said)
    return Record(entries=(entry,))
