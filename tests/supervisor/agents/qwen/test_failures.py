"""Why turns fail, by records that Qwen Code 0.24.4 wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.qwen import failures
from supervisor.core.failing import Cause

RECORDED = Path(__file__).parents[3] / "data" / "qwen"


def requests(name: str) -> list[dict[str, Any]]:
    """The failed requests of one recorded file."""
    lines = [json.loads(line) for line in (RECORDED / f"{name}.jsonl").read_text().splitlines()]
    events = [line["systemPayload"]["uiEvent"] for line in lines if line.get("subtype") == "ui_telemetry"]
    return [event for event in events if event["event.name"].endswith("api_error")]


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("error-401", Cause.AUTHENTICATION),
        ("connection-refused", Cause.NETWORK),
        ("gave-up-after-500", Cause.SERVER),
        ("drop-continued", Cause.DROPPED),
        ("interrupted-denied-steered", Cause.REQUEST),
    ],
)
def test_each_failed_request_has_its_cause(name: str, cause: Cause) -> None:
    """By its status, else by its words."""
    assert {failures.cause(event) for event in requests(name)} == {cause}


def test_a_quota_is_more_than_a_rate_limit() -> None:
    """The words say more than the status 429."""
    causes = [failures.cause(event) for event in requests("cancelled-dropped-quota-killed")]

    assert causes == [Cause.DROPPED, *[Cause.USAGE_LIMIT] * 4]


@pytest.mark.parametrize(
    ("cause", "tries", "final"),
    [
        (Cause.AUTHENTICATION, 1, True),
        (Cause.NETWORK, 1, True),
        (Cause.SERVER, 6, False),
        (Cause.SERVER, 7, True),
        (Cause.DROPPED, 1, False),
    ],
)
def test_it_gives_up_where_it_does(cause: Cause, tries: int, final: bool) -> None:
    """Seven times where it asks again, else at once."""
    assert failures.is_final(cause, tries) is final
