"""Lets go of what nobody asks for any more, so that the state file does not grow for ever. Blocking.

Only what can be found again: a session that has ended is in its agent's history, and is listed from there.
"""

import json
from typing import Final

from supervisor.core.model import OVER, State
from supervisor.store.database import Database

#: Seconds for which the picture of an ended session is kept.
_KEPT_FOR: Final = 90 * 86_400.0
#: So many pictures are kept however old they are, and no more than so many however new.
_FEWEST: Final = 1000
_MOST: Final = 10_000
#: What old transcripts say in short, so that they need not be read again.
_MOST_FACTS: Final = 20_000
#: Free pages are given back to the disk when they are more than a quarter, and more than so many bytes.
_WORTH_IT: Final = 1 << 20


def tidy(database: Database, now: float) -> int:
    """Delete what is older than anybody asks for at *now*; the number of sessions deleted."""
    old = [session_id for session_id, picture in _old(database, now) if _is_over(picture)]
    for session_id in old:
        database.change_soon("DELETE FROM session WHERE id = ?", session_id)
    database.change_soon(
        "DELETE FROM facts WHERE place NOT IN (SELECT place FROM facts ORDER BY changed_at DESC LIMIT ?)",
        _MOST_FACTS,
    )
    database.give_back(_WORTH_IT)
    return len(old)


def _old(database: Database, now: float) -> list[tuple[str, str]]:
    """Sessions by id, and their pictures; none of which a job was left running."""
    rows = database.rows(
        "SELECT id, picture, saved_at FROM session ORDER BY saved_at DESC LIMIT -1 OFFSET ?", _FEWEST
    )
    busy = {row[0] for row in database.rows("SELECT DISTINCT session_id FROM job WHERE NOT over")}
    return [
        (session_id, picture)
        for place, (session_id, picture, saved_at) in enumerate(rows, start=_FEWEST)
        if (saved_at < now - _KEPT_FOR or place >= _MOST) and session_id not in busy
    ]


def _is_over(picture: str) -> bool:
    """Whether nobody serves it; a picture that cannot be read serves nobody either."""
    try:
        return State(json.loads(picture)["state"]) in OVER
    except (ValueError, TypeError, KeyError):
        return True
