"""Windows: changes are sent to the icon's own thread, and wait there while a menu is open."""

import sys

assert sys.platform == "win32"

import winreg
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from tray.backend import pystray_icon
from tray.backend.base import Act
from tray.backend.lock_windows import hold as hold

#: The first message that is free for a program's own use is WM_USER; pystray takes a few above it.
WM_CHANGES = 0x8000 + 0x57
THEME = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"


def panel() -> str:
    """Whether the task bar is light or dark."""
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, THEME) as key:
            return "light" if winreg.QueryValueEx(key, "SystemUsesLightTheme")[0] else "dark"
    except OSError:
        return "any"


class Changes:
    """Owner of the changes that wait for the icon's thread."""

    def __init__(self, icon: Any, post: Callable[[Any, int, int, int], Any]) -> None:
        self._icon, self._post = icon, post
        self._waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._open = False
        self._shown = icon._on_notify  # noqa: SLF001  # pystray has no public word for "the menu is open"
        handlers = icon._message_handlers  # noqa: SLF001
        for message, handler in list(handlers.items()):
            if handler == self._shown:
                handlers[message] = self._notified
        handlers[WM_CHANGES] = self._arrived

    def add(self, change: Callable[[], None]) -> None:
        """Do this in the icon's thread, when no menu is open."""
        self._waiting.put(change)
        self._post(self._icon._hwnd, WM_CHANGES, 0, 0)  # noqa: SLF001

    def _notified(self, wparam: int, lparam: int) -> Any:
        """A click on the icon; returns when the menu is closed again."""
        self._open = True
        try:
            return self._shown(wparam, lparam)
        finally:
            self._open = False
            self._arrived(0, 0)

    def _arrived(self, _wparam: int, _lparam: int) -> int:
        while not self._open and not self._waiting.empty():
            self._waiting.get()()
        return 0


def make(act: Act) -> pystray_icon.Icon:
    """The icon in the notification area."""
    icon = pystray_icon.Icon(pystray_icon.load("win32"), panel(), act, double_ampersands=True)
    from pystray._util import win32

    icon.in_its_thread = Changes(icon.icon, win32.PostMessage).add
    return icon
