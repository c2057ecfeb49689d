"""Keep-awake on the command line: durations in, a few lines out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.commands import awake
from supervisor.core.errors import WrongUse

ASLEEP: dict[str, Any] = {
    "mode": "auto",
    "mode_until": None,
    "wanted": False,
    "held": False,
    "mechanism": None,
    "reasons": [],
    "releases_at": None,
    "problem": None,
}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45", 2700), ("90m", 5400), ("2h", 7200), ("1h30m", 5400), ("30s", 30), ("1d", 86_400)],
)
def test_durations_are_written_as_people_write_them(text: str, seconds: int) -> None:
    """A bare number is minutes."""
    assert awake.seconds(text) == seconds


@given(st.integers(1, 999), st.integers(0, 59))
def test_parts_of_a_duration_add_up(hours: int, minutes: int) -> None:
    """In any mixture of units."""
    assert awake.seconds(f"{hours}h{minutes}m") == hours * 3600 + minutes * 60


@pytest.mark.parametrize("text", ["", "soon", "0", "0h", "-2h", "2 h", "h", "1.5h", "٣h", "9999999h", "2h!"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    """Nothing is guessed: a machine that sleeps too early is noticed too late."""
    with pytest.raises(WrongUse) as refused:
        awake.seconds(text)

    assert "1h30m" in refused.value.hint


@pytest.mark.parametrize(
    ("facts", "headline"),
    [
        ({}, "This machine may sleep: no work runs."),
        ({"wanted": True}, "This machine is about to be kept awake."),
        ({"held": True, "mechanism": "logind"}, "This machine is kept awake (logind, verified)."),
        (
            {"wanted": True, "problem": "no inhibitor\x1b[2J"},
            "This machine may sleep: no inhibitor\N{REPLACEMENT CHARACTER}[2J",
        ),
    ],
)
def test_the_first_line_is_what_is_true_now(facts: dict[str, Any], headline: str) -> None:
    """Kept awake is said only when it was verified; a problem is said in its place."""
    assert awake.told(ASLEEP | facts)[0] == headline


@pytest.mark.parametrize(
    ("mechanism", "words"),
    [
        ("logind", "a closed lid still puts it to sleep, and so can you: first wakeline awake off"),
        ("power manager (KDE)", "a closed lid still puts it to sleep, and so can you"),
    ],
)
def test_what_still_puts_it_to_sleep_is_said(mechanism: str, words: str) -> None:
    """Nobody finds out in a bag that a closed lid is stronger; a lock of logind's stops its user, too."""
    assert awake.told(ASLEEP | {"held": True, "mechanism": mechanism})[1:] == [f"  {words}"]
    assert len(awake.told(ASLEEP)) == 1


def test_every_reason_and_the_users_own_choice_are_told() -> None:
    """Since when, until when, and how it goes back."""
    reason = {"text": "Port the parser is working", "since": "2026-01-01T00:00:00Z", "until": None}
    facts = {"held": True, "mechanism": "logind", "mode": "on", "mode_until": "2099-01-01T00:00:00Z"}

    lines = awake.told(ASLEEP | facts | {"reasons": [reason]})

    assert lines[2].startswith("  because Port the parser is working, for ")
    assert lines[3].startswith("  set to on by you, back to auto in ")
