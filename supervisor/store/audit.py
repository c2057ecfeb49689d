"""The audit log: append-only, each line bound to the one before by a hash."""

import hashlib
import json
import time
from collections.abc import Mapping

from supervisor.store.database import Database

_BEGINNING = "wakeline audit log"


def append(database: Database, what: str, details: Mapping[str, str]) -> None:
    """Add one line; on disk when this returns."""
    rows = database.rows("SELECT chain FROM audit ORDER BY seq DESC LIMIT 1")
    before = rows[0][0] if rows else _BEGINNING
    at, text = time.time(), json.dumps(dict(details), sort_keys=True)
    database.change(
        "INSERT INTO audit (at, what, details, chain) VALUES (?, ?, ?, ?)",
        at,
        what,
        text,
        _link(before, at, what, text),
    )


def first_broken_line(database: Database) -> int | None:
    """The number of the first line that was changed or removed from within; ``None``: all is well."""
    before, expected = _BEGINNING, 1
    for seq, at, what, details, chain in database.rows(
        "SELECT seq, at, what, details, chain FROM audit ORDER BY seq"
    ):
        if seq != expected or chain != _link(before, at, what, details):
            return expected
        before, expected = chain, expected + 1
    return None


def _link(before: str, at: float, what: str, details: str) -> str:
    return hashlib.sha256("\n".join((before, repr(at), what, details)).encode()).hexdigest()
