"""Conversations of OpenCode: pages, news, and what is lost."""

import json
import sqlite3
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents import opencode
from supervisor.agents.opencode.history import Conversation
from supervisor.core.model import Entry, EntryKind, Role, Sign

SESSION = "ses_e02dc9a07ffexCccv43pS8cPw8"
IMPORTED = "ses_e02d68df0ffeBRppN1ThqboY6j"

Recorded = Callable[[str], sqlite3.Connection]


def _conversation(home: Path, session: str = SESSION) -> Conversation:
    return Conversation(home / "opencode.db", session)


def _all(conversation: Conversation, limit: int = 1000) -> list[Entry]:
    """All entries, page by page."""
    found: list[Entry] = []
    before = None
    while True:
        page = conversation.page(before, limit)
        found = [*page.entries, *found]
        if (before := page.before) is None:
            return found


def _said(entries: list[Entry]) -> list[tuple[str, str, str]]:
    return [(entry.role.value, entry.kind.value, entry.text) for entry in entries]


TOLD = [
    ("user", "text", "hello %%slow:3%% there"),
    ("assistant", "text", "word0 word1 word2 word3 word4 word5"),
    ("user", "text", "do %%tool:sleep 2; touch g1.txt%%"),
    ("assistant", "tool_call", "sleep 2; touch g1.txt"),
    ("tool", "tool_result", "(no output)"),
    ("assistant", "text", "Finished tool (sleep 2; touch g1.txt). Tool results seen: 1."),
    ("user", "text", "do %%tool:touch g2.txt%%"),
    ("assistant", "tool_call", "touch g2.txt"),
    ("tool", "tool_result", "The user rejected permission to use this specific tool call."),
    ("user", "text", "long %%slow:30%%"),
    ("assistant", "text", "word0 word1 word2 word3 word4 word5 word6 word7"),
    ("system", "notice", "Interrupted"),
    ("user", "text", "bad %%400%%"),
    ("system", "error", "fake 400 error"),
]


def test_a_conversation_is_told_in_its_order(home: Path, recorded: Recorded) -> None:
    """Prompts, answers, tools, an interruption and an error come once each, as they happened."""
    recorded("tools-denied-interrupted-failed")

    entries = _all(_conversation(home))

    assert _said(entries) == TOLD
    assert [entry.tool for entry in entries if entry.tool] == ["bash"] * 4
    assert all(near.seq < far.seq for near, far in pairwise(entries))
    assert len({entry.id for entry in entries}) == len(entries)


@pytest.mark.parametrize("limit", range(1, 16))
@pytest.mark.parametrize(
    ("name", "session"),
    [
        ("tools-denied-interrupted-failed", SESSION),
        ("imported-and-resumed", IMPORTED),
        ("rows-without-events", "ses_e033cc47cffe5ZKTbpLGNhVKJJ"),
    ],
)
def test_pages_of_any_size_make_the_whole(
    home: Path, recorded: Recorded, limit: int, name: str, session: str
) -> None:
    """Whatever the size of the pages, together they are the same conversation, without hole or double."""
    recorded(name)

    by_pages = _all(_conversation(home, session), limit)

    assert by_pages == _all(_conversation(home, session))
    assert by_pages


def test_news_and_pages_agree_at_every_moment(home: Path, replay: Any) -> None:
    """Whenever somebody begins to listen, what there was and what comes make the whole, each entry once."""
    listeners: list[tuple[Conversation, list[Entry]]] = []
    for number in range(len(replay.events)):
        if number % 3 == 0:
            listener = _conversation(home)
            listener.recent()
            listeners.append((listener, _all(listener)))
        replay.write()
        for conversation, heard in listeners:
            heard += [entry for record in conversation.more() for entry in record.entries]

    whole = _all(_conversation(home))

    assert _said(whole) == TOLD
    assert all(heard == whole for _, heard in listeners)
    assert not any(conversation.replaced() for conversation, _ in listeners)


def test_the_sign_follows_the_turn(home: Path, replay: Any) -> None:
    """A turn works until it ends well, is denied, is interrupted or fails; each change is told."""
    conversation = _conversation(home)
    conversation.recent()
    signs: list[Sign] = []
    failures = []
    for _ in replay.events:
        replay.write()
        for record in conversation.more():
            if record.sign is not None and signs[-1:] != [record.sign]:
                signs.append(record.sign)
            if record.facts and record.facts.failure:
                failures.append(record.facts.failure)

    end = _conversation(home).recent()

    assert signs == [
        *(Sign.WORKING, Sign.IDLE, Sign.WORKING, Sign.IDLE),
        *(Sign.WORKING, Sign.INTERRUPTED, Sign.WORKING, Sign.INTERRUPTED, Sign.WORKING, Sign.FAILED),
    ]
    assert set(failures) == {"fake 400 error"}
    assert end.sign is Sign.FAILED


