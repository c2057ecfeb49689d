"""The two clocks."""

import time

from supervisor.remote import clock


def test_elapsed_time_only_grows_and_the_wall_clock_is_the_wall_clock() -> None:
    """One for durations, one to show."""
    first, second = clock.now(), clock.now()

    assert second.elapsed >= first.elapsed
    assert abs(second.wall - time.time()) < 5
    assert clock.elapsed() >= second.elapsed
