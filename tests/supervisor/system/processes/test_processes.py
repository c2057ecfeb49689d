"""Processes: real children, seen by /proc and by psutil."""

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from supervisor.agents import base
from supervisor.core.model import Process, Run
from supervisor.system.processes import anywhere

SOURCES: list[Any] = [anywhere.Processes]
if sys.platform == "linux":
    from supervisor.system.processes import linux

    SOURCES.append(linux.Processes)

Spawn = Callable[..., subprocess.Popen[str]]


@pytest.fixture(params=SOURCES, ids=lambda source: source.__module__.rpartition(".")[2])
def source(request: pytest.FixtureRequest) -> Callable[..., base.Processes]:
    """Both ways to look at processes keep the same promises."""
    return request.param  # type: ignore[no-any-return]  # pytest's params are untyped


def _ended(pid: int) -> None:
    """Wait for the end of a child without collecting it."""
    if sys.platform == "linux":
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


WAITING = "import sys; print('ready', flush=True); sys.stdin.read()"


def _ready(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_a_child_is_described_as_it_was_started(source: Any, spawn: Spawn, tmp_path: Path) -> None:
    """PID, start, parent, arguments (empty ones and odd bytes too) and folder of a process are seen."""
    child = spawn(WAITING, "", "two words", "\udcff", cwd=tmp_path)
    _ready(child)

    found = source().find(child.pid)

    assert found == Process(
        run=Run(child.pid, psutil.Process(child.pid).create_time()),
        parent_pid=os.getpid(),
        argv=(sys.executable, "-c", WAITING, "", "two words", "\udcff"),
        cwd=str(tmp_path.resolve()),
    )


def test_running_holds_what_find_finds(source: Any, spawn: Spawn) -> None:
    """The list of all processes describes each as asking for it alone does."""
    child = spawn(WAITING)
    _ready(child)
    processes = source()

    assert processes.find(child.pid) in processes.running()


def test_below_narrows_the_view_to_descendants(source: Any, spawn: Spawn) -> None:
    """With *below*, a grandchild is in view and a process next to it is not."""
    nested = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
        "child.communicate()\n"
    )
    parent, stranger = spawn(nested), spawn(WAITING)
    grandchild = int(_ready(parent))
    _ready(stranger)

    processes = source(below=parent.pid)

    assert [process.run.pid for process in processes.running()] == [grandchild]
    assert processes.find(grandchild) is not None
    assert processes.find(stranger.pid) is None
    assert processes.find(parent.pid) is None
    assert processes.environment(stranger.pid) == {}


def test_a_reused_pid_is_another_process(source: Any, spawn: Spawn) -> None:
    """A process is known by PID and start; a tick of rounding is forgiven, more is not."""
    child = spawn(WAITING)
    _ready(child)
    processes = source()
    started_at = processes.find(child.pid).run.started_at

    verdicts = [processes.alive(Run(child.pid, started_at + d)) for d in (0, 0.01, -0.01, 0.03, -60)]

    assert verdicts == [True, True, True, False, False]


@pytest.mark.skipif(sys.platform != "linux", reason="waits for an end without collecting it")
def test_a_zombie_is_dead(source: Any, spawn: Spawn) -> None:
    """A process that ended and was not collected yet neither lives nor is listed."""
    child = spawn(WAITING)
    _ready(child)
    processes = source()
    run = processes.find(child.pid).run
    child.kill()
    _ended(child.pid)

    alive, found = processes.alive(run), processes.find(child.pid)

    assert not alive
    assert found is None
    assert child.pid not in {process.run.pid for process in processes.running()}


@pytest.mark.skipif(sys.platform != "linux", reason="waits for an end without collecting it")
def test_a_double_forked_process_is_seen_with_its_new_parent(source: Any, spawn: Spawn) -> None:
    """A process whose parent left is still seen; its parent is whoever took it in."""
    program = "import os, sys\nif pid := os.fork():\n    print(pid, flush=True)\nelse:\n    sys.stdin.read()"
    first = spawn(program)
    orphan = int(_ready(first))
    _ended(first.pid)

    found = source().find(orphan)

    assert found is not None
    assert found.parent_pid != first.pid
    assert source(below=os.getpid()).find(orphan) is None or found.parent_pid == os.getpid()


def test_ancestors_go_up_from_the_parent(source: Any, spawn: Spawn) -> None:
    """The ancestors of a child begin with us, nearest first, each older than the one before."""
    child = spawn(WAITING)
    _ready(child)

    ancestors = source().ancestors(child.pid)

    assert ancestors[0] == Run(os.getpid(), psutil.Process().create_time())
    assert [run.pid for run in ancestors[1:2]] == [os.getppid()]
    assert all(near.started_at >= far.started_at for near, far in pairwise(ancestors))


def test_the_environment_is_that_of_the_start(source: Any, spawn: Spawn) -> None:
    """Values with equal signs, newlines and no content arrive whole."""
    given = {"PATH": os.environ.get("PATH", ""), "EMPTY": "", "ODD": "a=b\nc"}
    child = spawn(WAITING, env=os.environ | given)
    _ready(child)

    environment = source().environment(child.pid)

    assert given.items() <= environment.items()


def test_nobody_home_is_no_error(source: Any) -> None:
    """A PID that does not exist has no description, environment, ancestors or life."""
    processes, nobody = source(), 2**22 + 1

    answers = (
        processes.find(nobody),
        dict(processes.environment(nobody)),
        tuple(processes.ancestors(nobody)),
        processes.alive(Run(nobody, 0.0)),
        processes.lock_owner(Path("/nowhere\0/at all")) if source is not anywhere.Processes else None,
    )

    assert answers == (None, {}, (), False, None)


LOCKING = """
import fcntl, sys
file = open(sys.argv[1], "w")
getattr(fcntl, sys.argv[2])(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell of locks")
@pytest.mark.parametrize("way", ["flock", "lockf"])
def test_the_owner_of_a_lock_is_found(source: Any, spawn: Spawn, tmp_path: Path, way: str) -> None:
    """Who locked a file is found, by both kinds of lock; a narrowed view does not see a stranger."""
    locked = tmp_path / "lock"
    owner, stranger = spawn(LOCKING, str(locked), way), spawn(WAITING)
    assert _ready(owner) == "locked"

    found = source().lock_owner(locked)

    assert found == owner.pid
    assert source(below=stranger.pid).lock_owner(locked) is None


def _satisfies(processes: base.Processes) -> base.Processes:
    """The type checker's proof that an agent module may be handed these."""
    return processes


def test_agents_may_be_handed_these(source: Any) -> None:
    """What an agent module asks for is there."""
    assert _satisfies(source()).running()


LISTENING = (
    "import socket, sys; door = socket.create_server(('127.0.0.1', 0)); call = socket.create_connection("
    "door.getsockname()); print(door.getsockname()[1], flush=True); sys.stdin.read()"
)


def test_the_doors_of_a_process_are_known_and_nobody_elses(source: Any, spawn: Spawn) -> None:
    """Where a process waits for connections is told; connections themselves and other processes are not."""
    child, other = spawn(LISTENING), spawn(LISTENING)
    port, _ = int(_ready(child)), _ready(other)

    found = source().listening(child.pid)

    assert list(found) == [("127.0.0.1", port)]
    assert list(source(below=child.pid).listening(child.pid)) == []
    _end_of(child)
    assert list(source().listening(child.pid)) == []


def _end_of(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait()
