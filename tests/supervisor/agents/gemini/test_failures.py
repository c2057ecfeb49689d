"""Why turns fail, by lines that Gemini CLI 0.61.0 wrote."""

import pytest

from supervisor.agents.gemini import failures
from supervisor.core.failing import Cause

_400 = '{"error":{"code":400,"message":"fake 400 INVALID_ARGUMENT","status":"INVALID_ARGUMENT"}}'
_QUOTA = '{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED"}}'


@pytest.mark.parametrize(
    ("text", "words", "cause"),
    [
        (f"[API Error: {_400}]", "fake 400 INVALID_ARGUMENT", Cause.REQUEST),
        (f"[API Error: {_QUOTA}]", "You exceeded your current quota", Cause.USAGE_LIMIT),
        ("[API Error: terminated]", "terminated", Cause.DROPPED),
        ("[API Error: fetch failed]", "fetch failed", Cause.NETWORK),
        ("[API Error: {]", "{", Cause.UNKNOWN),
        ("something else", "something else", Cause.UNKNOWN),
    ],
)
def test_an_error_line_has_words_and_a_cause(text: str, words: str, cause: Cause) -> None:
    """Those of the API where it holds them, else its own."""
    assert (failures.words(text), failures.cause(text)) == (words, cause)
