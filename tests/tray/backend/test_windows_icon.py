"""The real icon on Windows: shown, clicked, its menu opened and chosen from."""

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

assert sys.platform == "win32"

import ctypes

from tests.lab.waiting import until
from tray.backend import Look, windows
from tray.capture import windows as capture
from tray.lines import Action, Item, Quit, Separator, ShowDetails, StartSupervisor, line

MENU_CLASS = "#32768"
KEY_DOWN, DOWN, ENTER = 0x0100, 0x28, 0x0D
CLICK, RIGHT_CLICK = 0x0202, 0x0205
LEFT_OUT = 0x11

user = ctypes.WinDLL("user32")


def look(name: str, picture: str = "working") -> Look:
    """What is seen, told apart by a name."""
    menu = (
        line("state", name),
        Item(key="all", label="All & everything", action=ShowDetails(), default=True),
        Separator("1"),
        Item(key="start", label="Start", action=StartSupervisor()),
        Item(key="quit", label="Quit", action=Quit()),
    )
    return Look(picture=picture, tooltip=f"Wakeline: {name}", menu=menu)


class Shown:
    """An icon in the notification area, and what was chosen from it."""

    def __init__(self) -> None:
        self.chosen: list[Action] = []
        self.icon = windows.make(self.chosen.append)
        self.thread = threading.Thread(target=self.icon.run, daemon=True)

    @property
    def inner(self) -> Any:
        """pystray's own."""
        return self.icon.icon

    def post(self, message: int, first: int, second: int) -> None:
        """Windows tells the icon's window."""
        user.PostMessageW(ctypes.c_void_p(self.inner._hwnd), message, first, second)

    def click(self, how: int) -> None:
        """The mouse, on the icon."""
        from pystray._util import win32

        self.post(win32.WM_NOTIFY, 0, how)

    def press(self, *keys: int) -> None:
        """Keys, while its menu is open."""
        for key in keys:
            user.PostMessageW(ctypes.c_void_p(self.inner._menu_hwnd), KEY_DOWN, key, 0)


@pytest.fixture
def shown() -> Iterator[Shown]:
    """An icon that is gone after the test."""
    one = Shown()
    one.icon.show(look("first"))
    one.thread.start()
    until(lambda: one.inner.visible and "first" in one.inner.title)
    yield one
    one.icon.stop()
    one.thread.join(60)
    assert not one.thread.is_alive()


def menu_is_open() -> bool:
    """Whether a menu is on the screen."""
    found = user.FindWindowW(MENU_CLASS, None)
    return bool(found and user.IsWindowVisible(ctypes.c_void_p(found)))


def test_a_click_does_what_most_people_want(shown: Shown) -> None:
    """The left button needs no menu."""
    shown.click(CLICK)

    until(lambda: shown.chosen == [ShowDetails()])


def test_news_wait_until_the_menu_is_closed_by_a_choice(shown: Shown) -> None:
    """What is chosen is what was under the hand; then the menu says what is new."""
    shown.click(RIGHT_CLICK)
    until(menu_is_open)
    shown.icon.show(look("second", picture="needs_you-1"))
    # Keys come to lines that only tell something, too.
    shown.press(DOWN, DOWN, DOWN, ENTER)

    until(lambda: shown.chosen)
    assert shown.chosen == [StartSupervisor()]
    until(lambda: not menu_is_open())
    until(lambda: "second" in shown.inner.title)


def test_a_window_is_kept_out_of_pictures_of_the_screen(shown: Shown) -> None:
    """Windows knows of it from then on."""
    how = ctypes.c_uint32()

    if not capture.keep_out(shown.inner._hwnd):
        pytest.skip("wine has no word for it")

    assert user.GetWindowDisplayAffinity(ctypes.c_void_p(shown.inner._hwnd), ctypes.byref(how))
    assert how.value == LEFT_OUT
