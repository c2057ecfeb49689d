"""Why turns fail: recorded failures of every agent, and what each is called here."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.claude import failures as claude
from supervisor.agents.codex import failures as codex
from supervisor.agents.copilot import transcript as copilot
from supervisor.agents.failing import by_status, by_words
from supervisor.agents.gemini import transcript as gemini
from supervisor.agents.opencode import failures as opencode
from supervisor.agents.qwen import transcript as qwen
from supervisor.core.failing import REMEDIES, Cause, Remedy
from supervisor.core.model import Record, Sign

DATA = Path(__file__).parents[2] / "data"


def claude_errors() -> Iterator[Mapping[str, Any]]:
    for path in sorted((DATA / "claude" / "transcripts").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            if '"isApiErrorMessage":true' in line or '"isApiErrorMessage": true' in line:
                yield json.loads(line)


def text_of(line: Mapping[str, Any]) -> str:
    return str(line["message"]["content"][0]["text"])


def test_every_recorded_failure_of_claude_has_its_cause() -> None:
    """Refused connections, overload, limits, keys and too long prompts are told apart."""
    found = {text_of(line)[:40]: claude.cause(line, text_of(line)) for line in claude_errors()}

    assert found == {
        "API Error: Repeated 529 Overloaded error": Cause.OVERLOADED,
        "API Error: Connection refused — a firewa": Cause.NETWORK,
        "API Error: Request rejected (429) · This": Cause.RATE_LIMIT,
        "Invalid API key · Fix external API key": Cause.AUTHENTICATION,
        "Prompt is too long": Cause.CONTEXT,
        "Prompt is too long · the request is ~210": Cause.CONTEXT,
        "Request too large (max 32MB). Accumulate": Cause.CONTEXT,
        "API Error: 402 fake error 402": Cause.PAYMENT,
        "Failed to authenticate. API Error: 403 Y": Cause.AUTHENTICATION,
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Claude AI usage limit reached|1764000000", 1764000000.0),
        ("You've hit your limit · resets 3pm", None),
    ],
)
def test_a_usage_limit_may_say_when_it_is_reset(text: str, told: float | None) -> None:
    """The time is taken where it is exact; else it is asked about again later."""
    assert claude.cause({"error": "rate_limit", "apiErrorStatus": 429}, text) is Cause.USAGE_LIMIT
    assert claude.reset_at(text) == told


#: What only a person can mend, as each program wrote it down.
_MENDED_BY_A_PERSON = (Cause.CONTEXT, Cause.PAYMENT, Cause.AUTHENTICATION)
_READERS: Mapping[str, Callable[[], Callable[[Mapping[str, Any]], Record]]] = {
    "copilot": copilot.Reading,
    "gemini": gemini.Reading,
    "qwen": qwen.Reading,
}


@pytest.mark.parametrize("agent", sorted(_READERS))
def test_what_only_a_person_can_mend_is_known_of_each(agent: str) -> None:
    """Too long a conversation, an unpaid bill and a wrong key, one turn after the other."""
    read = _READERS[agent]()
    lines = (DATA / agent / "too-long-unpaid-unauthorized.jsonl").read_text().splitlines()

    failed = [record for line in lines if (record := read(json.loads(line))).sign is Sign.FAILED]

    causes = tuple(record.facts.cause for record in failed if record.facts)
    assert causes[:3] == _MENDED_BY_A_PERSON


def codex_errors() -> Iterator[Mapping[str, Any]]:
    for path in sorted((DATA / "codex").glob("rollout-*-error-*.jsonl")):
        for line in path.read_text().splitlines():
            error = json.loads(line).get("payload", {}).get("error")
            if isinstance(error, dict):
                yield error


def test_every_recorded_failure_of_codex_has_its_cause() -> None:
    """Exhausted retries, quota and dropped streams are told apart."""
    found = {codex.cause(error.get("codex_error_info"), error["message"]) for error in codex_errors()}

    assert found == {
        *(Cause.RATE_LIMIT, Cause.USAGE_LIMIT, Cause.DROPPED, Cause.CONTEXT, Cause.AUTHENTICATION),
        *(Cause.PAYMENT, Cause.OVERLOADED),
    }


@pytest.mark.parametrize(
    ("told", "words", "cause"),
    [
        ("context_window_exceeded", "", Cause.CONTEXT),
        ("contextWindowExceeded", "", Cause.CONTEXT),
        ({"http_connection_failed": {"http_status_code": None}}, "", Cause.NETWORK),
        ({"responseTooManyFailedAttempts": {"httpStatusCode": 529}}, "", Cause.OVERLOADED),
        ("other", "unexpected status 401 Unauthorized", Cause.AUTHENTICATION),
        (None, "", Cause.UNKNOWN),
        (7, "boom", Cause.UNKNOWN),
    ],
)
def test_both_spellings_of_codex_are_read(told: object, words: str, cause: Cause) -> None:
    """In rollouts and on the daemon's socket errors are spelled differently."""
    assert codex.cause(told, words) is cause


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ({"name": "APIError", "data": {"message": "Too Many Requests", "statusCode": 429}}, Cause.RATE_LIMIT),
        ({"name": "APIError", "data": {"message": "x", "statusCode": 500}}, Cause.SERVER),
        ({"name": "ProviderAuthError", "data": {"message": "no key"}}, Cause.AUTHENTICATION),
        (
            {
                "name": "UnknownError",
                "data": {"message": "Unable to connect. Is the computer able to access the url?"},
            },
            Cause.NETWORK,
        ),
        (
            {"name": "APIError", "data": {"message": "insufficient_quota", "statusCode": 429}},
            Cause.USAGE_LIMIT,
        ),
        ({}, Cause.UNKNOWN),
        ({"name": 7, "data": []}, Cause.UNKNOWN),
    ],
)
def test_failures_of_opencode_have_their_cause(error: Mapping[str, Any], cause: Cause) -> None:
    """By name, status and words, in whatever shape they come."""
    assert opencode.cause(error) is cause


