"""A file in the folder that every desktop reads at login: XDG Desktop Application Autostart 0.5."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from supervisor.core.errors import Failed

_NAME: Final = "wakeline.desktop"
_ENTRY: Final = """[Desktop Entry]
Type=Application
Name=Wakeline
Comment=Keeps long AI agent sessions awake, connected and within reach
Exec={command}
Icon=wakeline
Terminal=false
StartupNotify=false
X-GNOME-Autostart-enabled=true
"""
#: What must have a backslash before it within quotes; Desktop Entry Specification 1.5, "The Exec key".
_TO_ESCAPE: Final = re.compile(r'(["`$\\])')
_ESCAPED: Final = re.compile(r"\\(.)")
#: Quoted, or bare.
_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)')


def place() -> Path:
    """Where the file is, or would be."""
    told = os.environ.get("XDG_CONFIG_HOME", "")
    config = Path(told) if Path(told).is_absolute() else Path.home() / ".config"
    return config / "autostart" / _NAME


def command() -> Sequence[str] | None:
    """What is started at login; ``None``: nothing is."""
    try:
        lines = place().read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    told = dict(line.split("=", 1) for line in lines if "=" in line)
    if told.get("Hidden") == "true" or told.get("X-GNOME-Autostart-enabled") == "false":
        return None  # how desktops' own settings turn it off
    return _read(told.get("Exec", "")) or None


def turn_on(command: Sequence[str]) -> str:
    """Start this at login from now on; says where that stands. Raises ``Failed``."""
    path = place()
    if not all(word.isprintable() for word in command):
        raise Failed("A folder's name has a line break in it.", "Nothing is started at login.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_text(_ENTRY.format(command=_written(command)), encoding="utf-8")
        beside.replace(path)
    except (OSError, ValueError) as trouble:
        raise Failed(f"{path} cannot be written: {trouble}.", "Nothing is started at login.") from trouble
    return str(path)


def turn_off() -> None:
    """Start nothing at login any more. Raises ``Failed``."""
    try:
        place().unlink(missing_ok=True)
    except OSError as trouble:
        raise Failed(f"{place()} cannot be removed: {trouble}.", "Remove it by hand.") from trouble


def _written(command: Sequence[str]) -> str:
    """Quoted, then as a value of a desktop file, in which a backslash is written twice."""
    quoted = " ".join('"' + _TO_ESCAPE.sub(r"\\\1", word).replace("%", "%%") + '"' for word in command)
    return quoted.replace("\\", "\\\\")


def _read(told: str) -> Sequence[str]:
    words = _WORD.findall(told.replace("\\\\", "\\"))
    return [(bare or _ESCAPED.sub(r"\1", quoted)).replace("%%", "%") for quoted, bare in words]
