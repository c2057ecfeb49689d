"""Which API Qwen Code talks to, where its environment or settings name one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from supervisor.agents.fields import mapping, parsed, string
from supervisor.agents.regular import opened

_LARGEST: Final = 2**20


def endpoint(home: Path, environment: Mapping[str, str]) -> str | None:
    """A URL that answers anybody who can reach it; ``None``: not known."""
    settings = _settings(home / "settings.json")
    kind = string(mapping(mapping(settings.get("security")).get("auth")).get("selectedType")) or "openai"
    if kind != "openai":
        return None
    told = mapping(mapping(settings.get("security")).get("auth")).get("baseUrl")
    base = environment.get("OPENAI_BASE_URL") or string(told) or ""
    return f"{base.rstrip('/')}/models" if base.startswith(("http://", "https://")) else None


def _settings(path: Path) -> Mapping[str, Any]:
    try:
        with opened(path) as file:
            return mapping(parsed(file.read(_LARGEST)))
    except OSError:
        return {}
