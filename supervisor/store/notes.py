"""Small facts that must survive, by name: this machine's id, the boot that it last ran in."""

from supervisor.store.database import Database


def read(database: Database, name: str) -> str | None:
    """The value of that name."""
    rows = database.rows("SELECT value FROM note WHERE name = ?", name)
    return str(rows[0][0]) if rows else None


def forget(database: Database, name: str) -> None:
    """Keep no value of that name; on disk when this returns."""
    database.change("DELETE FROM note WHERE name = ?", name)


def write(database: Database, name: str, value: str) -> None:
    """Keep a value; on disk when this returns."""
    database.change("INSERT OR REPLACE INTO note (name, value) VALUES (?, ?)", name, value)
