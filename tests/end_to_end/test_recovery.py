"""What a crash of everything leaves, and bringing it back."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

from tests.end_to_end.crashes import crash_once, crowd
from tests.lab.waiting import until
from tests.lab.wakeline import entries, said


@pytest.mark.parametrize("seed", range(1, 6))
def test_after_a_crash_of_everything_all_is_found_and_comes_back(seed: int, needs_codex: None) -> None:
    """Supervisor, holders and agents are killed at once: what was alive is listed, and comes back."""
    del needs_codex
    crash_once(seed)


def test_after_a_reboot_what_was_held_comes_back_by_itself(needs_codex: None) -> None:
    """Set so: the conversation lives again in a terminal of ours, and its turn goes on."""
    del needs_codex
    with crowd(WAKELINE_RECONNECT_AT_LOGIN="auto") as living:
        living.begin("write slowly %%slow:600%%")
        living.begin("hello")
        until(lambda: len(living.alive()) == 2)
        before = living.alive()
        living.wakeline.wait_for(state="working")
        living.wakeline.wait_for(state="idle")

        living.crash()
        living.reboot()
        living.wakeline.start()

        until(lambda: all(living.is_back(session_id) for session_id in before), 180)
        assert living.alive() == before
        told = [said(entries(living.wakeline, session_id), "user") for session_id in before]
        assert sorted(words[0] for words in told) == ["hello", "write slowly %%slow:600%%"]
        until(
            lambda: sorted(len(said(entries(living.wakeline, one), "user")) for one in before) == [1, 2],
            saying="the turn that was cut goes on, the other session rests",
        )


def test_after_a_reboot_nothing_starts_that_was_not_asked_for(needs_codex: None) -> None:
    """As it is set at first: every screen offers it, and a yes brings it back."""
    del needs_codex
    with crowd() as living:
        living.begin("hello")
        until(lambda: len(living.alive()) == 1)
        (session_id,) = living.alive()

        living.crash()
        living.reboot()
        living.wakeline.start()

        lost = living.wakeline.wait_for(id=session_id, state="lost")
        assert (lost["cause"], lost["reconnect"]["phase"]) == ("machine rebooted", "asking")
        living.wakeline.run("retry", session_id)
        until(lambda: living.is_back(session_id))
