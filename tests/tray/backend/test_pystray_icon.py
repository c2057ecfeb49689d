"""The icon by pystray, on a pystray that has no screen."""

import sys
from typing import Any

import pytest

from tray.backend import pystray_icon
from tray.backend.base import Look
from tray.lines import ConnectPhone, Item, Quit, Separator

ENTRIES = (
    Item(key="state", label="1 working", enabled=False),
    Item(key="s", label="R&D my_app", children=(Item(key="copy", label="Copy", action=ConnectPhone()),)),
    Separator("1"),
    Item(key="on", label="On", action=Quit(), checked=True, default=True),
)


@pytest.fixture
def pystray(monkeypatch: pytest.MonkeyPatch) -> Any:
    """pystray without a system."""
    monkeypatch.setenv("PYSTRAY_BACKEND", "dummy")
    for name in [name for name in sys.modules if name.partition(".")[0] == "pystray"]:
        monkeypatch.delitem(sys.modules, name)
    return pystray_icon.load("dummy")


class Recording:
    """pystray's icon, as far as ours uses it."""

    def __init__(self, name: str, image: Any, title: str, menu: Any) -> None:
        self.name, self.icon, self.title, self.menu = name, image, title, menu
        self.menus = 0
        self.visible = False
        self.notices: list[tuple[str, str]] = []

    def update_menu(self) -> None:
        """Count it."""
        self.menus += 1

    def notify(self, message: str, title: str) -> None:
        """Remember it."""
        self.notices.append((message, title))


@pytest.fixture
def icon(pystray: Any, monkeypatch: pytest.MonkeyPatch) -> pystray_icon.Icon:
    """Our icon on a recording one; ``acted`` is what was chosen."""
    monkeypatch.setattr(pystray, "Icon", Recording)
    acted: list[Any] = []
    made = pystray_icon.Icon(pystray, "any", acted.append, double_ampersands=True)
    made.acted = acted  # type: ignore[attr-defined]  # for the tests below
    return made


def test_the_menu_arrives_with_its_choices_and_its_tree(icon: Any) -> None:
    """Greyed lines, ticks, the default and submenus are what they are on Linux."""
    icon.show(Look(picture="idle", tooltip="t", menu=ENTRIES))

    state, session, _, on = list(icon.icon.menu.items)

    assert (state.text, state.enabled) == ("1 working", False)
    assert session.text == "R&&D my_app"
    assert [line.text for line in session.submenu.items] == ["Copy"]
    assert (on.checked, on.radio, on.default) == (True, True, True)


def test_a_chosen_line_means_its_action(icon: Any) -> None:
    """The click goes where it does everywhere else."""
    icon.show(Look(picture="idle", tooltip="t", menu=ENTRIES))
    _, session, _, on = list(icon.icon.menu.items)

    next(iter(session.submenu.items))(icon.icon)
    on(icon.icon)

    assert icon.acted == [ConnectPhone(), Quit()]


def test_only_what_differs_is_touched_and_only_in_its_thread(icon: Any) -> None:
    """Each touch from a wrong thread can crash macOS, each needless one closes an open menu."""
    work: list[Any] = []
    icon.in_its_thread = work.append
    icon._set_up(icon.icon)
    first = Look(picture="idle", tooltip="t" * 300, menu=ENTRIES)

    icon.show(first)
    icon.show(first)
    icon.show(Look(picture="working", tooltip="t" * 300, menu=ENTRIES))
    assert icon.icon.menus == 0
    for piece in work:
        piece()

    assert icon.icon.visible
    assert icon.icon.menus == 2  # when it appeared, and for the first look
    assert len(icon.icon.title) == pystray_icon.TOOLTIP
    assert icon.icon.icon.size == (64, 64)


def test_a_notice_is_cut_to_what_windows_takes(icon: Any) -> None:
    """A long sentence is no crash."""
    icon.tell("T", "x" * 1000)

    message, title = icon.icon.notices[0]
    assert (len(message), title) == (pystray_icon.NOTICE, "T")
