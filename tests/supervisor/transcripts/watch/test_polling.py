"""The last resort: looking again and again."""

import asyncio
import os
from pathlib import Path

import pytest

from supervisor.transcripts.watch.polling import Polling, changed, looks
from tests.supervisor.transcripts.watch.listening import Ear

pytestmark = pytest.mark.anyio


async def test_new_changed_and_deleted_files_are_told(tmp_path: Path) -> None:
    """All that differs from the last look is told, down to its depth."""
    ear = Ear()
    (tmp_path / "1").mkdir()
    file = tmp_path / "1" / "a"
    polling = Polling(ear.tell, pause=0.01)
    task = asyncio.create_task(polling.run())
    polling.add(tmp_path, 1)

    file.write_text("a")
    await ear.hears(file)
    file.write_text("ab")
    await ear.hears(file)
    file.unlink()
    await ear.hears(file)

    task.cancel()


async def test_a_missing_folder_is_looked_for(tmp_path: Path) -> None:
    """A folder need not exist yet."""
    ear = Ear()
    polling = Polling(ear.tell, pause=0.01)
    task = asyncio.create_task(polling.run())
    polling.add(tmp_path / "later", 0)

    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "a").touch()
    await ear.hears(tmp_path / "later" / "a")

    task.cancel()


async def test_a_changed_permission_is_a_change(tmp_path: Path) -> None:
    """A file that becomes readable again is told."""
    file = tmp_path / "a"
    file.touch()
    before = looks(tmp_path, 0)

    file.chmod(0)

    assert list(changed(before, looks(tmp_path, 0))) == [str(file)]


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
async def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link to a folder is a name like any other."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "link").symlink_to(tmp_path / "a")

    assert set(looks(tmp_path / "c", 5)) == {str(tmp_path / "c" / "link")}
