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


def test_a_note_is_forgotten(tmp_path: Path) -> None:
    """Once or twice, and no other with it."""
    database = open_database(tmp_path / "state.db")
    notes.write(database, "phone", "47820 192.0.2.1")
    notes.write(database, "boot", "a")

    notes.forget(database, "phone")
    notes.forget(database, "phone")

    assert notes.read(database, "phone") is None
    assert notes.read(database, "boot") == "a"
