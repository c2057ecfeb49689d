"""Killed, out of room, forbidden: whatever comes between, no file of a session is lost."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("kills, mounts and forbids as POSIX does", allow_module_level=True)

import os
import random
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from supervisor.core.errors import Failed
from supervisor.store import trash
from tests.lab.fixtures import do_without
from tests.lab.remains import SESSION, Killed, furnish, picture, put

ROOT = Path(__file__).parents[3]
BEGINNING = """
from pathlib import Path
from supervisor.store import trash
from tests.lab.remains import killed_everywhere, put
import tests.supervisor.store.test_trash_crashes as lab
"""


def in_a_process(program: str, *before: str) -> str:
    """What a program printed; *before*: what stands before its command."""
    done = subprocess.run(
        [*before, sys.executable, "-c", BEGINNING + program],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@pytest.mark.parametrize("far", [False, True], ids=["same disk", "another disk"])
@pytest.mark.parametrize("deed", ["put", "restore"])
def test_kill_9_at_any_step_loses_nothing(deed: str, far: bool, tmp_path: Path, elsewhere: Path) -> None:
    """Killed at each dealing with a file, and again while that is put right: all is whole somewhere."""
    places = f"Path({str((elsewhere if far else tmp_path) / 'trash')!r}), Path({str(tmp_path / 'a')!r})"

    kills = int(in_a_process(f"print(killed_everywhere({deed!r}, {places}))"))

    assert kills > 25


def test_kill_9_while_it_is_deleted_for_good_leaves_no_rest(folder: Path, home: Path) -> None:
    """The next look finishes it, and nothing of it can be brought back by half."""
    for number in range(1, 200):
        killed = Killed(folder, home)
        killed.deed("put")
        was_killed = killed.killed_at("purge", number)
        listed = trash.listed(folder)
        killed.deed("restore" if listed else "purge")

        assert picture(folder) == {}
        assert not listed or picture(home) == killed.before
        if not was_killed:
            return
    pytest.fail("it never came to an end")


def test_kill_9_from_outside_at_any_moment_loses_nothing(tmp_path: Path, elsewhere: Path) -> None:
    """A thousand files on their way to another disk and back: thirty kills, and none is missing."""
    program = "\n".join(
        [
            "import itertools",
            f"folder, home = Path({str(elsewhere / 'trash')!r}), Path({str(tmp_path / 'a')!r})",
            "print('ready', flush=True)",
            "for _ in itertools.count():",
            "    put(folder, home)",
            "    for one in trash.listed(folder):",
            "        trash.restore(folder, one.id)",
        ]
    )
    killed = Killed(elsewhere / "trash", tmp_path / "a")
    many = tmp_path / "a" / "projects" / "-home-me-project" / SESSION / "many"
    many.mkdir()
    for number in range(1000):
        (many / f"{number}").write_text(f"{number}")
    killed.before = picture(tmp_path / "a")

    for _ in range(30):
        command = [sys.executable, "-c", BEGINNING + program]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as moving:
            assert moving.stdout is not None
            assert moving.stdout.readline() == b"ready\n"
            with suppress(subprocess.TimeoutExpired):
                moving.wait(random.uniform(0, 0.7))
            moving.kill()
        killed.check_nothing_lost()

    killed.deed("restore")
    killed.deed("tidy")
    killed.check_home()


def need_root() -> None:
    can = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    if os.getuid() != 0 or can.returncode:
        do_without("only root can make a disk full or read-only here")


def full_disk_for_the_trash(small: Path, home: Path) -> None:
    """A disk of 40 KiB for the trash."""
    folder, before = small / "trash", picture(home)
    with pytest.raises(Failed, match="No space left"):
        put(folder, home)
    assert picture(home) == before
    assert trash.listed(folder) == []
    assert picture(folder) == {}


def full_disk_for_the_home(small: Path, folder: Path) -> None:
    """A disk of 64 KiB for the agent, that was filled while the session lay in the trash."""
    home = small / "home"
    furnish(home)
    before = picture(home)
    put_in = put(folder, home)
    (small / "filling").write_bytes(b"x" * 50_000)
    with pytest.raises(Failed, match="No space left"):
        trash.restore(folder, put_in.id)
    trash.purge(folder, 0.0)
    assert [one.id for one in trash.listed(folder)] == [put_in.id]
    (small / "filling").unlink()
    trash.restore(folder, put_in.id)
    assert picture(home) == before
    assert picture(folder) == {}


@pytest.mark.parametrize("which", ["full_disk_for_the_trash", "full_disk_for_the_home"])
def test_a_full_disk_costs_nothing(home: Path, folder: Path, tmp_path: Path, which: str) -> None:
    """It is said, everything stays where it is whole, and with room again it works."""
    need_root()
    small = tmp_path / "small"
    small.mkdir()
    other = home if which == "full_disk_for_the_trash" else folder
    size = "40k" if which == "full_disk_for_the_trash" else "64k"
    mount = f'mount -t tmpfs -o size={size} none "$0" && exec "$@"'

    in_a_process(
        f"lab.{which}(Path({str(small)!r}), Path({str(other)!r}))",
        "unshare",
        "--mount",
        "sh",
        "-c",
        mount,
        str(small),
    )


def forbidden(home: Path, folder: Path) -> None:
    """As a user who may not write into the agent's folder."""
    before = picture(home)
    with pytest.raises(Failed, match="Permission denied"):
        put(folder, home)
    assert picture(home) == before
    assert picture(folder) == {}


def test_a_folder_that_may_not_be_written_to_costs_nothing() -> None:
    """Some were moved already when one could not be: they are back."""
    need_root()
    user = 54321
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        home, folder = base / "agent", base / "trash"
        furnish(home)
        for place in (base, home, *home.rglob("*")):
            os.chown(place, user, user, follow_symlinks=False)
        (home / "tasks").chmod(0o500)

        in_a_process(f"lab.os.setuid({user}); lab.forbidden(Path({str(home)!r}), Path({str(folder)!r}))")