def test_every_recorded_failure_of_opencode_has_its_cause() -> None:
    """Too long a conversation, a key and a bill. A limit's end it waits for by itself."""
    errors = json.loads((DATA / "opencode" / "errors.json").read_text())

    assert [opencode.cause(error) for error in errors] == [
        Cause.CONTEXT,
        Cause.AUTHENTICATION,
        Cause.PAYMENT,
    ]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("getaddrinfo ENOTFOUND api.example.com", Cause.NETWORK),
        ("TypeError: fetch failed", Cause.NETWORK),
        ("API Error: terminated", Cause.DROPPED),
        ("stream disconnected before completion", Cause.DROPPED),
        ("Request timed out.", Cause.SILENT),
        ("Your credit balance is too low", Cause.PAYMENT),
        ("502 Bad Gateway", Cause.SERVER),
        ("the model is at capacity", Cause.OVERLOADED),
        ("something new", Cause.UNKNOWN),
    ],
)
def test_words_that_all_programs_use_are_known(words: str, cause: Cause) -> None:
    """The same few messages of systems and libraries stand in every agent's errors."""
    assert by_words(words) is cause


def test_a_status_that_is_none_says_nothing() -> None:
    """Success is no cause."""
    assert (by_status(None), by_status(200), by_status(418), by_status(599)) == (
        None,
        None,
        Cause.REQUEST,
        Cause.SERVER,
    )


def test_every_cause_has_its_remedy() -> None:
    """A new cause cannot be forgotten; nobody retries what only a person can mend."""
    assert set(REMEDIES) == set(Cause)
    for cause in (Cause.AUTHENTICATION, Cause.PAYMENT, Cause.CONTEXT, Cause.REQUEST, Cause.UNKNOWN):
        assert REMEDIES[cause] is Remedy.TELL
