"""A real supervisor that may open few files, and somebody who takes them all."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("limits a process as Linux does", allow_module_level=True)
assert sys.platform == "linux"

import contextlib
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil

from supervisor.core.errors import WakelineError
from tests.lab.fixtures import do_without
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

FEW = 96


@pytest.fixture
def wakeline(tmp_path: Path) -> Iterator[Wakeline]:
    """A supervisor with few descriptors."""
    if shutil.which("prlimit") is None:
        do_without("needs prlimit: apt install util-linux")
    (tmp_path / "home").mkdir()
    within = ("prlimit", f"--nofile={FEW}:{FEW}")
    with Wakeline(tmp_path / "wakeline", tmp_path / "home", within) as running:
        yield running


def test_out_of_descriptors_it_rests_and_serves_again_when_some_are_free(wakeline: Wakeline) -> None:
    """It does not spin, does not die, and needs no restart."""
    process = psutil.Process(wakeline.pid)
    before = process.num_fds()
    lines = [socket.socket(socket.AF_UNIX) for _ in range(2 * FEW)]
    with contextlib.suppress(BlockingIOError):
        for line in lines:
            line.setblocking(False)
            line.connect(str(wakeline.folder / "run" / "api.sock"))
    until(lambda: process.num_fds() >= FEW - 4)

    process.cpu_percent()
    busy = process.cpu_percent(2.0)
    for line in lines:
        line.close()

    assert busy < 10
    until(lambda: _answers(wakeline))
    assert process.is_running()
    until(lambda: process.num_fds() <= before + 2)


def _answers(wakeline: Wakeline) -> bool:
    try:
        return wakeline.client.get("/api/machine") is not None
    except WakelineError:
        return False
