"""Disks that are full or cannot be written: nothing is lost, nothing half done, and it is said."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("mounts of Linux", allow_module_level=True)
assert sys.platform == "linux"

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from supervisor.core.errors import Failed
from supervisor.store import sessions
from supervisor.store.spare import stand_in
from tests.lab.fixtures import do_without
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

_MOUNT = 'mount -t tmpfs -o size=2m,mode=700 none "$1" && ill && shift && exec "$@"'
#: What is done to the disk before the supervisor begins.
_ILL = {"read-only": 'mount -o remount,ro "$1"', "full": '(cat /dev/zero > "$1/filler" || true) 2>/dev/null'}


class Disk:
    """A supervisor whose state lies on a small disk of its own, which nobody else sees. Owner: the test."""

    def __init__(self, folder: Path, ill: str | None) -> None:
        """Nothing runs yet. *ill*: what it suffers from then."""
        self._ill = ill
        self._state = folder / "w" / "state"
        self._state.mkdir(parents=True)
        (folder / "home").mkdir()
        script = f"{_MOUNT.replace('ill', _ILL[ill] if ill else 'true', 1)}"
        within = ("unshare", "--mount", "sh", "-c", script, "sh", str(self._state))
        self.wakeline = Wakeline(folder / "w", folder / "home", within, WAKELINE_DISCOVER_BELOW_PID="0")

    @property
    def _inside(self) -> Path:
        return Path(f"/proc/{self.wakeline.pid}/root{self._state}")

    def fill(self) -> None:
        """Let no byte be left."""
        filler = os.open(self._inside / "filler", os.O_CREAT | os.O_WRONLY)
        try:
            while True:
                os.write(filler, bytes(4096))
        except OSError:
            os.close(filler)

    def heal(self) -> None:
        """Let it be as disks should be."""
        if self._ill == "read-only":
            self._there(f"mount -o remount,rw {self._state}")
        else:
            self.make_room()

    def kept(self) -> set[str]:
        """The sessions that are kept there, by a copy of the file: SQLite would resolve the way to it."""
        nobody = Failed("It is only read.")
        with closing(stand_in(self._inside / "wakeline.db", [self.wakeline.folder], nobody)) as copy:
            return {one.id for one in sessions.load(copy, 0.0)}

    def make_room(self) -> None:
        """Let there be room again."""
        (self._inside / "filler").unlink()

    def lock(self) -> None:
        """Let it be read-only for whoever opens something there."""
        self._there(f"mount --bind {self._state} {self._state}")
        self._there(f"mount -o remount,bind,ro {self._state}")

    def unlock(self) -> None:
        """Let it be as it was."""
        self._there(f"umount {self._state}")

    def _there(self, command: str) -> None:
        enter = ("nsenter", "--mount", f"--target={self.wakeline.pid}")
        subprocess.run((*enter, *command.split()), check=True)


@contextmanager
def small_disk(ill: str | None = None) -> Iterator[Disk]:
    """A running supervisor on such a disk; what it holds is ended."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("nsenter") is None:
        do_without("needs root and util-linux, to mount a small disk")
    with tempfile.TemporaryDirectory(prefix="bd-") as name:
        disk = Disk(Path(name), ill)
        with disk.wakeline as wakeline:
            yield disk
            for session in wakeline.sessions() if (wakeline.folder / "run" / "api.sock").exists() else ():
                wakeline.run("stop", session["id"], check=False)


def test_on_a_full_disk_nothing_is_begun_and_all_can_be_seen() -> None:
    """An order that cannot be kept is refused before it is carried out; with room, all works again."""
    with small_disk() as disk:
        wakeline = disk.wakeline
        wakeline.run("run", "--detach", "--", "cat")
        held = wakeline.wait_for(agent="plain")

        disk.fill()

        assert wakeline.session(id=held["id"]) is not None
        for order in (("send", held["id"], "hello"), ("stop", held["id"]), ("awake", "on")):
            refused = wakeline.run(*order, check=False)
            assert (refused.returncode, "The disk is full." in refused.stderr) == (1, True), refused.stderr
        still = wakeline.session(id=held["id"])
        assert still is not None
        assert (still["pid"], still["state"]) == (held["pid"], "working")

        disk.make_room()
        assert "The agent has it." in wakeline.run("send", held["id"], "hello").stdout
        wakeline.run("stop", held["id"])
        wakeline.wait_for(id=held["id"], state="ended")


def test_a_disk_that_becomes_read_only_is_said_so() -> None:
    """As file systems do after an error: what is there is shown, what is asked for is refused."""
    with small_disk() as disk:
        wakeline = disk.wakeline
        disk.lock()

        refused = wakeline.run("awake", "on", check=False)
        assert (refused.returncode, "read-only" in refused.stderr) == (1, True), refused.stderr
        assert wakeline.json("awake")["mode"] == "auto"

        disk.unlock()
        wakeline.run("awake", "on")
        until(lambda: wakeline.json("awake")["mode"] == "on")


@pytest.mark.parametrize("ill", _ILL)
def test_what_cannot_be_written_from_the_start_is_served_all_the_same(ill: str) -> None:
    """Sessions are seen and held, what cannot be promised is refused, and it mends itself."""
    with small_disk(ill) as disk:
        wakeline = disk.wakeline
        until(lambda: wakeline.json("status")["machine"]["trouble"])
        wakeline.run("run", "--detach", "--", "cat")
        held = wakeline.wait_for(agent="plain", state="working")

        assert ill in wakeline.run("status").stdout.lower()
        assert ill in wakeline.run("doctor", check=False).stdout.lower()
        for order in (("send", held["id"], "hello", "--when", "idle"), ("phone", "--off"), ("awake", "on")):
            refused = wakeline.run(*order, check=False)
            assert (refused.returncode, ill in refused.stderr.lower()) == (1, True), refused.stderr
        assert wakeline.json("awake")["wanted"] is True

        disk.heal()
        until(lambda: wakeline.json("status")["machine"]["trouble"] is None)
        until(lambda: held["id"] in disk.kept())
        assert "The agent has it." in wakeline.run("send", held["id"], "hello").stdout


def test_what_changed_while_the_disk_was_full_is_kept_afterwards() -> None:
    """A session that began then is on disk when there is room again, without another word of it."""
    with small_disk() as disk:
        wakeline = disk.wakeline
        disk.fill()
        wakeline.run("run", "--detach", "--", "cat")
        held = wakeline.wait_for(agent="plain", state="working")
        until(lambda: wakeline.json("status")["machine"]["trouble"])

        disk.heal()

        until(lambda: held["id"] in disk.kept())


def test_an_asked_for_end_needs_no_disk() -> None:
    """Who wants to stop a supervisor on a full disk can."""
    with small_disk("full") as disk:
        until(lambda: disk.wakeline.json("status")["machine"]["trouble"])

        assert "Wakeline has stopped." in disk.wakeline.run("down").stdout
        until(lambda: not (disk.wakeline.folder / "run" / "api.sock").exists())
