"""Prompts survive whatever happens to us."""

import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from supervisor.core.model import Run
from supervisor.core.steering import DESK, Prompt, PromptState
from supervisor.store import prompts
from supervisor.store.database import MIGRATIONS, Database, open_database

DAY = 86_400.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "state.db")
    yield opened
    opened.close()


def prompt(prompt_id: str = "p1", **more: object) -> Prompt:
    known = {"session_id": "s1", "agent": "claude", "text": "go on", "when": "idle", "by": DESK, "at": 5.0}
    return Prompt(id=prompt_id, **{**known, **more})  # type: ignore[arg-type]  # fields by name


def test_a_prompt_comes_back_as_it_was(database: Database) -> None:
    """Every word of it, and what it waits for, in whatever script."""
    given = prompt(
        text="one\n\ttwo \u0444 \U0001f680 'quoted'; --", state=PromptState.WAITING, note="busy", moved_at=6.5
    )

    prompts.keep(database, given)

    assert prompts.load(database) == [given]
    assert prompts.find(database, "p1") == given
    assert prompts.find(database, "p2") is None


def test_a_new_state_takes_the_place_of_the_old_one(database: Database) -> None:
    """One prompt is one row, in its first place."""
    prompts.keep(database, prompt("first"))
    prompts.keep(database, prompt("second"))

    prompts.keep(database, prompt("first", state=PromptState.SENT, moved_at=9.0))

    assert [(p.id, p.state) for p in prompts.load(database)] == [
        ("first", PromptState.SENT),
        ("second", PromptState.WAITING),
    ]


def test_what_is_not_done_is_never_forgotten(database: Database) -> None:
    """However old it is; what is done is told for a day, and may be forgotten then."""
    now = time.time()
    kept = {state: prompt(state.value, state=state, moved_at=now - 2 * DAY) for state in PromptState}
    for one in kept.values():
        prompts.keep(database, one)
    prompts.keep(database, prompt("today", state=PromptState.TAKEN, at=now - 2 * DAY, moved_at=now - 60))

    told = {one.id for one in prompts.load(database)}
    prompts.forget(database, now - DAY)

    undone = {"waiting", "sending", "sent"}
    assert told == undone | {"today"}
    assert {one.id for one in prompts.load(database)} == undone | {"today"}
    assert prompts.find(database, "taken") is None


def test_what_a_newer_version_wrote_costs_only_itself(database: Database) -> None:
    """A state that we do not know hides no other prompt."""
    prompts.keep(database, prompt("known"))
    prompts.keep(database, prompt("strange"))
    database.change("UPDATE prompt SET state = 'dreaming' WHERE id = 'strange'")

    assert [one.id for one in prompts.load(database)] == ["known"]
    assert prompts.find(database, "strange") is None


def test_an_older_state_file_learns_of_prompts(tmp_path: Path) -> None:
    """What was in it stays."""
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as raw:
        raw.executescript(f"{MIGRATIONS[0]} PRAGMA user_version=1;")
        raw.execute("INSERT INTO note VALUES ('a', 'b')")
    raw.close()

    database = open_database(path)
    prompts.keep(database, prompt())

    assert prompts.load(database) == [prompt()]
    assert database.rows("SELECT value FROM note") == [("b",)]


def test_what_was_kept_is_there_after_kill_9(tmp_path: Path) -> None:
    """A prompt is on disk when keep returns: whoever was told so is never wrong."""
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from supervisor.core.steering import Prompt\nfrom supervisor.store import database, prompts\n"
        "db = database.open_database(Path(sys.argv[1]))\n"
        "for n in range(10**9):\n"
        "    given = Prompt(id=f'p{n}', session_id='s', agent='a', text='t', when='now', by='d', at=n)\n"
        "    prompts.keep(db, given)\n"
        "    print(n, flush=True)\n"
    )
    path = tmp_path / "state.db"
    keeping = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert keeping.stdout is not None
    for _ in range(50):
        promised = int(keeping.stdout.readline())
    keeping.send_signal(signal.SIGKILL)
    promised = max([promised, *(int(line) for line in keeping.stdout.read().splitlines() if line)])
    keeping.wait()
    keeping.stdout.close()

    found = {one.id for one in prompts.load(open_database(path))}

    assert {f"p{number}" for number in range(promised + 1)} <= found


def test_a_promise_is_synced_and_quick(database: Database) -> None:
    """Keeping a prompt waits for the disk, and costs less than five milliseconds where that is not busy."""
    durations = []
    for number in range(200):
        began = time.perf_counter()
        prompts.keep(database, replace(prompt(f"p{number}"), text="x" * 1000))
        durations.append(time.perf_counter() - began)

    assert database.rows("PRAGMA synchronous") == [(2,)]
    assert statistics.quantiles(durations, n=10)[0] < 0.005


def test_what_a_follow_up_waits_for_comes_back_exactly(database: Database) -> None:
    """The process by its PID and its very start, the time, and whether that has come."""
    given = prompt(when="job:4711", job=Run(4711, 1763742557.0123456), due_at=1763749999.25, met=True)

    prompts.keep(database, given)
    prompts.keep(database, prompt("p2"))

    assert prompts.load(database) == [given, prompt("p2")]


def test_a_clock_that_is_set_changes_no_process_that_is_waited_for(database: Database) -> None:
    """Its start is counted from the machine's, which is told as another time then."""
    database.booted_at = 1763740000.0
    prompts.keep(database, prompt(when="job:4711", job=Run(4711, database.booted_at + 12.34)))

    database.booted_at -= 7200.0

    (found,) = prompts.load(database)
    assert found.job == Run(4711, database.booted_at + 12.34)


def test_another_time_replaces_the_one_before(database: Database) -> None:
    """A prompt that was changed waits for what it was changed to, and for nothing else."""
    prompts.keep(database, prompt(when="job:4711", job=Run(4711, 1.5)))
    changed = prompt(when="at:2026-01-31T12:00:00Z", due_at=9.5, text="other")

    prompts.keep(database, changed)

    assert prompts.find(database, "p1") == changed


def test_prompts_of_an_older_version_are_read(tmp_path: Path) -> None:
    """A file from before there were follow-ups is brought up to date, and nothing in it is lost."""
    place = tmp_path / "old.db"
    with sqlite3.connect(place) as old:
        for script in MIGRATIONS[:2]:
            old.executescript(script)
        old.execute("PRAGMA user_version=2")
        old.execute(
            "INSERT INTO prompt VALUES"
            " ('p1', 's1', 'claude', 'go on', 'idle', 'desk', 5.0, 'waiting', 6.5, NULL)"
        )
    old.close()

    database = open_database(place)

    assert prompts.load(database) == [prompt(moved_at=6.5)]
    database.close()
