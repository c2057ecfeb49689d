"""What every watch promises, on every system; here all that run on this one."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervisor.transcripts.watch import Watch, elsewhere, open_watch
from tests.supervisor.transcripts.watch.listening import Ear, running

pytestmark = [
    pytest.mark.anyio,
    # watchdog on Linux, where only these tests use it, stumbles over a folder that appears while it listens
    pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning"),
]

WATCHES: dict[str, Callable[[Ear], Watch]] = {
    "of this system": lambda ear: open_watch(ear.tell, ear.trouble),
    "elsewhere": lambda ear: elsewhere.Watch(ear.tell, ear.trouble, pause=0.02),
}


@pytest.fixture
def ear() -> Ear:
    """An ear that has heard nothing."""
    return Ear()


@pytest.fixture(params=WATCHES)
def watch(request: pytest.FixtureRequest, ear: Ear) -> Iterator[Watch]:
    """A watch that tells the ear."""
    made = WATCHES[request.param](ear)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder to be watched."""
    path = tmp_path / "home" / "projects"
    path.mkdir(parents=True)
    return path


def make(folder: Path) -> None:
    """Make a folder and those on the way to it."""
    folder.mkdir(parents=True)


async def test_a_file_that_grows_is_told(watch: Watch, ear: Ear, folder: Path) -> None:
    """Every growth is told, with the path of the file."""
    file = folder / "a.jsonl"
    file.touch()
    watch.add(folder, 0)

    async with running(watch):
        for _ in range(3):
            with file.open("a") as transcript:
                transcript.write("{}\n")

            await ear.hears(file)


async def test_new_renamed_and_deleted_files_are_told(watch: Watch, ear: Ear, folder: Path) -> None:
    """Whatever happens to a name in the folder is told."""
    watch.add(folder, 0)
    async with running(watch):
        (folder / "a").touch()
        await ear.hears(folder / "a")

        (folder / "a").rename(folder / "b")
        await ear.hears(folder / "a", folder / "b")

        (folder / "b").unlink()
        await ear.hears(folder / "b")


async def test_what_changed_before_it_runs_is_told_too(watch: Watch, ear: Ear, folder: Path) -> None:
    """From ``add`` on nothing slips through."""
    watch.add(folder, 0)
    (folder / "a").write_text("a")

    async with running(watch):
        await ear.hears(folder / "a")


async def test_what_was_there_before_is_not_told(watch: Watch, ear: Ear, folder: Path) -> None:
    """Adding a folder full of files is no news."""
    (folder / "old").write_text("a")
    watch.add(folder, 0)

    async with running(watch):
        (folder / "new").write_text("a")
        told = await ear.hears(folder / "new")

    assert folder / "old" not in told


async def test_folders_below_are_watched_to_their_depth(watch: Watch, ear: Ear, folder: Path) -> None:
    """A file *depth* levels down is told, one deeper is not."""
    (folder / "1" / "2").mkdir(parents=True)
    watch.add(folder, 1)

    async with running(watch):
        (folder / "1" / "2" / "too deep").write_text("a")
        (folder / "1" / "a").write_text("a")
        told = await ear.hears(folder / "1" / "a")

    assert folder / "1" / "2" / "too deep" not in told


async def test_files_in_a_new_folder_are_told(watch: Watch, ear: Ear, folder: Path) -> None:
    """A folder and its files, made faster than anybody can look, are told; so is what follows."""
    watch.add(folder, 2)
    async with running(watch):
        (folder / "1" / "2").mkdir(parents=True)
        (folder / "1" / "2" / "a").write_text("a")
        await ear.hears(folder / "1" / "2" / "a")

        (folder / "1" / "2" / "b").write_text("a")
        await ear.hears(folder / "1" / "2" / "b")


async def test_a_folder_that_comes_later_is_found(watch: Watch, ear: Ear, tmp_path: Path) -> None:
    """An agent that is installed later is seen from its first file on."""
    folder = tmp_path / "x" / "y" / "z"
    watch.add(folder, 1)

    async with running(watch):
        (folder / "p").mkdir(parents=True)
        (folder / "p" / "a").write_text("a")
        await ear.hears(folder / "p" / "a")

        (folder / "p" / "a").write_text("ab")
        await ear.hears(folder / "p" / "a")


