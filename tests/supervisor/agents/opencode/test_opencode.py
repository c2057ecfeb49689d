"""OpenCode's home: where it is, what is stored there, what a change means."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from supervisor.agents import opencode
from supervisor.agents.base import Concern, History
from supervisor.core.model import Resume

SESSION = "ses_e02dc9a07ffexCccv43pS8cPw8"

Recorded = Callable[[str], sqlite3.Connection]


def test_the_home_follows_freedesktop() -> None:
    """XDG_DATA_HOME counts where it is a whole path; else it is the default, on every system."""
    user = Path("/home/user")

    homes = [opencode.home({"XDG_DATA_HOME": base}, user) for base in ("/data", "", "relative")]

    assert homes == [Path("/data/opencode"), *[user / ".local/share/opencode"] * 2]


def test_stored_conversations_are_listed_and_found(home: Path, recorded: Recorded) -> None:
    """A stored session is listed with the time of its last change, and found by its id."""
    recorded("tools-denied-interrupted-failed")

    (listed,) = opencode.transcripts(home)

    assert listed == opencode.find(home, SESSION)
    assert (listed.session_id, listed.parent_id) == (SESSION, None)
    assert 1_795_248_352 < listed.changed_at < 1_795_248_353
    assert opencode.open(listed, _no_lines).page(None, 1).entries[0].text == "fake 400 error"


def test_what_is_not_stored_is_not_found(home: Path, recorded: Recorded) -> None:
    """Unknown ids find nothing."""
    recorded("tools-denied-interrupted-failed")

    assert opencode.find(home, "ses_unknownunknown") is None


def test_a_title_that_nobody_chose_is_none(home: Path, recorded: Recorded) -> None:
    """The title that OpenCode gives until the model has found one is not shown."""
    writer = recorded("tools-denied-interrupted-failed")
    writer.execute("UPDATE session SET title = 'New session - 2026-11-21T08:05:17.945Z'")
    (listed,) = opencode.transcripts(home)

    facts = opencode.open(listed, _no_lines).recent().facts

    assert facts is not None
    assert facts.title is None


def test_changes_of_the_files_that_tell_are_known() -> None:
    """The database's log concerns all transcripts, the other log who is alive, and shared memory nothing."""
    home = Path("/home/user/.local/share/opencode")
    names = ("opencode.db", "opencode.db-wal", "opencode.db-shm", "log/opencode.log", "auth.json")

    concerns = [opencode.concern(home, home / name) for name in names]

    assert [concern for concern, _ in concerns] == [
        *(Concern.ALL_TRANSCRIPTS, Concern.ALL_TRANSCRIPTS, Concern.NOTHING, Concern.LIVE, Concern.NOTHING)
    ]
    assert {watched.folder for watched in opencode.watched(home)} == {home, home / "log"}


def test_resuming_needs_the_sessions_folder() -> None:
    """The command is for the session's own folder; without it none is given."""
    known, unknown = opencode.resume(SESSION, "/src"), opencode.resume(SESSION, None)

    assert known == Resume(argv=("opencode", "-s", SESSION), cwd="/src")
    assert unknown is None


def _no_lines(path: Path, reader: object) -> History:
    raise AssertionError((path, reader))


def test_a_log_that_was_only_read_is_no_concern(home: Path, recorded: Recorded) -> None:
    """Reading must not look like a change of what is read: that would never end."""
    writer = recorded("tools-denied-interrupted-failed")
    log = home / "opencode.db-wal"
    an_hour_ago = time.time() - 3600
    os.utime(log, (an_hour_ago, an_hour_ago))

    told = [opencode.concern(home, log)[0] for _ in range(2)]
    log.chmod(0o600)
    told.append(opencode.concern(home, log)[0])
    writer.execute("UPDATE session SET title = 'another'")
    told += [opencode.concern(home, log)[0] for _ in range(2)]

    every = Concern.ALL_TRANSCRIPTS
    assert told == [every, Concern.NOTHING, Concern.NOTHING, every, every]
