"""What only inotify does: overflow, limits, permissions, thousands of folders."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("inotify is Linux'", allow_module_level=True)
assert sys.platform == "linux"  # says the same to the type checker

from supervisor.transcripts.watch.linux import Watch
from tests.supervisor.transcripts.watch.listening import Ear, running

LIMITED = """
import asyncio, sys
from pathlib import Path
from supervisor.transcripts.watch.linux import Watch

folder = Path(sys.argv[1])

async def main():
    told = asyncio.Queue()
    watch = Watch(told.put_nowait, lambda text: print("trouble:", text, flush=True), pause=0.05)
    watch.add(folder, 1)
    task = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    (folder / "29" / "a").write_text("a")
    async with asyncio.timeout(60):
        while (path := await told.get()) != folder / "29" / "a":
            pass
    print("told:", path)

asyncio.run(main())
"""


def limited(tmp_path: Path, limit: str) -> str:
    """Watch 30 folders where the system allows few watches or queues; give what was said."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is missing; install util-linux")
    for number in range(30):
        (tmp_path / str(number)).mkdir()
    script = f'echo {limit} && exec "$0" -c "$1" "$2"'
    argv = [unshare, "--user", "--map-root-user", "sh", "-ec", script, sys.executable, LIMITED, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=50, check=False)
    if "unshare" in done.stderr or "cannot create" in done.stderr:
        pytest.skip("user namespaces are not allowed here; see kernel.apparmor_restrict_unprivileged_userns")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_beyond_the_limit_of_watches_it_looks_itself(tmp_path: Path) -> None:
    """Where the system refuses more watches, changes are still found, and it is said that later."""
    said = limited(tmp_path, "10 > /proc/sys/user/max_inotify_watches")

    assert said.count("trouble:") == 1
    assert "max_user_watches" in said
    assert f"told: {tmp_path}/29/a" in said


def test_without_any_queue_it_looks_itself(tmp_path: Path) -> None:
    """Where the system refuses inotify altogether, the same holds."""
    said = limited(tmp_path, "0 > /proc/sys/user/max_inotify_instances")

    assert "max_user_instances" in said
    assert f"told: {tmp_path}/29/a" in said


@pytest.mark.anyio
async def test_an_overflow_tells_the_folders_and_goes_on(tmp_path: Path) -> None:
    """When the system has lost events, the caller is told to look at everything."""
    ear = Ear()
    folder = tmp_path / "p"
    (folder / "1").mkdir(parents=True)
    watch = Watch(ear.tell, ear.trouble)
    watch.add(folder, 1)

    _make_too_many_events(folder)
    (folder / "new").mkdir()  # its event is lost

    async with running(watch):
        await ear.hears(folder)
        (folder / "new" / "a").write_text("a")
        await ear.hears(folder / "new" / "a")


def _make_too_many_events(folder: Path) -> None:
    count = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()) + 100
    with (folder / "a").open("wb", buffering=0) as a, (folder / "b").open("wb", buffering=0) as b:
        for _ in range(count // 2):  # the same event twice in a row would be one
            a.write(b"x")
            b.write(b"x")


@pytest.mark.anyio
async def test_nothing_is_told_by_an_old_name(tmp_path: Path) -> None:
    """A folder that was renamed, with a file that is being written, has its new name at once."""
    ear = Ear()
    (tmp_path / "1").mkdir()
    watch = Watch(ear.tell, ear.trouble)
    watch.add(tmp_path, 1)

    async with running(watch):
        with (tmp_path / "1" / "a").open("w") as file:
            await ear.hears(tmp_path / "1" / "a")
            (tmp_path / "1").rename(tmp_path / "2")
            file.write("x")
        told = await ear.hears(tmp_path / "2" / "a")

    assert tmp_path / "1" / "a" not in told


@pytest.mark.anyio
async def test_a_folder_made_readable_again_is_watched(ordinary_user: Path) -> None:
    """A folder that could not be looked into is found when its permission comes back."""
    ear = Ear()
    closed = ordinary_user / "closed"
    closed.mkdir(mode=0)
    watch = Watch(ear.tell, ear.trouble)
    watch.add(closed, 0)

    async with running(watch):
        closed.chmod(0o700)
        await ear.hears(closed)
        (closed / "a").write_text("a")
        await ear.hears(closed / "a")


@pytest.mark.anyio
async def test_a_way_through_a_folder_that_may_not_be_listed_is_passed(ordinary_user: Path) -> None:
    """Who may only pass /home still sees their own folder in it."""
    ear = Ear()
    folder = ordinary_user / "passed" / "home"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o100)
    watch = Watch(ear.tell, ear.trouble)
    watch.add(folder, 0)

    async with running(watch):
        (folder / "a").write_text("a")
        await ear.hears(folder / "a")
    folder.parent.chmod(0o700)


@pytest.mark.anyio
async def test_thousands_of_folders_cost_next_to_nothing(tmp_path: Path) -> None:
    """2,000 projects are watched at once, deleted at once, and leave no watch behind."""
    ear = Ear()
    folder = tmp_path / "p"
    for number in range(2000):
        (folder / str(number)).mkdir(parents=True)
    watch = Watch(ear.tell, ear.trouble)

    began = time.process_time()
    watch.add(folder, 1)
    spent = time.process_time() - began

    assert spent < 1
    async with running(watch):
        (folder / "1999" / "a").write_text("a")
        await ear.hears(folder / "1999" / "a")
        shutil.rmtree(folder)
        await ear.hears(folder)
        left = {Path(path).is_relative_to(folder) for path in watch._folders}
    assert left == {False}


@pytest.mark.anyio
async def test_nothing_happens_while_nothing_happens(tmp_path: Path) -> None:
    """An idle watch does not wake up, and changes in the home beside its folder do not wake it."""
    ear = Ear()
    folder = tmp_path / "home" / "agent"
    folder.mkdir(parents=True)
    watch = Watch(ear.tell, ear.trouble)
    watch.add(folder, 1)
    calls = counted(watch)
    async with running(watch):
        await asyncio.sleep(0)
        (folder.parent / "beside").write_text("a")
        os.utime(tmp_path)
        (folder / "a").touch()
        await ear.hears(folder / "a")

    assert calls == [1]


@pytest.mark.anyio
async def test_what_others_delete_in_everybodys_folder_wakes_nobody(tmp_path: Path) -> None:
    """In /tmp something goes all the time; what is ours there is found again after it has gone."""
    ear = Ear()
    everybodys = tmp_path / "tmp"
    folder = everybodys / "mine" / "agent"
    folder.mkdir(parents=True)
    everybodys.chmod(0o1777)
    watch = Watch(ear.tell, ear.trouble)
    watch.add(folder, 0)
    calls = counted(watch)

    async with running(watch):
        for number in range(10):
            (everybodys / str(number)).touch()
            (everybodys / str(number)).unlink()
        (folder / "a").touch()
        await ear.hears(folder / "a")
        woken = list(calls)
        shutil.rmtree(everybodys / "mine")
        await ear.hears(folder)
        folder.mkdir(parents=True)
        (folder / "b").touch()
        await ear.hears(folder / "b")

    assert woken == [1]


def counted(watch: Watch) -> list[int]:
    """How often it is woken from now on, as the one number of a list."""
    calls, take = [0], watch._take

    def taken() -> None:
        calls[0] += 1
        take()

    watch._take = taken  # type: ignore[method-assign]  # counts the wake-ups
    return calls
