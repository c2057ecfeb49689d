"""A session and its sub-agents' as documents: ``opencode export`` writes them so, ``import`` reads them."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from supervisor.agents.fields import mapping, parsed, sequence
from supervisor.agents.opencode import store
from supervisor.agents.opencode.live import SESSION_ID
from supervisor.agents.opencode.store import Row, row, rows
from supervisor.core.errors import Failed

Document = Mapping[str, Any]

#: Names of a session's columns and of what they become.
_PLAIN: Final = {
    "id": "id",
    "slug": "slug",
    "project_id": "projectID",
    "workspace_id": "workspaceID",
    "directory": "directory",
    "path": "path",
    "parent_id": "parentID",
    "title": "title",
    "agent": "agent",
    "version": "version",
    "cost": "cost",
}
_JSON: Final = {"model": "model", "metadata": "metadata", "permission": "permission", "revert": "revert"}
_SUMMARY: Final = {"summary_additions": "additions", "summary_deletions": "deletions"} | {
    "summary_files": "files"
}
_TIMES: Final = {"time_created": "created", "time_updated": "updated"} | {
    "time_compacting": "compacting",
    "time_archived": "archived",
}
#: Sub-agents of one session; more is a circle.
_MOST_SESSIONS: Final = 10_000


def documents(database: Path, session_id: str) -> Sequence[Document]:
    """The session first, then those that worked for it; none if it is not stored.

    May block on disk. Raises ``Failed`` when something of it cannot be read.
    """
    if not SESSION_ID.fullmatch(session_id):
        return []
    try:
        with store.opened(database) as connection:
            connection.execute("BEGIN")
            return [_document(connection, found) for found in _family(connection, session_id)]
    except store.Unreadable as trouble:
        if not database.exists():
            return []
        raise _unreadable(str(trouble)) from trouble


def packed(found: Sequence[Document]) -> bytes:
    """The documents as one; the same ones always give the same bytes."""
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def unpacked(export: bytes) -> Iterator[tuple[str, bytes]]:
    """Each document's folder and bytes. Raises ``Failed`` for what ``packed`` did not make."""
    for each in sequence(parsed(export.decode("utf-8", "surrogatepass"))):
        folder = mapping(mapping(each).get("info")).get("directory")
        if not isinstance(folder, str):
            raise _unreadable("a document has no folder")
        yield folder, json.dumps(each, ensure_ascii=True).encode()


def _family(connection: sqlite3.Connection, session_id: str) -> Iterator[Row]:
    first = row(connection, "SELECT * FROM session WHERE id = ?", session_id)
    waiting, seen = [first] if first else [], set[str]()
    while waiting and len(seen) < _MOST_SESSIONS:
        found = waiting.pop(0)
        if found["id"] in seen:
            continue
        seen.add(found["id"])
        yield found
        query = "SELECT * FROM session WHERE parent_id = ? ORDER BY time_created, id"
        waiting += rows(connection, query, found["id"])


def _document(connection: sqlite3.Connection, session: Row) -> Document:
    query = "SELECT id, data FROM message WHERE session_id = ? ORDER BY time_created, id"
    found = connection.execute(query, (session["id"],)).fetchall()
    return {"info": _info(session), "messages": [_message(connection, session["id"], each) for each in found]}


def _message(connection: sqlite3.Connection, session_id: str, message: Row) -> Document:
    query = "SELECT id, data FROM part WHERE message_id = ? ORDER BY id"
    found = connection.execute(query, (message["id"],)).fetchall()
    whose = {"sessionID": session_id}
    parts = [
        {**_whole(part["data"]), "id": part["id"], **whose, "messageID": message["id"]} for part in found
    ]
    return {"info": {**_whole(message["data"]), "id": message["id"], **whose}, "parts": parts}


def _info(session: Row) -> Document:
    spent = {name: session.get(f"tokens_{name}") or 0 for name in ("input", "output", "reasoning")}
    cache = {name: session.get(f"tokens_cache_{name}") or 0 for name in ("read", "write")}
    info = _named(session, _PLAIN)
    info |= {name: parsed(session[column]) for column, name in _JSON.items() if session.get(column)}
    if summary := _named(session, _SUMMARY):
        diffs = session.get("summary_diffs")
        info["summary"] = summary | ({"diffs": parsed(diffs)} if diffs else {})
    if share := session.get("share_url"):
        info["share"] = {"url": share}
    return info | {"tokens": {**spent, "cache": cache}, "time": _named(session, _TIMES)}


def _named(session: Row, names: Mapping[str, str]) -> dict[str, Any]:
    return {name: session[column] for column, name in names.items() if session.get(column) is not None}


def _whole(value: object) -> Mapping[str, Any]:
    found = parsed(value) if isinstance(value, str) else None
    if not isinstance(found, dict):
        raise _unreadable("a message is damaged")
    return found


def _unreadable(why: str) -> Failed:
    return Failed(f"This session cannot be read whole: {why}.", "It stays where it is.")
