"""Where Claude Code finds its models."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from supervisor.agents.fields import mapping, parsed, short
from supervisor.agents.regular import opened

_USUAL: Final = "https://api.anthropic.com"
_PLACE: Final = "ANTHROPIC_BASE_URL"
#: It answers everybody, if only that a key is missing.
_PATH: Final = "/v1/models"
#: With one of these it goes to somebody's cloud, by that cloud's own rules.
_CLOUDS: Final = "CLAUDE_CODE_USE_"
_LIMIT: Final = 1024 * 1024


def endpoint(settings: Path, environment: Mapping[str, str]) -> str | None:
    """A URL that is answered whenever the models can be reached; ``None``: not known.

    Variables in the user's settings come before those of the process, as with the program itself.
    """
    known: dict[str, Any] = {**environment, **_variables(settings)}
    if any(name.startswith(_CLOUDS) and value not in {"", "0", "false"} for name, value in known.items()):
        return None
    place = short(known.get(_PLACE)) or _USUAL
    return place.rstrip("/") + _PATH if place.startswith(("https://", "http://")) else None


def _variables(settings: Path) -> Mapping[str, Any]:
    with suppress(OSError), opened(settings) as file:
        return mapping(mapping(parsed(file.read(_LIMIT).removeprefix(b"\xef\xbb\xbf"))).get("env"))
    return {}
