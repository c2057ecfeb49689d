"""A value below the user's ``Run`` key, which Explorer starts after the login."""

import sys

assert sys.platform == "win32"

import ctypes
import subprocess
import winreg
from collections.abc import Sequence
from ctypes import wintypes
from typing import Final

from supervisor.core.errors import Failed

_KEY: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
_NAME: Final = "Wakeline"
#: Longer values are not started. (Run and RunOnce Registry Keys, learn.microsoft.com)
_LONGEST: Final = 260


def command() -> Sequence[str] | None:
    """What is started at login; ``None``: nothing is."""
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _KEY) as key:
            told, _ = winreg.QueryValueEx(key, _NAME)
    except OSError:
        return None
    return _words(str(told)) or None


def turn_on(command: Sequence[str]) -> str:
    """Start this at login from now on; says where that stands. Raises ``Failed``."""
    line = subprocess.list2cmdline(command)
    if len(line) > _LONGEST:
        raise Failed("The command is too long to be started at login.", "Install it in a shorter folder.")
    try:
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _KEY) as key:
            winreg.SetValueEx(key, _NAME, 0, winreg.REG_SZ, line)
    except OSError as trouble:
        raise Failed(
            f"The registry cannot be written: {trouble}.", "Nothing is started at login."
        ) from trouble
    return rf"HKEY_CURRENT_USER\{_KEY}\{_NAME}"


def turn_off() -> None:
    """Start nothing at login any more. Raises ``Failed``."""
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _KEY, 0, winreg.KEY_SET_VALUE) as key:
            winreg.DeleteValue(key, _NAME)
    except FileNotFoundError:
        return
    except OSError as trouble:
        raise Failed(f"The registry cannot be written: {trouble}.", "Remove it by hand.") from trouble


def _words(line: str) -> Sequence[str]:
    split = ctypes.windll.shell32.CommandLineToArgvW
    split.restype = ctypes.POINTER(wintypes.LPWSTR)
    count = ctypes.c_int()
    found = split(line, ctypes.byref(count))
    words = [found[i] for i in range(count.value)] if found else []
    ctypes.windll.kernel32.LocalFree(found)
    return [word for word in words if word is not None]
