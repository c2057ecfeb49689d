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
from contextlib import contextmanager
from pathlib import Path

from tests.lab.fixtures import do_without
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

_MOUNT = 'mount -t tmpfs -o size=2m none "$1" && shift && exec "$@"'


class Disk:
    """A supervisor whose state lies on a small disk of its own, which nobody else sees. Owner: the test."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs yet."""
        self._state = folder / "w" / "state"
        self._state.mkdir(parents=True)
        (folder / "home").mkdir()
        within = ("unshare", "--mount", "sh", "-c", _MOUNT, "sh", str(self._state))
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
def small_disk() -> Iterator[Disk]:
    """A running supervisor on such a disk; what it holds is ended."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("nsenter") is None:
        do_without("needs root and util-linux, to mount a small disk")
    with tempfile.TemporaryDirectory(prefix="bd-") as name:
        disk = Disk(Path(name))
        with disk.wakeline as wakeline:
            yield disk
            for session in wakeline.sessions():
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


def test_what_cannot_be_written_from_the_start_is_one_sentence(tmp_path: Path) -> None:
    """No traceback, no half a supervisor: what is wrong, and where."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        do_without("needs root and util-linux, to mount a disk read-only")
    state = tmp_path / "w" / "state"
    state.mkdir(parents=True)
    wakeline = Wakeline(tmp_path / "w", tmp_path)
    mount = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"'
    command = ("unshare", "--mount", "sh", "-c", mount, "sh", str(state))

    done = subprocess.run(
        (*command, sys.executable, "-m", "supervisor", "serve"),
        env=dict(wakeline.environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "read-only" in done.stderr.lower()
