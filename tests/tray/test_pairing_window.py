"""The pairing window on a real screen: the code is read from the picture, as a phone does."""

import sys
from collections.abc import Callable

import pytest

if sys.platform != "linux":
    pytest.skip("the screen for tests is Linux's", allow_module_level=True)
assert sys.platform == "linux"

import zxingcpp

from tests.fakes.supervisor import Supervisor
from tests.lab.desktop import Desktop
from tests.lab.waiting import until
from tray import words

pytestmark = pytest.mark.parametrize("desktop", ["none"], indirect=True)

Start = Callable[..., None]

URL = "https://192.168.1.20:8443/#1.AAECAwQFBgc.AAECAwQFBgcICQoLDA0ODw"
ACCENT = "#0b8478"
DIALOG = {
    "url": URL,
    "address": "192.168.1.20",
    "addresses": [
        {"address": "192.168.1.20", "interface": "wlan0", "reachable": True},
        {"address": "10.0.0.7", "interface": "tun0", "reachable": False, "note": "VPN"},
    ],
}


def codes(desktop: Desktop) -> list[str]:
    """The texts of all QR codes on the screen."""
    return [code.text for code in zxingcpp.read_barcodes(desktop.screen())]


def opened(desktop: Desktop, supervisor: Supervisor, start: Start) -> None:
    """The window, with its code seen and the keyboard in it."""
    supervisor.opened = DIALOG
    start("tray.pairing")
    until(lambda: codes(desktop) == [URL], saying="no code on the screen")
    desktop.focus(words.PAIR_TITLE)


def test_a_phone_can_read_the_code_from_the_screen(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """The code says exactly the address and the secret; without a tick the phone may only look."""
    opened(desktop, supervisor, start)

    assert supervisor.was_asked("POST", "/api/pair/dialog") == {"scope": "view"}
    assert desktop.windows(words.PAIR_TITLE)


def test_the_code_hides_itself_and_a_click_shows_it_again(desktop: Desktop, supervisor: Supervisor) -> None:
    """Nobody photographs a code from a screen that was left alone."""
    supervisor.opened = DIALOG
    sooner = "import tray.pairing_window as w, tray.pairing as p; w.SHOWN_FOR = 1_500; p.main()"
    desktop.start("sooner", [sys.executable, "-c", sooner])
    until(lambda: codes(desktop) == [URL], saying="no code on the screen")

    until(lambda: codes(desktop) == [], saying="the code does not hide")
    desktop.click((512, 300))

    until(lambda: codes(desktop) == [URL], saying="the code does not come back")
    desktop.end("sooner")


def test_the_code_hides_when_somebody_looks_elsewhere(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """Another window has the keyboard, or the screen was locked: no code stands there meanwhile."""
    opened(desktop, supervisor, start)
    elsewhere = "import tkinter; root = tkinter.Tk(); root.title('elsewhere'); root.geometry('80x40+0+0'); "

    desktop.start("elsewhere", [sys.executable, "-c", f"{elsewhere}root.mainloop()"])
    desktop.focus("elsewhere")
    until(lambda: codes(desktop) == [], saying="the code does not hide")
    desktop.click((512, 300))

    until(lambda: codes(desktop) == [URL], saying="the code does not come back")
    desktop.end("elsewhere")


def test_where_letters_are_larger_the_code_is_too(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """A phone reads it from the same distance on a screen with finer pixels."""
    opened(desktop, supervisor, start)
    usual = across(desktop)
    desktop.end("tray.pairing")

    try:
        set_letters(desktop, "Xft.dpi:\t144\n")
        opened(desktop, supervisor, start)
        assert across(desktop) > 1.3 * usual
    finally:
        set_letters(desktop, "\n")


def across(desktop: Desktop) -> int:
    """How many pixels wide the code is."""
    (code,) = zxingcpp.read_barcodes(desktop.still())
    return code.position.top_right.x - code.position.top_left.x


def set_letters(desktop: Desktop, resources: str) -> None:
    """What a desktop tells all programs of its screen."""
    name = "RESOURCE_MANAGER"
    desktop.run("xprop", "-root", "-f", name, "8s", "-set", name, resources)


def test_the_tick_asks_for_a_code_that_allows_more(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """What a phone may do is fixed by the code it scanned."""
    opened(desktop, supervisor, start)

    desktop.press("Tab", "Tab", "space")

    until(lambda: supervisor.was_asked("POST", "/api/pair/dialog") == {"scope": "control"})


def test_another_address_can_be_chosen(desktop: Desktop, supervisor: Supervisor, start: Start) -> None:
    """With a VPN or two networks nobody but the owner knows which one the phone is in."""
    opened(desktop, supervisor, start)

    desktop.press("Tab", "Down")
    desktop.still()
    desktop.press("Down", "Return")

    wanted = {"scope": "view", "address": "10.0.0.7"}
    until(lambda: supervisor.was_asked("POST", "/api/pair/dialog") == wanted)


def test_the_number_that_is_clicked_is_the_one_that_is_sent(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """The owner's choice arrives, the code is gone while it is made, and the result is said."""
    opened(desktop, supervisor, start)

    supervisor.set_dialog(state="choosing", numbers=[17, 42, 88], device_label="Pixel")
    until(lambda: codes(desktop) == [], saying="the code is still seen")
    desktop.click(desktop.settled(ACCENT))

    assert supervisor.was_asked("POST", "/api/pair/dialog/choice") == {"number": 42}
    supervisor.set_dialog(state="paired", device={"label": "Pixel", "scope": "view"})
    desktop.focus(words.PAIR_TITLE)
    until(lambda: _closed_by_enter(desktop))


def _closed_by_enter(desktop: Desktop) -> bool:
    desktop.press("Return")
    return not desktop.windows(words.PAIR_TITLE)


def test_enter_rejects_while_numbers_are_shown(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """Whoever types on without looking lets nobody in."""
    opened(desktop, supervisor, start)
    supervisor.set_dialog(state="choosing", numbers=[17, 42, 88], device_label="Somebody")
    until(lambda: desktop.find(ACCENT))

    desktop.press("Return")

    supervisor.was_asked("DELETE", "/api/pair/dialog")
    assert not any(path.endswith("/choice") for _, path, _ in supervisor.asked)


def test_closing_the_window_closes_the_dialog(desktop: Desktop, supervisor: Supervisor, start: Start) -> None:
    """A code nobody sees is worth nothing."""
    opened(desktop, supervisor, start)

    desktop.press("Escape")

    supervisor.was_asked("DELETE", "/api/pair/dialog")
    until(lambda: not desktop.windows(words.PAIR_TITLE))
