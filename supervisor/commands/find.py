"""Which session is meant: any unique beginning of an id, or a name."""

import re
from collections.abc import Sequence
from typing import Any

from supervisor.client import Client
from supervisor.core.errors import NoSuchSession

_STORED_SEARCHED = 1000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


def session(client: Client, wanted: str) -> dict[str, Any]:
    """The one session that *wanted* means. Raises ``NoSuchSession`` if there is none, or several."""
    if found := _among(client.get("/api/sessions")["sessions"], wanted):
        return found
    stored = client.get(f"/api/sessions?all=1&limit={_STORED_SEARCHED}")["sessions"]
    if found := _among(stored, wanted):
        return found
    if not _ID.fullmatch(wanted):
        raise NoSuchSession(f"No session is called {wanted[:80]!r}.", "See: wakeline ls --all")
    answer: dict[str, Any] = client.get(f"/api/sessions/{wanted}")
    return answer


def _among(sessions: Sequence[dict[str, Any]], wanted: str) -> dict[str, Any] | None:
    exact = [s for s in sessions if s["id"] == wanted] or [s for s in sessions if s["name"] == wanted]
    begins = exact or [s for s in sessions if wanted and s["id"].startswith(wanted)]
    if len(begins) > 1:
        some = ", ".join(s["id"] for s in begins[:4])
        raise NoSuchSession(f"{len(begins)} sessions are called {wanted!r}.", f"Say more of the id: {some}")
    return begins[0] if begins else None
