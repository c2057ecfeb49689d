"""Where Claude Code finds its models."""

import json
from pathlib import Path

import pytest

from supervisor.agents.claude.models import endpoint


@pytest.mark.parametrize(
    ("environment", "settings", "expected"),
    [
        ({}, {}, "https://api.anthropic.com/v1/models"),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:8080/"}, {}, "http://127.0.0.1:8080/v1/models"),
        ({"ANTHROPIC_BASE_URL": ""}, {}, "https://api.anthropic.com/v1/models"),
        (
            {"ANTHROPIC_BASE_URL": "http://a"},
            {"ANTHROPIC_BASE_URL": "http://b/anthropic"},
            "http://b/anthropic/v1/models",
        ),
        ({"ANTHROPIC_BASE_URL": "unix:/x"}, {}, None),
        ({"CLAUDE_CODE_USE_BEDROCK": "1"}, {}, None),
        ({"CLAUDE_CODE_USE_BEDROCK": "0"}, {}, "https://api.anthropic.com/v1/models"),
        ({}, {"CLAUDE_CODE_USE_VERTEX": "true"}, None),
        ({}, {"ANTHROPIC_BASE_URL": 7}, "https://api.anthropic.com/v1/models"),
    ],
)
def test_what_is_asked_whether_it_is_there(
    tmp_path: Path, environment: dict[str, str], settings: dict[str, object], expected: str | None
) -> None:
    """The very place that the session uses; nobody's cloud is guessed."""
    path = tmp_path / "settings.json"
    path.write_text("\ufeff" + json.dumps({"env": settings}))

    assert endpoint(path, environment) == expected


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"env": []}', b"\xff"])
def test_settings_that_say_nothing_change_nothing(tmp_path: Path, content: bytes) -> None:
    """Broken, or not there."""
    path = tmp_path / "settings.json"
    path.write_bytes(content)

    assert endpoint(path, {}) == endpoint(tmp_path / "nowhere", {}) == "https://api.anthropic.com/v1/models"
