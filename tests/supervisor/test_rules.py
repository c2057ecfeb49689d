"""What the user has set, as rules."""

import time
from datetime import datetime
from pathlib import Path

import pytest

from supervisor.core.errors import WrongUse
from supervisor.core.model import Kind, Session, State
from supervisor.core.notice import Level, NoticeKind
from supervisor.rules import elsewhere, of_awake, of_notices, of_reconnect, quiet
from supervisor.settings import AwakeSettings, NoticesSettings, ReconnectSettings, Settings


def at(clock: str) -> float:
    """A time of some day by the clock on the wall."""
    hour, minute = clock.split(":")
    return time.mktime(datetime(2026, 3, 3, int(hour), int(minute)).timetuple())  # noqa: DTZ001  # the wall's clock


def test_the_defaults_tell_of_everything_by_its_title() -> None:
    """And to nobody else."""
    made = of_notices(Settings())

    assert (made.level, made.kinds, made.least_turn) == (Level.TITLE, frozenset(NoticeKind), 60.0)
    assert elsewhere(Settings()) is Level.NONE
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
    notices = NoticesSettings(level=level, kinds=kinds, quiet_hours=hours)

    with pytest.raises(WrongUse, match=r"notices\."):
        of_notices(Settings(notices=notices))


def test_the_battery_is_not_drained() -> None:
    """As far down as the user says."""
    made = of_awake(Settings(awake=AwakeSettings(battery_limit_percent=35, wind_down_seconds=10)))

    assert (made.battery_limit, made.wind_down) == (35, 10)


def test_the_nearest_folder_decides() -> None:
    """``~`` is the user's home; what has no rule goes by its kind."""
    told = ReconnectSettings(folders=("~/work=off", "~/work/shop = auto"), others="off")
    links = of_reconnect(Settings(reconnect=told)).links

    def policy(cwd: str) -> str:
        place = str(Path(cwd).expanduser())
        session = Session(id="s", agent="claude", state=State.IDLE, kind=Kind.SEEN, cwd=place)
        return str(links.policy(session))

    assert [policy(cwd) for cwd in ("~/work", "~/work/shop/api", "~/workshop")] == ["off", "auto", "off"]


@pytest.mark.parametrize(
    "told",
    [
        ReconnectSettings(hosted="sometimes"),
        ReconnectSettings(others=""),
        ReconnectSettings(at_login="yes"),
        ReconnectSettings(folders=("~/work",)),
        ReconnectSettings(folders=("work=off",)),
        ReconnectSettings(folders=("~/work=never",)),
        ReconnectSettings(folders=("~nobody-has-this-name/work=off",)),
        ReconnectSettings(folders=("~\0=off",)),
    ],
)
def test_a_rule_that_means_nothing_is_refused(told: ReconnectSettings) -> None:
    """With its name, before anything runs."""
    with pytest.raises(WrongUse, match=r"reconnect\."):
        of_reconnect(Settings(reconnect=told))
