"""The state file: made, migrated, and set aside when it is damaged."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from supervisor.core.errors import Failed
from supervisor.store.database import MIGRATIONS, open_database


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    """The file keeps what it was given."""
    database = open_database(tmp_path / "state.db")
    database.change("INSERT INTO note VALUES ('a', 'b')")
    database.close()

    assert open_database(tmp_path / "state.db").rows("SELECT value FROM note") == [("b",)]


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    """Titles and device keys are nobody else's business."""
    open_database(tmp_path / "sub" / "state.db").close()

    assert stat.S_IMODE((tmp_path / "sub" / "state.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "sub").stat().st_mode) == 0o700


def test_a_damaged_file_is_set_aside_and_never_deleted(tmp_path: Path) -> None:
    """Damage costs what was in the file, not the start; the file stays for a rescue."""
    path = tmp_path / "state.db"
    path.write_bytes(b"SQLite format 3\x00" + os.urandom(5000))

    database = open_database(path)

    assert database.damaged is not None
    assert database.damaged.stat().st_size == 5016
    assert database.rows("SELECT * FROM device") == []


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """An older Wakeline never touches what a newer one has written."""
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    raw.close()
    before = path.read_bytes()

    with pytest.raises(Failed, match="newer version"):
        open_database(path)

    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    """No traceback: one sentence and a hint."""
    (tmp_path / "file").write_text("")

    with pytest.raises(Failed, match="state folder"):
        open_database(tmp_path / "file" / "state.db")
