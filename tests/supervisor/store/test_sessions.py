"""Sessions as they were last known."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.core.model import Attempt, Facts, Run, Session, State, Transcript
from supervisor.store import sessions
from supervisor.store.database import Database, open_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "state.db")
    yield opened
    opened.close()


def test_a_session_comes_back_as_it_was(database: Database) -> None:
    """What is needed to list, find and resume it survives."""
    session = Session(
        id="one",
        agent="claude",
        state=State.WORKING,
        since=3.0,
        run=Run(1, 2.5),
        cwd="/p",
        title="t",
        attempts=(Attempt(at=2.0, cause="network", what="asked again", outcome="works"),),
    )

    sessions.save(database, session)

    assert sessions.load(database, since=0.0) == [session]


def test_the_living_are_kept_however_old_the_ended_are_not(database: Database) -> None:
    """A session that was alive is never forgotten before it was looked for."""
    sessions.save(database, Session(id="alive", agent="claude", state=State.IDLE))
    sessions.save(database, Session(id="ended", agent="claude", state=State.ENDED))

    assert [s.id for s in sessions.load(database, since=9e12)] == ["alive"]


def test_an_unreadable_row_costs_only_itself(database: Database) -> None:
    """One bad row hides no other session."""
    sessions.save(database, Session(id="one", agent="claude"))
    database.change("INSERT INTO session VALUES ('bad', 'claude', 1.0, '{\"state\": 3}')")

    assert [s.id for s in sessions.load(database, since=0.0)] == ["one"]


def test_facts_of_a_transcript_are_known_until_it_changes(database: Database) -> None:
    """A title is read from a file once, and again when the file has changed."""
    old = Transcript(agent="claude", session_id="one", where="/t", changed_at=5.0, size=10)
    new = Transcript(agent="claude", session_id="one", where="/t", changed_at=6.0, size=12)

    sessions.keep_facts(database, old, Facts(title="hello"), 4.0)

    assert sessions.known_facts(database, old) == (Facts(title="hello"), 4.0)
    assert sessions.known_facts(database, new) is None
