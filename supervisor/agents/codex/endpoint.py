"""Which API Codex talks to: by its provider in ``config.toml``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from supervisor.agents.fields import mapping, string
from supervisor.agents.tables import tables

_BY_KEY: Final = "https://api.openai.com/v1"
_BY_LOGIN: Final = "https://chatgpt.com/backend-api/codex"


def endpoint(home: Path, environment: Mapping[str, str]) -> str | None:
    """A URL that answers anybody who can reach it; ``None``: not known."""
    config = tables(home / "config.toml")
    provider = string(config.get("model_provider")) or "openai"
    base = string(mapping(mapping(config.get("model_providers")).get(provider)).get("base_url"))
    if not base:
        if provider != "openai":
            return None
        base = environment.get("OPENAI_BASE_URL") or (
            _BY_KEY if environment.get("OPENAI_API_KEY") else _BY_LOGIN
        )
    return f"{base.rstrip('/')}/models" if base.startswith(("http://", "https://")) else None
