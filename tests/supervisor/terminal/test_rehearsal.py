"""The rehearsal of a holder's life, which the nursery plays before it forks any."""

import sys

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


def test_holders_begin_as_if_nobody_had_rehearsed(held: Held) -> None:
    """Nothing that was printed or typed then is known to them."""
    caller = held.run("sh", "-c", "echo first; cat").wait_for(b"first")

    state = caller.state()

    assert caller.hello.end == 0
    assert caller.output.startswith(b"first")
    assert (state.screens, state.draft, state.turn) == (1, False, 0)
