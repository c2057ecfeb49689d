"""Why turns fail, by records that Kimi Code 2.1.0 wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.kimi import failures
from supervisor.core.failing import Cause

RECORDED = Path(__file__).parents[3] / "data" / "kimi" / "approved-rejected-interrupted-failed.jsonl"


def test_recorded_errors_have_their_causes() -> None:
    """By the error's name where the status says too little."""
    ends = [json.loads(line) for line in RECORDED.read_text().splitlines() if '"turn.ended"' in line]

    causes = {
        end["error"]["message"].split()[0] + end["error"]["name"]: failures.cause(end["error"])
        for end in ends
        if end["reason"] == "failed"
    }

    assert causes == {
        "400APIStatusError": Cause.REQUEST,
        "401APIStatusError": Cause.AUTHENTICATION,
        "402APIStatusError": Cause.PAYMENT,
        "429APIProviderQuotaExhaustedError": Cause.USAGE_LIMIT,
        "429APIProviderRateLimitError": Cause.RATE_LIMIT,
    }


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ({"name": "APIConnectionError", "message": "terminated"}, Cause.DROPPED),
        ({"name": "APIConnectionError", "message": "Connection error."}, Cause.NETWORK),
        ({"name": "APITimeoutError", "message": "Request failed."}, Cause.SILENT),
        ({"code": "provider.auth_error", "message": "Run /login"}, Cause.AUTHENTICATION),
        ({"name": "APIStatusError", "details": {"statusCode": 500}}, Cause.SERVER),
        ({"name": [], "details": 7}, Cause.UNKNOWN),
    ],
)
def test_other_errors_are_known_by_name_or_words(error: dict[str, Any], cause: Cause) -> None:
    """Whatever is in them."""
    assert failures.cause(error) is cause
    assert failures.words(error)
