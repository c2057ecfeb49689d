"""The end of a process is told once, at once, and of that process only."""

import asyncio
import errno
import importlib
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from supervisor.core.model import Run
from supervisor.system.exits import once, watch_exit

WAITING = "import sys; print('ready', flush=True); sys.stdin.read()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A child that waits."""
    process = subprocess.Popen([sys.executable, "-c", WAITING], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def _run(pid: int) -> Run:
    return Run(pid, psutil.Process(pid).create_time())


def _open_files() -> int:
    if sys.platform == "win32":
        return psutil.Process().num_handles()
    else:
        return psutil.Process().num_fds()


@pytest.mark.anyio
async def test_an_end_is_told_once(child: subprocess.Popen[bytes]) -> None:
    """When the process is killed, its run is told, even while nobody has collected it; nothing stays open."""
    told: asyncio.Queue[Run] = asyncio.Queue()
    run, before = _run(child.pid), _open_files()
    watch_exit(run, told.put_nowait)

    child.kill()
    first = await told.get()

    assert first == run
    assert told.empty()
    assert _open_files() == before


@pytest.fixture
def grandchild() -> Iterator[tuple[Run, subprocess.Popen[bytes]]]:
    """A process that a child started, and the child, that ends it when it is given a line."""
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.readline()\n"
        "child.communicate(b'enough')\n"
        "sys.stdin.readline()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    yield _run(int(parent.stdout.readline())), parent
    parent.communicate()


@pytest.mark.anyio
async def test_a_process_that_is_not_our_child_is_watched_as_well(
    grandchild: tuple[Run, subprocess.Popen[bytes]],
) -> None:
    """The end of a process that somebody else started is told."""
    run, parent = grandchild
    told: asyncio.Queue[Run] = asyncio.Queue()
    watch_exit(run, told.put_nowait)

    assert parent.stdin is not None
    parent.stdin.write(b"\n")
    parent.stdin.flush()

    assert await told.get() == run


@pytest.mark.anyio
async def test_a_run_that_is_over_is_told_at_once(child: subprocess.Popen[bytes]) -> None:
    """A run that ended before anybody watched is told, not waited for."""
    told: asyncio.Queue[Run] = asyncio.Queue()
    run = _run(child.pid)
    child.kill()
    child.communicate()

    watch_exit(run, told.put_nowait)

    assert await told.get() == run


@pytest.mark.anyio
async def test_a_reused_pid_is_told_at_once(child: subprocess.Popen[bytes]) -> None:
    """A PID that another process has by now means that the run is over; the other is not watched."""
    told: asyncio.Queue[Run] = asyncio.Queue()
    before = _open_files()
    older = Run(child.pid, _run(child.pid).started_at - 60)

    watch_exit(older, told.put_nowait)

    assert await told.get() == older
    assert _open_files() == before


@pytest.mark.anyio
async def test_what_is_not_watched_any_more_is_not_told(child: subprocess.Popen[bytes]) -> None:
    """After stopping, the end comes without a word; stopping twice does no harm."""
    told: asyncio.Queue[Run] = asyncio.Queue()
    run, before = _run(child.pid), _open_files()
    stop = watch_exit(run, told.put_nowait)
    witness: asyncio.Queue[Run] = asyncio.Queue()
    watch_exit(run, witness.put_nowait)

    stop()
    stop()
    child.kill()
    await witness.get()

    assert told.empty()
    assert _open_files() == before


@pytest.mark.anyio
@pytest.mark.skipif(sys.platform != "linux", reason="Linux's way to run out of descriptors")
async def test_an_end_is_told_without_a_descriptor_too(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When no descriptor is left to wait on, the process is asked for again until it is gone."""

    def none_left(_: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "pidfd_open", none_left)
    monkeypatch.setattr(once, "_PAUSE_SECONDS", 0.01)
    told: asyncio.Queue[Run] = asyncio.Queue()
    run = _run(child.pid)
    watch_exit(run, told.put_nowait)

    child.kill()

    assert await told.get() == run


@pytest.fixture
def anyio_backend() -> str:
    """We run on asyncio alone."""
    return "asyncio"


class Queue:
    """A kernel queue as far as it is used: a pipe that becomes readable."""

    made: list["Queue"]

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.wishes: list[Any] = []
        self.made.append(self)

    def fileno(self) -> int:
        return self.reading

    def control(self, wishes: list[Any], _most: int) -> list[Any]:
        self.wishes += wishes
        return []

    def close(self) -> None:
        os.close(self.reading)
        os.close(self.writing)


@pytest.mark.anyio
@pytest.mark.skipif(sys.platform == "win32", reason="the loop of Windows cannot wait for a pipe")
async def test_a_kernel_queue_tells_the_end(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On macOS the queue is asked for the end of this PID, and lets go of once it has told."""
    macos = _macos(monkeypatch)
    told: asyncio.Queue[Run] = asyncio.Queue()
    run, before = _run(child.pid), _open_files()
    macos.watch_exit(run, told.put_nowait)
    (queue,) = Queue.made

    os.write(queue.writing, b"!")

    assert await told.get() == run
    assert [wish["ident"] for wish in queue.wishes] == [child.pid]
    assert _open_files() == before


def _macos(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of macOS, with a queue to play with."""
    Queue.made = []
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(select, "kqueue", Queue, raising=False)
    monkeypatch.setattr(select, "kevent", lambda ident, **more: more | {"ident": ident}, raising=False)
    for name in ("KQ_FILTER_PROC", "KQ_EV_ADD", "KQ_EV_ONESHOT", "KQ_NOTE_EXIT"):
        monkeypatch.setattr(select, name, 1, raising=False)
    return importlib.import_module("supervisor.system.exits.macos")
