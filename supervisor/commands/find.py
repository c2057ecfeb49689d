"""Which session is meant: any unique beginning of an id, or a name."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from supervisor.client import Client
from supervisor.core.errors import NoSuchSession

_STORED_SEARCHED = 1000


def session(client: Client, wanted: str) -> dict[str, Any]:
    """The one session that *wanted* means. Raises ``NoSuchSession`` if there is none, or several."""
    if found := _among(client.get("/api/sessions")["sessions"], wanted):
        return found
    stored = client.get(f"/api/sessions?all=1&limit={_STORED_SEARCHED}")["sessions"]
    if found := _among(stored, wanted):
        return found
    answer: dict[str, Any] = client.get(f"/api/sessions/{quote(wanted, safe='')}")
    return answer


def _among(sessions: Sequence[dict[str, Any]], wanted: str) -> dict[str, Any] | None:
    exact = [s for s in sessions if s["id"] == wanted] or [s for s in sessions if s["name"] == wanted]
    begins = exact or [s for s in sessions if wanted and s["id"].startswith(wanted)]
    if len(begins) > 1:
        some = ", ".join(s["id"] for s in begins[:4])
        raise NoSuchSession(f"{len(begins)} sessions are called {wanted!r}.", f"Say more of the id: {some}")
    return begins[0] if begins else None