def test_recent_knows_the_session(home: Path, recorded: Recorded) -> None:
    """Title, model, version, folder, tokens and price come with the last entry."""
    recorded("tools-denied-interrupted-failed")

    recent = _conversation(home).recent()

    assert recent.facts is not None
    assert recent.facts.title == "word0 word1 word2 word3 word4 word5"
    assert recent.facts.model == "fake-model"
    assert recent.facts.agent_version == "1.18.33"
    assert recent.facts.cwd == "/home/user/projects/alpha"
    assert (recent.facts.tokens, recent.facts.cost_usd) == (480, 0.0)
    assert [entry.text for entry in recent.entries] == ["fake 400 error"]


def test_an_import_comes_before_what_was_added(home: Path, recorded: Recorded) -> None:
    """Parts that were imported have no events; they stand before those that have."""
    recorded("imported-and-resumed")

    entries = _all(_conversation(home, IMPORTED))

    assert [entry.text for entry in entries] == [
        "hello %%slow:20%%",
        '"and again"',
        'Echo: "and again"',
        '"after import"',
        'Echo: "after import"',
    ]
    assert [entry.seq for entry in entries] == sorted(entry.seq for entry in entries)


def test_without_events_the_parts_are_told(home: Path, recorded: Recorded) -> None:
    """An older version's store, without events, is read and followed all the same."""
    session = "ses_e033cc47cffe5ZKTbpLGNhVKJJ"
    writer = recorded("rows-without-events")
    writer.execute("DROP TABLE event")
    conversation = _conversation(home, session)
    conversation.recent()
    message, part = _answer(session, 1_795_250_000_000)
    _insert(writer, "message", message)
    _insert(writer, "part", part)

    news = [entry for record in conversation.more() for entry in record.entries]

    assert [entry.text for entry in news] == ["a later answer"]
    assert _all(conversation)[-1] == news[-1]
    assert conversation.more() == ()


def _answer(session: str, at: int) -> tuple[dict[str, Any], dict[str, Any]]:
    times = {"session_id": session, "time_created": at, "time_updated": at}
    said = {"type": "text", "text": "a later answer", "time": {"start": at, "end": at}}
    message = {"role": "assistant", "time": {"created": at, "completed": at}, "finish": "stop"}
    return (
        {"id": "msg_zz", **times, "data": json.dumps(message)},
        {"id": "prt_zz", "message_id": "msg_zz", **times, "data": json.dumps(said)},
    )


