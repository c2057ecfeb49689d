"""The tray where nothing shows icons."""

import sys
from collections.abc import Callable

import pytest

if sys.platform != "linux":
    pytest.skip("Windows and macOS always have a tray", allow_module_level=True)
assert sys.platform == "linux"

from tests.fakes.supervisor import Supervisor, session
from tests.lab.desktop import Desktop, Host, missing
from tests.lab.fixtures import do_without
from tests.lab.popups import Popups
from tests.lab.waiting import until
from tray import words

pytestmark = pytest.mark.parametrize("desktop", ["none"], indirect=True)

Start = Callable[..., None]


def test_without_a_panel_it_says_so_once_and_waits_for_one(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """At login the panel often comes last: the icon appears as soon as it does."""
    if lacking := missing("xfce4-panel"):
        do_without(lacking)
    supervisor.sessions = [session("a")]

    start("tray")
    until(lambda: words.NO_TRAY in desktop.log("tray"))
    desktop.start_panel("xfce4-panel")

    until(lambda: Host(desktop).items())
    assert desktop.log("tray").count(words.NO_TRAY) == 1
    desktop.end("panel")


def test_who_sees_no_terminal_is_told_that_there_is_no_icon(
    desktop: Desktop, supervisor: Supervisor, popups: Popups
) -> None:
    """Started at login on a desktop without a tray: one popup says why nothing is to be seen."""
    supervisor.sessions = [session("a")]
    sooner = "import sys; from tray.backend import sni; sni.NOBODY_SECONDS = 0.5; "

    desktop.start("sooner", [sys.executable, "-c", f"{sooner}from tray.__main__ import main; main([])"])

    assert popups.wait_for(words.NO_TRAY_TITLE).text == words.NO_TRAY_POPUP
    desktop.end("sooner")


def test_without_a_bus_it_says_so_once_and_leaves(desktop: Desktop, supervisor: Supervisor) -> None:
    """On a server the supervisor is enough: no error, no process that waits for nothing."""
    ends = desktop.run_until_end(
        sys.executable, "-m", "tray", DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent", DISPLAY=""
    )

    assert (ends.returncode, ends.stdout) == (0, "")
    assert ends.stderr == words.NO_TRAY + "\n"
    supervisor.was_asked("GET", "/api/machine")


def test_a_second_tray_on_the_same_screen_leaves_at_once(
    desktop: Desktop, supervisor: Supervisor, start: Start
) -> None:
    """There is one icon, however often somebody starts it."""
    start("tray")
    supervisor.was_asked("GET", "/api/machine")

    ends = desktop.run_until_end(sys.executable, "-m", "tray")

    assert (ends.returncode, ends.stderr) == (0, words.ALREADY + "\n")


def test_a_window_without_a_screen_says_what_does_the_same(desktop: Desktop, supervisor: Supervisor) -> None:
    """Nobody is left with a stack trace."""
    supervisor.sessions = []

    for window, hint in (("tray.pairing", words.PHONE_HINT), ("tray.details", words.SHOW_HINT)):
        ends = desktop.run_until_end(sys.executable, "-m", window, DISPLAY=":99999")

        assert (ends.returncode, ends.stderr) == (1, f"{words.NO_SCREEN} {hint}\n")


def test_a_window_without_tk_says_what_to_install(desktop: Desktop, supervisor: Supervisor) -> None:
    """Many systems ship Python without its windows."""
    supervisor.sessions = []
    block = "import sys, runpy; sys.modules['tkinter'] = None; sys.argv = ['w'];"

    for window, hint in (("tray.pairing", words.PHONE_HINT), ("tray.details", words.SHOW_HINT)):
        ends = desktop.run_until_end(
            sys.executable, "-c", f"{block} runpy.run_module({window!r}, run_name='__main__')"
        )

        assert (ends.returncode, ends.stderr) == (1, f"{words.NO_WINDOWS} {hint}\n")
