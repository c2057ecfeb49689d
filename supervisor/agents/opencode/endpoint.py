"""Which API OpenCode talks to, where its settings name one; most providers it knows by heart."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from supervisor.agents.fields import mapping, parsed, string
from supervisor.agents.regular import opened

_LARGEST: Final = 2**20


def endpoint(environment: Mapping[str, str], model: str | None) -> str | None:
    """A URL that answers anybody who can reach it; ``None``: not known. *model*: that of the session."""
    config = _config(_place(environment))
    provider, _, name = (string(config.get("model")) or "").partition("/")
    if model and name and model != name:
        return None  # another one was chosen meanwhile, of whichever provider
    options = mapping(mapping(mapping(config.get("provider")).get(provider)).get("options"))
    base = string(options.get("baseURL")) or ""
    return f"{base.rstrip('/')}/models" if base.startswith(("http://", "https://")) else None


def _place(environment: Mapping[str, str]) -> Path:
    if told := environment.get("OPENCODE_CONFIG"):
        return Path(told)
    home = Path(environment.get("HOME") or "/")
    folder = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    return folder / "opencode" / "opencode.json"


def _config(path: Path) -> Mapping[str, Any]:
    try:
        with opened(path) as file:
            return mapping(parsed(file.read(_LARGEST)))
    except OSError:
        return {}
