"""Which API Qwen Code talks to."""

import json
from pathlib import Path

from supervisor.agents.qwen.endpoint import endpoint


def settings(home: Path, **auth: str) -> None:
    """The user's settings."""
    (home / "settings.json").write_text(json.dumps({"security": {"auth": auth}}))


def test_the_environment_comes_first(tmp_path: Path) -> None:
    """Then the settings; where neither names one, none is known."""
    environment = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1/"}

    nothing = endpoint(tmp_path, {})
    told = endpoint(tmp_path, environment)
    settings(tmp_path, selectedType="openai", baseUrl="https://models.example/v1")

    assert (nothing, told) == (None, "http://127.0.0.1:1/v1/models")
    assert endpoint(tmp_path, {}) == "https://models.example/v1/models"
    assert endpoint(tmp_path, environment) == "http://127.0.0.1:1/v1/models"


def test_another_kind_of_account_is_not_known(tmp_path: Path) -> None:
    """Its address is in no settings."""
    settings(tmp_path, selectedType="qwen-oauth")

    assert endpoint(tmp_path, {"OPENAI_BASE_URL": "http://127.0.0.1:1"}) is None
