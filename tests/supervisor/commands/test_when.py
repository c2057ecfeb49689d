"""When a prompt is to be sent, as a person says it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from supervisor.commands import when
from supervisor.core import followup
from supervisor.core.errors import WrongUse

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=ZoneInfo("UTC"))


@pytest.mark.parametrize("text", ["now", "idle", "online", "reset", "job:12", "whatever"])
def test_what_is_no_time_is_passed_on(text: str) -> None:
    """The supervisor knows what it means, or that it means nothing."""
    assert when.of(text, NOON) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("+10m", "2026-01-31T12:10:00Z"),
        ("+90min", "2026-01-31T13:30:00Z"),
        ("+2h30m", "2026-01-31T14:30:00Z"),
        ("+1d", "2026-02-01T12:00:00Z"),
        ("+45s", "2026-01-31T12:00:45Z"),
        ("2026-01-31T14:00:00+02:00", "2026-01-31T12:00:00Z"),
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z"),
    ],
)
def test_times_are_told_in_utc(text: str, told: str) -> None:
    """From now on, or by an offset; the supervisor takes it as it is."""
    assert when.of(f"at:{text}", NOON) == f"at:{told}"
    assert followup.parse(f"at:{told}").text == f"at:{told}"


@pytest.mark.parametrize("text", ["", "+", "+m", "noon", "25:00", "12:60", "+10", "tomorrow", "-5m", "1200"])
def test_what_is_no_time_is_wrong_use(text: str) -> None:
    """With examples of what is."""
    with pytest.raises(WrongUse, match="is no time") as refused:
        when.of(f"at:{text}", NOON)

    assert "18:30" in refused.value.hint


@pytest.mark.parametrize(
    ("now", "text", "hours"),
    [(9, "18:30", 9.5), (18, "18:30", 0.5), (19, "18:30", 23.5), (18, "18:00", 24.0), (9, "9:05", 5 / 60)],
)
def test_a_time_of_day_is_the_next_one_here(now: int, text: str, hours: float) -> None:
    """Today if it is ahead, else tomorrow."""
    local = datetime(2026, 1, 30, now, 0).astimezone()

    told = when.of(f"at:{text}", local)

    assert (datetime.fromisoformat(told.removeprefix("at:")) - local).total_seconds() == pytest.approx(
        hours * 3600
    )
