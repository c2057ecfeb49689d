"""Why turns fail, by events that Copilot CLI 1.0.102 wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.copilot import failures
from supervisor.core.failing import Cause

RECORDED = Path(__file__).parents[3] / "data" / "copilot"


def errors(name: str) -> list[dict[str, Any]]:
    """The errors of one recorded file."""
    lines = [json.loads(line) for line in (RECORDED / f"{name}.jsonl").read_text().splitlines()]
    return [line["data"] for line in lines if line["type"] == "session.error"]


def test_recorded_errors_have_their_causes() -> None:
    """By words that say more than a status, by the status, by the kind."""
    (rate,) = errors("error-429")
    refused, quota = errors("aborted-400-quota-killed-resumed")

    causes = [failures.cause(event) for event in (rate, refused, quota)]

    assert causes == [Cause.RATE_LIMIT, Cause.REQUEST, Cause.USAGE_LIMIT]
    assert failures.words(refused) == "400 fake 400 error"


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        ({"errorType": "authentication", "message": "Sign in"}, Cause.AUTHENTICATION),
        ({"errorType": "quota", "message": "No more"}, Cause.USAGE_LIMIT),
        ({"errorType": "query", "message": "fetch failed"}, Cause.NETWORK),
        ({"errorType": [], "statusCode": "x"}, Cause.UNKNOWN),
    ],
)
def test_other_errors_are_known_by_kind_or_words(event: dict[str, Any], cause: Cause) -> None:
    """Whatever is in them."""
    assert failures.cause(event) is cause
    assert failures.words(event)
