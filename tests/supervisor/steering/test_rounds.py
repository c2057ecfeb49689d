"""Pauses that end together."""

import random

from supervisor.steering.rounds import Rounds


class Clock:
    """A clock that is set by hand. Owner: the test."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_a_pause_alone_is_as_long_as_it_was_meant_to_be() -> None:
    """Who waits alone loses nothing."""
    clock = Clock()
    rounds = Rounds(2.0, clock)

    assert rounds.end(7.0, 30.0) == 107.0


def test_a_pause_ends_with_another_that_is_near() -> None:
    """A little earlier, or a little later, and then for both at once."""
    clock = Clock()
    rounds = Rounds(2.0, clock)
    rounds.end(10.0, 30.0)

    assert rounds.end(15.0, 30.0) == 110.0
    assert rounds.end(9.0, 30.0) == 110.0
    assert rounds.end(25.0, 30.0) == 125.0
    assert rounds.end(4.0, 30.0) == 104.0


def test_no_pause_is_longer_than_the_longest() -> None:
    """Whom it suits to wait no longer than a time is not kept waiting longer by others."""
    clock = Clock()
    rounds = Rounds(2.0, clock)
    rounds.end(10.0, 30.0)

    assert rounds.end(9.0, 9.5) == 109.0


def test_fifty_that_wait_look_at_few_times() -> None:
    """The machine is woken for all of them, not for each."""
    clock, lot = Clock(), random.Random(1)
    rounds, waiting, woken = Rounds(2.0, clock), [100.0] * 50, 0
    while clock.now < 1100.0:
        clock.now = min(waiting)
        woken += 1
        waiting = [rounds.end(lot.uniform(0.0, 30.0), 30.0) if end <= clock.now else end for end in waiting]

    assert woken < 700  # alone they would be more than 3,000