async def test_a_folder_deleted_and_made_again_is_found(watch: Watch, ear: Ear, folder: Path) -> None:
    """Its going is told, and its new files are, even while an old one is still open."""
    (folder / "a").write_text("a")
    watch.add(folder, 0)

    async with running(watch):
        with (folder / "a").open():
            shutil.rmtree(folder.parent)
            await ear.hears(folder)

        make(folder)
        (folder / "b").write_text("a")
        await ear.hears(folder / "b")
        (folder / "b").write_text("ab")
        await ear.hears(folder / "b")


async def test_a_folder_renamed_and_replaced_is_found(watch: Watch, ear: Ear, folder: Path) -> None:
    """It is the name that is watched: not the old folder under its new name."""
    watch.add(folder, 0)
    async with running(watch):
        moved = folder.parent.rename(folder.parent.with_name("moved"))
        await ear.hears(folder)
        make(folder)
        (folder / "a").write_text("a")
        await ear.hears(folder / "a")

        (moved / "projects" / "old").write_text("a")
        (folder / "b").write_text("a")
        told = await ear.hears(folder / "b")

    assert not [path for path in told if path.name == "old"]


async def test_a_folder_below_that_is_renamed_is_told_by_its_new_name(
    watch: Watch, ear: Ear, folder: Path
) -> None:
    """After a renaming its files are told where they are now."""
    (folder / "1").mkdir()
    watch.add(folder, 1)

    async with running(watch):
        (folder / "1").rename(folder / "2")
        await ear.hears(folder / "2")
        (folder / "2" / "a").write_text("a")
        await ear.hears(folder / "2" / "a")


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
async def test_links_inside_are_not_followed(watch: Watch, ear: Ear, folder: Path, tmp_path: Path) -> None:
    """A linked folder does not lead the watch to another place."""
    (tmp_path / "other").mkdir()
    (folder / "before").symlink_to(tmp_path / "other")
    watch.add(folder, 1)

    async with running(watch):
        (folder / "after").symlink_to(tmp_path / "other")
        await ear.hears(folder / "after")
        (tmp_path / "other" / "secret").write_text("a")
        (folder / "a").write_text("a")
        told = await ear.hears(folder / "a")

    assert not [path for path in told if path.name == "secret"]


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
async def test_a_wanted_folder_may_be_a_link(watch: Watch, ear: Ear, tmp_path: Path) -> None:
    """Who keeps an agent's home elsewhere sees it all the same, by the name that was asked for."""
    for name in ("one", "two"):
        (tmp_path / name / "p").mkdir(parents=True)
    home = tmp_path / "home"
    home.symlink_to(tmp_path / "one")
    watch.add(home, 1)

    async with running(watch):
        (tmp_path / "one" / "p" / "a").write_text("a")
        await ear.hears(home / "p" / "a")

        home.unlink()
        home.symlink_to(tmp_path / "two")
        await ear.hears(home)
        (tmp_path / "two" / "p" / "b").write_text("a")
        await ear.hears(home / "p" / "b")


async def test_folders_may_lie_in_each_other(watch: Watch, ear: Ear, folder: Path) -> None:
    """A home that is watched flatly, and a folder in it that is watched deeply."""
    watch.add(folder.parent, 0)
    watch.add(folder, 1)

    async with running(watch):
        (folder / "p").mkdir()
        (folder / "p" / "a").write_text("a")
        await ear.hears(folder / "p" / "a")
        (folder.parent / "registry").write_text("a")
        await ear.hears(folder.parent / "registry")


async def test_many_changes_of_one_file_are_told_together(watch: Watch, ear: Ear, folder: Path) -> None:
    """A burst of writes is one telling, not a thousand."""
    watch.add(folder, 0)
    async with running(watch):
        for _ in range(500):
            for name in ("a", "b"):
                with (folder / name).open("a") as file:
                    file.write("x")
        (folder / "end").touch()

        told = await ear.hears(folder / "end")

    assert told.count(folder / "a") < 250


async def test_names_that_are_no_utf_8_are_told(watch: Watch, ear: Ear, folder: Path) -> None:
    """A file's name is whatever bytes the system allows."""
    if sys.platform != "linux":
        pytest.skip("only Linux has such names")
    name = folder / os.fsdecode(b"a\xff.jsonl")
    watch.add(folder, 0)

    async with running(watch):
        name.write_text("a")
        await ear.hears(name)


async def test_closing_twice_is_nothing(watch: Watch, folder: Path) -> None:
    """A watch that was never run can be closed, also twice."""
    watch.add(folder, 0)

    watch.close()
    watch.close()
