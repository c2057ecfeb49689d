"""The audit log shows when it was tampered with."""

from pathlib import Path

from supervisor.store import audit
from supervisor.store.database import open_database


def test_a_changed_line_is_named(tmp_path: Path) -> None:
    """Altering one line breaks the chain at that line."""
    database = open_database(tmp_path / "state.db")
    for number in range(5):
        audit.append(database, "paired", {"device": str(number)})
    assert audit.first_broken_line(database) is None

    database.change("UPDATE audit SET details = '{}' WHERE seq = 3")

    assert audit.first_broken_line(database) == 3


def test_a_removed_line_is_named(tmp_path: Path) -> None:
    """Taking a line out is noticed as well."""
    database = open_database(tmp_path / "state.db")
    for number in range(5):
        audit.append(database, "paired", {"device": str(number)})

    database.change("DELETE FROM audit WHERE seq = 2")

    assert audit.first_broken_line(database) == 2
