"""Getting to a holder."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from supervisor.core.errors import Failed, NoSuchSession
from supervisor.terminal import calling
from tests.lab.held import Held
from tests.lab.waiting import until

assert sys.platform != "win32"


def test_all_that_are_held_are_listed_with_their_names(held: Held) -> None:
    """What a dead holder left behind is passed over."""
    ids = sorted(held.run("cat").hello.id.decode() for _ in range(3))
    (held.folder / "00dead.sock").touch()

    assert list(calling.held(held.folder)) == [(own_id, "named") for own_id in ids]


def test_a_terminal_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """No such session, with a hint."""
    with pytest.raises(NoSuchSession, match="'abc'"):
        calling.holder(tmp_path, "abc")


def test_a_path_too_long_for_a_socket_is_said_so(tmp_path: Path) -> None:
    """In one sentence, before anything is started."""
    deep = tmp_path / ("x" * 120)
    deep.mkdir()

    with pytest.raises(Failed, match="cannot be held"):
        calling.nursery(deep, lambda _: pytest.fail("started"))


def test_a_nursery_that_dies_with_a_call_in_its_queue_is_replaced(held: Held) -> None:
    """Whoever called notices nothing."""
    held.run("true")
    held.nursery.suspend()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(held.run, "echo", "held")
        until(lambda: waits_in_a_queue(held))
        held.nursery.kill()

        assert running.result(20).code() == 0


def waits_in_a_queue(held: Held) -> bool:
    """Whether somebody has called the nursery, and it has not answered."""
    (place,) = held.folder.glob("nursery-*.sock")
    lines = Path("/proc/net/unix").read_text().splitlines()
    return sum(line.endswith(f"{place}~") for line in lines) > 1
