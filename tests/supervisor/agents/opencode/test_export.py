"""Sessions as documents that OpenCode imports."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.agents.opencode.export import documents, packed, unpacked
from supervisor.core.errors import Failed

SESSION = "ses_e02dc9a07ffexCccv43pS8cPw8"
CHILD, GRANDCHILD = "ses_e0133e35effep49UhLqB29qw7q", "ses_e01379548ffe4NaKdu9lhN3wQ3"

Recorded = Callable[[str], sqlite3.Connection]


def _child(writer: sqlite3.Connection, name: str, parent: str) -> None:
    names = [row[1] for row in writer.execute("PRAGMA table_info(session)")]
    columns = ", ".join(column for column in names if column not in ("id", "parent_id"))
    writer.execute(
        f"INSERT INTO session (id, parent_id, {columns}) SELECT ?, ?, {columns} FROM session WHERE id = ?",
        (name, parent, SESSION),
    )


def test_a_session_is_told_with_all_its_messages(home: Path, recorded: Recorded) -> None:
    """The document has the session, each message in its order, and each part of it with all its ids."""
    writer = recorded("tools-denied-interrupted-failed")

    (document,) = documents(home / "opencode.db", SESSION)

    info, messages = document["info"], document["messages"]
    assert (info["id"], info["directory"], info["version"]) == (
        SESSION,
        "/home/user/projects/alpha",
        "1.18.33",
    )
    assert set(info["time"]) == {"created", "updated"}
    assert len(messages) == writer.execute("SELECT count(*) FROM message").fetchone()[0]
    parts = [part for message in messages for part in message["parts"]]
    assert len(parts) == writer.execute("SELECT count(*) FROM part").fetchone()[0]
    assert {part["sessionID"] for part in parts} == {SESSION}
    assert all(
        part["messageID"] == message["info"]["id"] for message in messages for part in message["parts"]
    )
    assert [message["info"]["time"]["created"] for message in messages] == sorted(
        message["info"]["time"]["created"] for message in messages
    )


def test_sub_agents_come_along_after_whom_they_work_for(home: Path, recorded: Recorded) -> None:
    """The sessions of sub-agents, and of theirs, are documents of their own, in an order to import them."""
    writer = recorded("tools-denied-interrupted-failed")
    _child(writer, CHILD, SESSION)
    _child(writer, GRANDCHILD, CHILD)

    found = [document["info"] for document in documents(home / "opencode.db", SESSION)]

    assert [info["id"] for info in found] == [SESSION, CHILD, GRANDCHILD]
    assert [info.get("parentID") for info in found] == [None, SESSION, CHILD]


def test_sessions_in_a_circle_are_told_once(home: Path, recorded: Recorded) -> None:
    """A database that makes no sense does not make an endless export."""
    writer = recorded("tools-denied-interrupted-failed")
    _child(writer, CHILD, SESSION)
    writer.execute("UPDATE session SET parent_id = ? WHERE id = ?", (CHILD, SESSION))

    assert [one["info"]["id"] for one in documents(home / "opencode.db", SESSION)] == [SESSION, CHILD]


def test_what_is_packed_comes_out_again(home: Path, recorded: Recorded) -> None:
    """The same session gives the same bytes; each document comes out with the folder it belongs to."""
    recorded("tools-denied-interrupted-failed")
    found = documents(home / "opencode.db", SESSION)

    ((folder, document),) = unpacked(packed(found))

    assert packed(found) == packed(documents(home / "opencode.db", SESSION))
    assert folder == "/home/user/projects/alpha"
    assert json.loads(document) == found[0]


@pytest.mark.parametrize("session_id", ["ses_e02dc9a07ffexCccv43pS8cPw9", "", "../x", "ses_%"])
def test_what_is_not_stored_is_no_document(home: Path, recorded: Recorded, session_id: str) -> None:
    """An id that is none, or nobody's, exports nothing."""
    recorded("tools-denied-interrupted-failed")

    assert documents(home / "opencode.db", session_id) == []


def test_where_nothing_is_stored_there_is_nothing(tmp_path: Path) -> None:
    """Without a database there is no document, and none is made."""
    assert documents(tmp_path / "opencode.db", SESSION) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE part SET data = '{' WHERE rowid = 5",
        "UPDATE message SET data = '[]' WHERE rowid = 5",
        "UPDATE message SET data = x'ff' WHERE rowid = 5",
        "DROP TABLE part",
        "ALTER TABLE message RENAME COLUMN data TO content",
    ],
)
def test_half_a_session_is_never_exported(home: Path, recorded: Recorded, damage: str) -> None:
    """What cannot be read whole is not put into the trash."""
    recorded("tools-denied-interrupted-failed").execute(damage)

    with pytest.raises(Failed):
        documents(home / "opencode.db", SESSION)


def test_a_broken_database_is_no_empty_one(home: Path) -> None:
    """A file that is no database fails; it does not look like a session that is not there."""
    (home / "opencode.db").write_bytes(b"\0" * 5000)

    with pytest.raises(Failed):
        documents(home / "opencode.db", SESSION)


def test_only_whole_documents_come_back() -> None:
    """What was not packed here is not given to OpenCode."""
    with pytest.raises(Failed):
        list(unpacked(b'[{"info": {}}]'))
    assert list(unpacked(b"nonsense")) == []
