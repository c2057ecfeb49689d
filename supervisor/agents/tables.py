"""Settings of agents that are written as TOML; nothing here raises."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from supervisor.agents.regular import opened

_LARGEST: Final = 2**20


def tables(path: Path) -> Mapping[str, Any]:
    """What a file of TOML holds; empty where there is none, or it is broken."""
    import tomllib  # not before somebody's settings are asked for

    try:
        with opened(path) as file:
            return tomllib.loads(file.read(_LARGEST).decode("utf-8", "replace"))
    except (OSError, ValueError, RecursionError):
        return {}
