"""A session's files in an agent's home, on their way into the trash and back, killed at any step."""

import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from supervisor.core.errors import WakelineError
from supervisor.core.steering import Remains
from supervisor.store import trash

assert sys.platform != "win32"

SESSION = "0f6c2c1e-5b0a-4a6e-9d5e-0123456789ab"

#: Name → kind, content, mode, time.
Picture = Mapping[str, tuple[str, bytes, int, int]]


def furnish(home: Path) -> None:
    """One session of several files, and another session that nobody touches."""
    project = home / "projects" / "-home-me-project"
    agents = project / SESSION / "subagents"
    agents.mkdir(parents=True)
    (project / f"{SESSION}.jsonl").write_bytes(b'{"type":"user"}\n' * 1000)
    (project / f"{SESSION}.jsonl").chmod(0o640)
    for number in range(5):
        (agents / f"agent-{number}.jsonl").write_bytes(os.urandom(3000))
    (agents / "odd \udcff name").write_bytes(b"\0\xff")
    (agents / "empty").mkdir()
    (agents / "latest").symlink_to("agent-4.jsonl")
    os.utime(agents / "agent-0.jsonl", ns=(10**18, 10**18))
    (home / "tasks" / SESSION).mkdir(parents=True)
    (home / "tasks" / SESSION / "1.json").write_text("{}")
    (project / "other.jsonl").write_text("another session")


def remains(home: Path, export: bytes | None = None) -> Remains:
    """What is stored of the session, and a path where nothing is."""
    project = home / "projects" / "-home-me-project"
    paths = (project / f"{SESSION}.jsonl", project / SESSION, home / "tasks" / SESSION, home / "missing")
    return Remains(
        agent="claude", session_id=SESSION, root=str(home), paths=tuple(map(str, paths)), export=export
    )


def put(folder: Path, home: Path, **more: bytes) -> trash.Trashed:
    """Put the session into the trash."""
    return trash.put(folder, remains(home, **more), title="a title", cwd="/home/me/project", at=1.8e9)


def picture(root: Path) -> Picture:
    """All files and links below a folder, with their content, mode and time; and empty folders."""
    found = {}
    for place in sorted(root.rglob("*")):
        name, status = str(place.relative_to(root)), place.lstat()
        if place.is_symlink():
            found[name] = ("link", os.fsencode(place.readlink()), 0, 0)
        elif place.is_file():
            found[name] = ("file", place.read_bytes(), status.st_mode, status.st_mtime_ns)
        elif place.is_dir() and not any(place.iterdir()):
            found[name] = ("folder", b"", 0, 0)
    return found


def others(found: Picture) -> Picture:
    """Without the session."""
    return {name: what for name, what in found.items() if SESSION not in name}


class Killed:
    """Deeds in a process of their own that kills itself at its n-th dealing with a file."""

    FILES = frozenset(
        {
            *("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.chmod"),
            *("os.utime", "os.listdir", "os.scandir", "shutil.copystat", "shutil.rmtree"),
        }
    )

    def __init__(self, folder: Path, home: Path) -> None:
        """Begin anew: an empty trash, a whole session."""
        self.folder = folder
        self.home = home
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
        furnish(home)
        self.before = picture(home)

    def deed(self, name: str) -> None:
        """``put``, ``restore``, ``tidy`` (what is done at each start) or ``purge``."""
        found = trash.listed(self.folder)
        if name == "put":
            put(self.folder, self.home)
        elif name == "restore":
            for one in found:
                trash.restore(self.folder, one.id)
        else:
            trash.purge(self.folder, 9e9 if name == "purge" else 0.0)

    def killed_at(self, name: str, number: int) -> bool:
        """Do that, and be killed at that step; False: it was done before it came so far."""
        pid = os.fork()
        if pid == 0:
            sys.addaudithook(self._countdown(number))
            with suppress(WakelineError):
                self.deed(name)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert code in (0, -signal.SIGKILL), code
        return code != 0

    def _countdown(self, number: int) -> Callable[[str, object], None]:
        left = number

        def look(event: str, _arguments: object) -> None:
            nonlocal left
            if event not in self.FILES:
                return
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        return look

    def check_nothing_lost(self) -> None:
        """Every file is whole in at least one place."""
        lies: dict[str, tuple[str, bytes, int, int]] = {}
        for entry in self.folder.iterdir() if self.folder.exists() else ():
            lies.update(picture(entry / "files") if (entry / "files").exists() else {})
        now = picture(self.home)
        for name, what in self.before.items():
            assert what[0] == "folder" or what in (now.get(name), lies.get(name)), name

    def check_home(self) -> None:
        """All is as it was, and the trash is empty."""
        assert picture(self.home) == self.before
        assert picture(self.folder) == {}

    def check_trashed(self) -> None:
        """All is in the trash, and comes back out of it."""
        (one,) = trash.listed(self.folder)
        assert one.complete
        assert picture(self.home).keys() == {*others(self.before), "tasks"}
        trash.restore(self.folder, one.id)
        self.deed("tidy")
        self.check_home()


def killed_everywhere(deed: str, folder: Path, home: Path) -> int:
    """Kill a deed at each of its steps, and what puts it right at one of its own; the number of kills."""
    kills = 0
    for first, again in enumerate(("put", "tidy", "restore"), 1):
        for number in itertools.count(first, 3):
            killed = Killed(folder, home)
            if deed == "restore":
                killed.deed("put")
            if not killed.killed_at(deed, number):
                break
            killed.check_nothing_lost()
            killed.killed_at(random.choice(("put", "tidy", "restore")), random.randint(1, 60))
            killed.check_nothing_lost()
            killed.deed(again)
            if again == "put":
                killed.check_trashed()
            else:
                killed.deed("restore")
                killed.deed("tidy")
                killed.check_home()
            kills += 1
    return kills


def elsewhere() -> Path | None:
    """A folder on another filesystem than that of temporary files, where there is one."""
    place = Path("/dev/shm")
    if not os.access(place, os.W_OK) or place.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        return None
    return place
