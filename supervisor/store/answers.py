"""Answers given to mutations, by idempotency key: a repeat gets the first answer."""

import time

from supervisor.store.database import Database

_KEPT_FOR = 86_400.0


def given(database: Database, caller: str, key: str) -> tuple[str, int, bytes] | None:
    """Body hash, status and answer of the first call, if there was one."""
    rows = database.rows(
        "SELECT body_hash, status, answer FROM answer WHERE caller = ? AND key = ?", caller, key
    )
    return (rows[0][0], rows[0][1], rows[0][2]) if rows else None


def keep(database: Database, caller: str, key: str, body_hash: str, status: int, answer: bytes) -> None:
    """Keep an answer for a day; on disk when this returns. The first one given stays."""
    now = time.time()
    database.change_soon("DELETE FROM answer WHERE at < ?", now - _KEPT_FOR)
    database.change(
        "INSERT OR IGNORE INTO answer (caller, key, at, body_hash, status, answer) VALUES (?, ?, ?, ?, ?, ?)",
        caller,
        key,
        now,
        body_hash,
        status,
        answer,
    )
