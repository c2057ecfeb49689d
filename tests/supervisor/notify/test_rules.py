"""What the user has set about notices."""

import time
from datetime import datetime

import pytest

from supervisor.core.errors import WrongUse
from supervisor.core.notice import Level, NoticeKind
from supervisor.notify.rules import quiet, rules
from supervisor.settings import NoticesSettings


def at(clock: str) -> float:
    """A time of some day by the clock on the wall."""
    hour, minute = clock.split(":")
    return time.mktime(datetime(2026, 3, 3, int(hour), int(minute)).timetuple())  # noqa: DTZ001  # the wall's clock


def test_the_defaults_tell_of_everything_by_its_title() -> None:
    """And to nobody else."""
    told = NoticesSettings()

    made = rules(
        desktop=told.desktop,
        level=told.level,
        kinds=told.kinds,
        min_turn_seconds=told.min_turn_seconds,
        quiet_hours=told.quiet_hours,
    )

    assert (made.level, made.kinds, made.least_turn) == (Level.TITLE, frozenset(NoticeKind), 60.0)
    assert (told.urls, told.urls_level) == ((), "none")
    assert not made.quiet(at("03:00"))


@pytest.mark.parametrize(
    ("hours", "clock", "expected"),
    [
        ("22:00-07:00", "23:30", True),
        ("22:00-07:00", "06:59", True),
        ("22:00-07:00", "07:00", False),
        ("22:00-07:00", "12:00", False),
        ("12:00 - 13:00", "12:30", True),
        ("12:00 - 13:00", "13:30", False),
    ],
)
def test_quiet_hours_may_span_midnight(hours: str, clock: str, expected: bool) -> None:
    """By the clock on the wall."""
    assert quiet(hours)(at(clock)) is expected


@pytest.mark.parametrize(
    ("level", "kinds", "hours"),
    [("loud", (), ""), ("title", ("birthdays",), ""), ("title", (), "late"), ("title", (), "25:00-07:00")],
)
def test_a_word_that_means_nothing_is_refused(level: str, kinds: tuple[str, ...], hours: str) -> None:
    """With the words that do."""
    with pytest.raises(WrongUse):
        rules(desktop=True, level=level, kinds=kinds, min_turn_seconds=60, quiet_hours=hours)
