"""Which API Claude Code talks to: by its environment, then by the settings that set one for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from supervisor.agents.fields import mapping, parsed, short
from supervisor.agents.regular import opened

_USUAL: Final = "https://api.anthropic.com"
#: Other clouds have other addresses, which only their own libraries know.
_OTHER_CLOUDS: Final = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
_LARGEST: Final = 2**20


def endpoint(home: Path, environment: Mapping[str, str]) -> str | None:
    """A URL that answers anybody who can reach it; ``None``: not known."""
    told = {**environment, **_of_settings(home / "settings.json")}
    if any(told.get(name) for name in _OTHER_CLOUDS):
        return None
    base = (told.get("ANTHROPIC_BASE_URL") or _USUAL).rstrip("/")
    return f"{base}/v1/models" if base.startswith(("http://", "https://")) else None


def _of_settings(path: Path) -> Mapping[str, str]:
    try:
        with opened(path) as file:
            told = mapping(mapping(parsed(file.read(_LARGEST))).get("env"))
    except OSError:
        return {}
    return {name: value for name in told if (value := short(told[name]))}
