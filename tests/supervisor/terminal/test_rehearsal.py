"""The rehearsal of a holder's life, which the nursery plays before it forks any."""

import subprocess
import sys
import time
from collections.abc import Callable

import psutil

assert sys.platform != "win32"

from supervisor.terminal.rehearsal import rehearse
from tests.lab.held import Held


def test_a_rehearsal_leaves_nothing_behind() -> None:
    """No descriptor, and no process."""
    me = psutil.Process()
    before = me.num_fds(), me.children()

    rehearse()

    assert (me.num_fds(), me.children()) == before


def test_nobody_waits_long_for_a_rehearsal() -> None:
    """It takes some starts of a bare interpreter, not hundreds: the first command waits for it."""
    bare = min(_seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)) for _ in range(3))

    assert min(_seconds(rehearse) for _ in range(3)) < 40 * bare


def _seconds(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def test_holders_begin_as_if_nobody_had_rehearsed(held: Held) -> None:
    """Nothing that was printed or typed then is known to them."""
    caller = held.run("sh", "-c", "echo first; cat").wait_for(b"first")

    state = caller.state()

    assert caller.hello.end == 0
    assert caller.output.startswith(b"first")
    assert (state.screens, state.draft, state.turn) == (1, False, 0)
