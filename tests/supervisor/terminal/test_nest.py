"""The nursery: one for all holders, and nobody's burden."""

import sys
from concurrent.futures import ThreadPoolExecutor

import psutil

from supervisor.terminal import wire
from tests.lab.held import Held
from tests.lab.waiting import until

assert sys.platform != "win32"


def test_ten_orders_at_once_start_one_nursery(held: Held) -> None:
    """Whoever calls while it starts waits in its queue; all ten are held."""
    with ThreadPoolExecutor(10) as pool:
        callers = list(pool.map(lambda number: held.run("echo", str(number)), range(10)))

    assert len(held._nurseries) == 1
    assert sorted(int(c.output or b"-1") for c in callers if c.code() == 0) == list(range(10))


def test_no_zombie_is_left_of_a_holder(held: Held) -> None:
    """The nursery buries what it forked."""
    callers = [held.run("true") for _ in range(3)]

    for caller in callers:
        assert caller.code() == 0
        caller.line.say(wire.Taken())

    until(lambda: held.nursery.children() == [])


def test_it_starts_with_no_thread_and_little_loaded(held: Held) -> None:
    """No event loop, no TLS, no database: each holder would carry it."""
    cat = held.run("cat")
    holder = psutil.Process(cat.hello.holder)

    loaded = {path.path.rsplit("/", 1)[-1].split(".")[0] for path in holder.memory_maps()}

    assert held.nursery.num_threads() == 1
    assert not {"_ssl", "_sqlite3", "_asyncio", "_hashlib", "_ctypes", "_json"} & loaded
