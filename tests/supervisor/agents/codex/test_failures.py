"""When Codex's limits are over, as version 0.169 wrote it down; why its turns fail is in test_failing."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.codex import failures
from supervisor.agents.codex.rollout import Rollout
from supervisor.core.failing import Cause
from supervisor.core.model import Facts

RECORDED = Path(__file__).parents[3] / "data" / "codex"


def failed(name: str, *, without_windows: bool = False) -> Facts:
    """What a recorded failure says; also without the windows that it tells just before."""
    rollout, found = Rollout(), Facts()
    for line in (RECORDED / f"rollout-0.169-error-{name}.jsonl").read_text().splitlines():
        if without_windows and '"token_count"' in line:
            continue
        record = rollout(json.loads(line))
        found = record.facts if record.facts and record.facts.cause else found
    return found


@pytest.mark.parametrize(
    ("name", "reset_at"), [("usage-limit", 1795304407.0), ("usage-limit-days", 1795499008.0)]
)
def test_a_limit_is_over_when_its_used_up_window_is(name: str, reset_at: float) -> None:
    """To the second; what is left of the other window does not matter."""
    told = failed(name)

    assert (told.cause, told.reset_at) == (Cause.USAGE_LIMIT, reset_at)


@pytest.mark.parametrize(
    ("name", "recorded_at"), [("usage-limit", "11:40 PM"), ("usage-limit-days", "Nov 24th, 2026 5:43 AM")]
)
def test_without_windows_its_words_tell(name: str, recorded_at: str) -> None:
    """By this machine's clock, to the minute, and never too early."""
    told = failed(name, without_windows=True)
    exact = failed(name).reset_at or 0.0
    # It was written on a machine that keeps UTC: the same words mean another moment elsewhere.
    here = time.mktime(datetime.fromtimestamp(exact, UTC).replace(second=0).timetuple())

    assert told.failure is not None
    assert recorded_at in told.failure
    if recorded_at.startswith("Nov"):
        assert told.reset_at == here + 60
    else:
        assert told.reset_at is not None


@pytest.mark.parametrize(
    "words", ["try again later.", "try again at 99:99 PM.", "try again at Nov 99th, 2026 1:00 AM"]
)
def test_words_that_tell_no_time_are_no_time(words: str) -> None:
    """Then it is asked again after a while."""
    assert failures.reset_at(words, {}, 1795299007.0) is None
    assert failures.reset_at("try again at 11:40 PM.", {}, None) is None


@pytest.mark.parametrize("limits", [{"primary": []}, {"primary": {"used_percent": "x", "resets_at": -1}}, {}])
def test_windows_that_are_none_say_nothing(limits: Mapping[str, Any]) -> None:
    """Whatever is in them; one that has room left is not what stopped it."""
    some = {"primary": {"used_percent": 99.0, "resets_at": 1795304407}}

    assert failures.reset_at("", limits, 0.0) is None
    assert failures.reset_at("", some, 0.0) is None
