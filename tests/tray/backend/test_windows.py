"""Changes of the icon on Windows wait while its menu is open. Windows itself is a fake here."""

import sys
from types import ModuleType
from typing import Any

import pytest


class Shell:
    """pystray's icon for Windows: its message handlers, and a menu that stays open as long as told."""

    def __init__(self) -> None:
        self._hwnd = 7
        self._message_handlers: dict[int, Any] = {1: self._on_notify, 2: self._other}
        self.while_open: Any = lambda: None

    def _on_notify(self, _wparam: int, _lparam: int) -> int:
        self.while_open()
        return 5

    def _other(self, _wparam: int, _lparam: int) -> int:
        return 6

    def receive(self, message: int) -> Any:
        """Windows calls the handler."""
        return self._message_handlers[message](0, 0)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Our module for Windows, on a machine that says it is one."""
    if sys.platform != "win32":
        for name in ("winreg", "msvcrt"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        monkeypatch.setattr(sys, "platform", "win32")
    for name in ("tray.backend.windows", "tray.backend.lock_windows"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import tray.backend.windows as module

    return module


def test_a_change_is_posted_to_the_icons_thread(windows: Any) -> None:
    """Nothing happens in the thread that asked."""
    shell, posted, done = Shell(), list[tuple[Any, ...]](), list[str]()
    changes = windows.Changes(shell, lambda *message: posted.append(message))

    changes.add(lambda: done.append("change"))
    assert (posted, done) == ([(7, windows.WM_CHANGES, 0, 0)], [])
    shell.receive(windows.WM_CHANGES)

    assert done == ["change"]
    assert shell.receive(2) == 6


def test_a_change_waits_until_the_menu_is_closed(windows: Any) -> None:
    """The menu under the hand is not destroyed."""
    shell, done = Shell(), list[str]()
    changes = windows.Changes(shell, lambda *_: None)

    def while_open() -> None:
        changes.add(lambda: done.append("change"))
        shell.receive(windows.WM_CHANGES)
        done.append("still open")

    shell.while_open = while_open
    answer = shell.receive(1)

    assert answer == 5
    assert done == ["still open", "change"]