def _insert(writer: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    columns, places = ", ".join(row), ", ".join("?" for _ in row)
    writer.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", tuple(row.values()))


def _event(writer: sqlite3.Connection, seq: int, kind: str, data: dict[str, Any]) -> None:
    row = {"id": f"evt_{seq}", "aggregate_id": SESSION, "seq": seq, "type": kind, "data": json.dumps(data)}
    _insert(writer, "event", row)


def test_removed_messages_are_gone_and_said_to_be(home: Path, recorded: Recorded) -> None:
    """When OpenCode takes back a turn, its entries leave the pages and earlier numbers lose their meaning."""
    writer = recorded("tools-denied-interrupted-failed")
    conversation = _conversation(home)
    conversation.recent()
    (message,) = writer.execute("SELECT message_id FROM part WHERE data LIKE '%bad %%400%%'").fetchone()
    _event(writer, 1000, "message.removed.1", {"sessionID": SESSION, "messageID": message})
    _event(writer, 1001, "message.part.removed.1", {"partID": "prt_1fd23cff7001xhplRoz7dt3HRQ"})

    conversation.more()

    assert conversation.replaced()
    assert not conversation.replaced()
    texts = [entry.text for entry in _all(conversation)]
    assert "bad %%400%%" not in texts
    assert not any(text.startswith("word0 word1 word2 word3 word4 word5 word6") for text in texts)


def test_a_session_written_anew_is_replaced(home: Path, recorded: Recorded) -> None:
    """When a session's events begin again, what was read before has lost its numbers."""
    writer = recorded("tools-denied-interrupted-failed")
    conversation = _conversation(home)
    conversation.recent()
    writer.execute("DELETE FROM event WHERE seq > 20")

    conversation.more()

    assert conversation.replaced()


def test_a_deleted_session_is_told_once(home: Path, recorded: Recorded) -> None:
    """A session that its user deleted ends in one notice, and never raises."""
    writer = recorded("tools-denied-interrupted-failed")
    conversation = _conversation(home)
    conversation.recent()
    writer.execute("DELETE FROM session")

    first, second = conversation.more(), conversation.more()

    assert [entry.kind for record in first for entry in record.entries] == [EntryKind.NOTICE]
    assert [entry for record in second for entry in record.entries] == []
    assert _conversation(home).recent().entries[0].kind is EntryKind.NOTICE


def test_a_missing_database_is_a_notice(home: Path) -> None:
    """Without a database there is a notice to read, no news, and nothing is created."""
    conversation = _conversation(home)

    page, recent, more = conversation.page(None, 5), conversation.recent(), conversation.more()

    assert [entry.role for entry in page.entries] == [Role.SYSTEM]
    assert page.before is None
    assert [entry.kind for entry in recent.entries] == [EntryKind.NOTICE]
    assert more == ()
    assert not (home / "opencode.db").exists()


def test_a_busy_database_is_read_later(home: Path, replay: Any) -> None:
    """While the database is locked there are no news; afterwards none are missing."""
    conversation = _conversation(home)
    replay.write(3)
    conversation.recent()
    replay.write(40)
    replay.writer.execute("PRAGMA journal_mode = DELETE")
    replay.writer.execute("BEGIN EXCLUSIVE")

    locked = conversation.more()
    replay.writer.execute("COMMIT")

    assert locked == ()
    later = [entry for record in conversation.more() for entry in record.entries]
    assert _said(later) == TOLD[1:7]


def test_reading_leaves_no_file_behind(home: Path, recorded: Recorded) -> None:
    """A database that nobody has open is read without a trace beside it."""
    recorded("tools-denied-interrupted-failed").close()

    _all(_conversation(home))
    _conversation(home).recent()

    assert sorted(path.name for path in home.iterdir()) == ["log", "opencode.db"]


def test_a_tool_that_talks_for_hours_is_one_call(home: Path, recorded: Recorded) -> None:
    """A running tool tells its output again and again; the call stays where it began."""
    writer = recorded("tools-denied-interrupted-failed")
    part = {"id": "prt_long", "messageID": "msg_x", "type": "tool", "tool": "bash"}
    start = 1_795_249_000_000
    for number in range(2000):
        state = {"status": "running", "input": {"command": "make"}, "time": {"start": start}}
        data = {"part": {**part, "state": state}, "time": start + number}
        _event(writer, 1000 + number, "message.part.updated.1", data)
    conversation = _conversation(home)
    conversation.recent()
    ended: dict[str, Any] = {"status": "completed", "input": {"command": "make"}, "output": "ok"}
    ended["time"] = {"start": start, "end": start + 5000}
    _event(writer, 3000, "message.part.updated.1", {"part": {**part, "state": ended}, "time": start + 5000})

    news = [entry for record in conversation.more() for entry in record.entries]
    page = conversation.page(None, 3)

    assert [entry.kind for entry in news] == [EntryKind.TOOL_RESULT]
    assert [entry.text for entry in page.entries] == ["fake 400 error", "make", "ok"]
    assert page.entries[1].seq - 2**44 == 4000


def test_pruned_results_are_not_told_again(home: Path, recorded: Recorded) -> None:
    """When OpenCode drops old output to save space, the transcript stays as it was."""
    writer = recorded("tools-denied-interrupted-failed")
    before = _all(_conversation(home))
    conversation = _conversation(home)
    conversation.recent()
    (data,) = writer.execute("SELECT data FROM event WHERE seq = 26").fetchone()
    pruned = json.loads(data)
    pruned["part"]["state"]["time"]["compacted"] = pruned["time"] = 1_795_250_000_000
    _event(writer, 1000, "message.part.updated.1", pruned)

    news = [entry for record in conversation.more() for entry in record.entries]

    assert news == []
    assert _all(conversation) == before


HOSTILE: list[Any] = [
    None,
    7,
    [],
    {},
    {"part": []},
    {"part": {"type": "text", "text": 5}},
    {"part": {"type": "text", "text": "\ud800", "id": "\udfff", "time": {"end": 1e999}}},
    {"part": {"type": "tool", "state": {"status": "completed", "time": {"start": "x", "end": 10**400}}}},
    {"part": {"type": "text", "text": "x" * 200_000}, "time": 1},
    {"part": {"type": "tool", "tool": {}, "state": {"status": "error", "input": "no", "error": {"a": 1}}}},
    {"info": {"id": [], "error": {"name": {}, "data": 3}}},
    {"info": {"error": "x", "time": 9}},
]


@pytest.mark.parametrize("kind", ["message.part.updated.1", "message.updated.1", "message.removed.1", "odd"])
def test_hostile_events_are_borne(home: Path, recorded: Recorded, kind: str) -> None:
    """Whatever stands in an event, entries come out that can be sent on as they are."""
    writer = recorded("tools-denied-interrupted-failed")
    conversation = _conversation(home)
    conversation.recent()
    for number, data in enumerate(HOSTILE):
        _event(writer, 1000 + number, kind, data)
    writer.execute("UPDATE message SET data = x'ff', time_created = 'soon'")

    news = [entry for record in conversation.more() for entry in record.entries]
    entries = [*news, *_all(conversation)]

    for entry in entries:
        assert entry.text.encode() is not None
        assert entry.id.encode() is not None
        assert entry.at is None or abs(entry.at) < 1e12
        assert len(entry.text) <= 64 * 1024


def test_a_view_without_end_is_given_up(home: Path) -> None:
    """A database that would compute for ever is let go of after seconds."""
    writer = sqlite3.connect(home / "opencode.db", isolation_level=None)
    endless = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)"
    for table in ("session", "message", "part", "event"):
        writer.execute(
            f"CREATE VIEW {table} AS {endless} SELECT id, id AS session_id, id AS aggregate_id, id AS seq,"
            " id AS time_updated, id AS time_created, id AS parent_id FROM n"
        )
    writer.close()

    listed, page = list(opencode.transcripts(home)), _conversation(home).page(None, 5)

    assert listed == []
    assert [entry.kind for entry in page.entries] == [EntryKind.NOTICE]
