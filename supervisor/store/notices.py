"""What people were told, as one small document: it is short, and read once."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from supervisor.core.notice import Level, Notice, NoticeKind
from supervisor.store import notes
from supervisor.store.database import Database

_NAME: Final = "notices"


def save(database: Database, told: Sequence[Notice]) -> None:
    """Keep these, oldest first, instead of those before; on disk when this returns."""
    notes.write(database, _NAME, json.dumps([asdict(one) for one in told]))


def load(database: Database) -> tuple[Notice, ...]:
    """What was kept; what another version has written and we do not understand is left out."""
    try:
        rows = json.loads(notes.read(database, _NAME) or "[]")
    except ValueError:
        return ()
    read = (_read(row) for row in rows) if isinstance(rows, list) else ()
    return tuple(notice for notice in read if notice)


def _read(row: Any) -> Notice | None:
    try:
        return Notice(
            **{
                **row,
                "kind": NoticeKind(row["kind"]),
                "level": Level(row["level"]),
                "members": tuple(row["members"]),
            }
        )
    except (TypeError, KeyError, ValueError):
        return None
