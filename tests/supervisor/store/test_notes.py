"""Small facts survive by name."""

from pathlib import Path

from supervisor.store import notes
from supervisor.store.database import open_database


def test_a_note_is_kept_and_replaced(tmp_path: Path) -> None:
    """The last value counts."""
    database = open_database(tmp_path / "state.db")

    notes.write(database, "boot", "a")
    notes.write(database, "boot", "b")

    assert notes.read(database, "boot") == "b"
    assert notes.read(database, "other") is None
