"""What is let go of, and what is not."""

from pathlib import Path

import pytest

from supervisor.core.model import Facts, Job, JobKind, Session, State, Transcript
from supervisor.store import jobs, retention, sessions
from supervisor.store.database import Database, open_database

DAY = 86_400.0
NOW = 1_000 * DAY


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A file in which few are many."""
    monkeypatch.setattr(retention, "_FEWEST", 2)
    monkeypatch.setattr(retention, "_MOST", 6)
    monkeypatch.setattr(retention, "_MOST_FACTS", 3)
    return open_database(tmp_path / "w.db")


def kept(database: Database) -> set[str]:
    """The sessions that are still there."""
    return {row[0] for row in database.rows("SELECT id FROM session")}


def save(database: Database, name: str, days_ago: float, state: State = State.ENDED) -> None:
    """A session that was seen last so long ago."""
    sessions.save(database, Session(id=name, agent="claude", state=state, since=1.0))
    database.change("UPDATE session SET saved_at = ? WHERE id = ?", NOW - days_ago * DAY, name)


def test_what_ended_long_ago_is_let_go(database: Database) -> None:
    """After ninety days; a lost one too: its agent's history has it still."""
    for name, days in (("a", 1), ("b", 2), ("c", 89)):
        save(database, name, days)
    save(database, "d", 91)
    save(database, "e", 400, State.LOST)

    assert retention.tidy(database, NOW) == 2
    assert kept(database) == {"a", "b", "c"}


def test_who_may_still_live_is_kept(database: Database) -> None:
    """Whatever its age: a supervisor that was not started for a year must find it."""
    for name, days in (("a", 1), ("b", 2)):
        save(database, name, days)
    save(database, "works", 400, State.WORKING)
    save(database, "has a job", 401)
    jobs.keep(database, "has a job", Job(pid=7, started_at=5.0, command="sleep", kind=JobKind.PROCESS))

    assert retention.tidy(database, NOW) == 0
    assert kept(database) == {"a", "b", "works", "has a job"}


def test_the_newest_are_kept_however_old(database: Database) -> None:
    """Who comes back after a long time finds the list as it was."""
    save(database, "a", 500)
    save(database, "b", 501)
    save(database, "c", 502)

    retention.tidy(database, NOW)

    assert kept(database) == {"a", "b"}


def test_there_are_never_more_than_so_many(database: Database) -> None:
    """Thousands in a week do not make the file large."""
    for number in range(9):
        save(database, str(number), number)

    retention.tidy(database, NOW)

    assert kept(database) == set("012345")


def test_what_old_transcripts_said_is_kept_for_the_newest(database: Database) -> None:
    """The others are read again when somebody looks at them."""
    for number in range(5):
        transcript = Transcript(
            agent="claude",
            session_id=str(number),
            where="x",
            changed_at=float(number),
            size=1,
            parent_id=None,
        )
        sessions.keep_facts(database, transcript, Facts(title="t"), None)

    retention.tidy(database, NOW)

    assert {row[0] for row in database.rows("SELECT changed_at FROM facts")} == {2.0, 3.0, 4.0}


def test_the_disk_gets_its_room_back(tmp_path: Path) -> None:
    """A file that was large is small again; what was kept is in it still."""
    database = open_database(tmp_path / "w.db")
    database.change("INSERT INTO note (name, value) VALUES ('kept', 'yes')")
    database.change("INSERT INTO note (name, value) VALUES ('large', ?)", "x" * (4 << 20))
    database.change("DELETE FROM note WHERE name = 'large'")

    retention.tidy(database, NOW)
    size = database.rows("PRAGMA page_count")[0][0] * database.rows("PRAGMA page_size")[0][0]

    assert size < 1 << 20
    assert database.rows("SELECT value FROM note") == [("yes",)]
