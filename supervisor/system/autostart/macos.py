"""A launch agent of this user: launchd.plist(5). It is read at the next login."""

import os
import plistlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from supervisor.core.errors import Failed

_LABEL: Final = "org.wakeline.supervisor"


def place() -> Path:
    """Where the file is, or would be."""
    return Path.home() / "Library" / "LaunchAgents" / f"{_LABEL}.plist"


def command() -> Sequence[str] | None:
    """What is started at login; ``None``: nothing is."""
    try:
        told = plistlib.loads(place().read_bytes())
    except (OSError, ValueError, plistlib.InvalidFileException):
        return None
    words = told.get("ProgramArguments") if isinstance(told, dict) and not told.get("Disabled") else None
    return [str(word) for word in words] if isinstance(words, list) and words else None


def turn_on(command: Sequence[str]) -> str:
    """Start this at login from now on; says where that stands. Raises ``Failed``."""
    # AbandonProcessGroup: what "up" has started goes on when that has ended.
    entry = {
        "Label": _LABEL,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "AbandonProcessGroup": True,
        "ProcessType": "Interactive",
    }
    path = place()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_bytes(plistlib.dumps(entry))
        beside.replace(path)
    except OSError as trouble:
        raise Failed(f"{path} cannot be written: {trouble}.", "Nothing is started at login.") from trouble
    return str(path)


def turn_off() -> None:
    """Start nothing at login any more. Raises ``Failed``."""
    try:
        place().unlink(missing_ok=True)
    except OSError as trouble:
        raise Failed(f"{place()} cannot be removed: {trouble}.", "Remove it by hand.") from trouble
