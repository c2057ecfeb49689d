"""Background jobs as they were last known."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from supervisor.core.model import Job, JobKind
from supervisor.store import jobs
from supervisor.store.database import Database, open_database

JOB = Job(
    pid=4711,
    command="python scrape.py 'ü'",
    started_at=1763742557.0123456,
    kind=JobKind.AGENT,
    output="/p/out",
    output_file=(64, 12345678901),
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "state.db")
    yield opened
    opened.close()


def test_a_job_comes_back_as_it_was(database: Database) -> None:
    """The very process, what it is called, where it writes; not what it used at that moment."""
    jobs.keep(database, "s1", replace(JOB, cpu_seconds=3.0, memory_bytes=4))

    (found,) = jobs.load(database)["s1"]

    assert (found, found.run) == (JOB, JOB.run)
    assert (found.cpu_seconds, found.memory_bytes) == (None, None)


def test_a_clock_that_is_set_makes_no_other_process_of_it(database: Database) -> None:
    """Starts are counted from the machine's, which is told as another time then: still one row, one job."""
    database.booted_at = 1763740000.0
    started = database.booted_at + 2557 + 1 / 100
    jobs.keep(database, "s1", replace(JOB, started_at=started))

    database.booted_at += 3600.0
    (found,) = jobs.load(database)["s1"]
    jobs.keep(database, "s1", replace(found, over=True))

    assert found.started_at == database.booted_at + 2557 + 1 / 100
    assert [job.over for job in jobs.load(database)["s1"]] == [True]


def test_its_end_replaces_what_was_known(database: Database) -> None:
    """One job, one row; who has one that runs is known by that."""
    jobs.keep(database, "s1", JOB)
    jobs.keep(database, "s2", replace(JOB, started_at=2.0))
    over = replace(JOB, over=True, ended_at=time.time(), exit_status=-9)

    jobs.keep(database, "s1", over)

    found = jobs.load(database)
    assert found["s1"] == (over,)
    assert jobs.with_running(found) == {"s2"}


def test_what_ended_long_ago_is_forgotten_and_what_runs_is_not(database: Database) -> None:
    """A job may run for months."""
    for number, over in ((1, False), (2, True)):
        jobs.keep(database, "s1", replace(JOB, pid=number, over=over))
    database.change("UPDATE job SET saved_at = ?", time.time() - 100 * 86_400.0)

    assert [job.pid for job in jobs.load(database)["s1"]] == [1]
    jobs.keep(database, "s1", replace(JOB, pid=3, over=True))
    assert database.rows("SELECT pid FROM job ORDER BY pid") == [(1,), (3,)]


def test_what_cannot_be_read_is_left_out(database: Database) -> None:
    """One broken row hides no other."""
    jobs.keep(database, "s1", JOB)
    jobs.keep(database, "s1", replace(JOB, pid=1))
    database.change("UPDATE job SET picture = '{' WHERE pid = 1")

    assert jobs.load(database)["s1"] == (JOB,)
