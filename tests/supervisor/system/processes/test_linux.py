"""What only Linux tells of processes."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("reads /proc", allow_module_level=True)

import fcntl
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from supervisor.system.processes import anywhere, linux

Spawn = Callable[..., "subprocess.Popen[str]"]

WAITING = "import sys; print('ready', flush=True); sys.stdin.read()"


def _ready(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_an_open_file_is_not_locked(spawn: Spawn, tmp_path: Path) -> None:
    """A file that is open but not locked, or does not exist, has no owner."""
    free = tmp_path / "free"
    child = spawn("import sys; f = open(sys.argv[1], 'w'); print('open', flush=True); input()", str(free))
    _ready(child)
    processes = linux.Processes()

    owners = processes.lock_owner(free), processes.lock_owner(tmp_path / "missing")

    assert owners == (None, None)


def test_a_lock_inherited_from_a_dead_process_belongs_to_its_child(spawn: Spawn, tmp_path: Path) -> None:
    """When the process that locked is gone, the lock's owner is the child that kept the file open."""
    locked = tmp_path / "lock"
    program = (
        "import fcntl, os, sys\n"
        "file = open(sys.argv[1], 'w')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "if pid := os.fork():\n"
        "    print(pid, flush=True)\n"
        "    os._exit(0)\n"
        "sys.stdin.read()\n"
    )
    first = spawn(program, str(locked))
    child = int(_ready(first))
    first.wait()

    owner = linux.Processes().lock_owner(locked)

    assert owner == child


def test_who_waits_for_a_lock_does_not_own_it(spawn: Spawn, tmp_path: Path) -> None:
    """Between a waiting and an owning process the owner is named."""
    locked = tmp_path / "lock"
    with locked.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = spawn(
            "import fcntl, sys\nprint('about to', flush=True)\n"
            "fcntl.flock(open(sys.argv[1], 'w'), fcntl.LOCK_EX)",
            str(locked),
        )
        _ready(waiting)

        owner = linux.Processes().lock_owner(locked)

    assert owner == os.getpid()


def test_a_folder_that_was_removed_keeps_its_name(spawn: Spawn, tmp_path: Path) -> None:
    """A process in a deleted folder is where it was; the system's remark is no part of the name."""
    folder = tmp_path / "gone"
    folder.mkdir()
    child = spawn(WAITING, cwd=folder)
    _ready(child)
    folder.rmdir()

    found = linux.Processes().find(child.pid)

    assert found is not None
    assert found.cwd == str(folder.resolve())


def test_both_ways_see_the_same(spawn: Spawn) -> None:
    """/proc and psutil agree on everything that they say of a process, the start time included."""
    child = spawn(WAITING)
    _ready(child)
    pids = (os.getpid(), os.getppid(), child.pid)

    ours, theirs = linux.Processes(), anywhere.Processes()

    assert [ours.find(pid) for pid in pids] == [theirs.find(pid) for pid in pids]
