"""Whether anything can be kept: told when it changes, and made good."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from supervisor.core.errors import Failed
from supervisor.room import Room
from supervisor.store import notes
from supervisor.store.database import Database, open_database
from supervisor.store.spare import stand_in

pytestmark = pytest.mark.anyio


class Kept:
    """Who keeps everything: in a file, or in memory for the time being."""

    def __init__(self, database: Database) -> None:
        self.unkept: Callable[[], object] = lambda: None
        self.database = database


class Disk:
    """A place that can be ill. Owner: the test."""

    def __init__(self, folder: Path) -> None:
        """It is well."""
        self.path = folder / "state.db"
        self.ill = False

    def open(self) -> Database:
        """What it is opened as now."""
        return (
            stand_in(self.path, (), Failed("It is ill.", "Heal it."))
            if self.ill
            else open_database(self.path)
        )


async def test_a_start_without_a_place_is_told_and_made_good(tmp_path: Path) -> None:
    """While it is ill that is said once; when it is well everything is kept there."""
    disk = Disk(tmp_path)
    disk.ill = True
    kept, told, healed = Kept(disk.open()), asyncio.Queue[str | None](), asyncio.Event()

    async def again(database: Database) -> None:
        notes.write(database, "name", "value")
        kept.database = database
        healed.set()

    running = asyncio.create_task(Room(kept, disk.open, told.put_nowait, again).run())
    assert await told.get() == "It is ill. Heal it."
    disk.ill = False
    await healed.wait()
    assert await told.get() is None
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert told.empty()
    kept.database.close()
    opened = open_database(disk.path)
    assert notes.read(opened, "name") == "value"
    opened.close()
