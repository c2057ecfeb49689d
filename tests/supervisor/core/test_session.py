"""The life of one session, read as a table."""

from supervisor.core.model import OVER, Sign, State
from supervisor.core.session import TRANSITIONS, Trigger, by_sign, step


def test_every_state_can_be_reached() -> None:
    """No state is a word without a way to it."""
    reached = {State.STARTING} | set(TRANSITIONS.values())

    assert reached == set(State)


def test_every_state_but_the_last_two_can_be_left_by_ending() -> None:
    """Whatever a session does, its process may end cleanly or be killed."""
    alive = set(State) - OVER

    assert {s for s in State if step(s, Trigger.ENDED) is State.ENDED and s is not State.ENDED} == alive
    assert {s for s in State if step(s, Trigger.KILLED) is State.LOST and s is not State.LOST} == alive


def test_what_is_over_comes_back_only_by_a_new_process() -> None:
    """A late word about a dead session does not raise it."""
    ways = {trigger for (state, trigger) in TRANSITIONS if state in OVER}

    assert ways == {Trigger.STARTED}


def test_what_is_not_in_the_table_changes_nothing() -> None:
    """The world may say anything at any time."""
    assert step(State.ENDED, Trigger.WORKING) is State.ENDED
    assert step(State.CUT_OFF, Trigger.IDLE) is State.CUT_OFF


def test_every_sign_has_a_meaning_or_says_nothing_new() -> None:
    """No sign of an agent is forgotten."""
    assert {sign for sign in Sign if by_sign(sign) is None} == {Sign.STARTING}
