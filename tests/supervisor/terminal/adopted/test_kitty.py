"""kitty itself, on a screen of its own."""

import psutil
import pytest

from supervisor.core.errors import Failed
from supervisor.terminal import adopted
from tests.lab.panes import Kitty, Recorder
from tests.lab.waiting import until


def test_the_window_with_the_keyboard_is_seen(kitty: Kitty) -> None:
    """Of two, only one has the focus."""
    one = kitty.recorder()
    until(lambda: adopted.attended(one.pane))
    two = kitty.recorder()

    until(lambda: adopted.attended(two.pane) is True)
    until(lambda: adopted.attended(one.pane) is False)


def test_a_kitty_that_takes_no_commands_is_not_found(kitty: Kitty) -> None:
    """Its user has not allowed it."""
    inside = _without_a_socket(kitty)

    assert adopted.find(inside.tty, inside.environment) is None


def _without_a_socket(kitty: Kitty) -> Recorder:
    start = kitty.desktop.start

    def start_alone(name: str, command: list[str]) -> None:
        place = command.index("--listen-on")
        start(name, [*command[:place], *command[place + 2 :]])

    kitty.desktop.start = start_alone  # type: ignore[method-assign,assignment]
    return kitty.recorder()


def test_a_kitty_that_has_lost_its_socket_says_so(kitty: Kitty) -> None:
    """It is there, and cannot be asked."""
    inside = kitty.recorder()
    pane = inside.pane
    (kitty.folder / "kitty-1").unlink(missing_ok=True)
    for socket in kitty.folder.glob("kitty-*"):
        if socket.is_socket():
            socket.unlink()

    with pytest.raises(Failed, match="takes no commands"):
        adopted.keys(pane, b"\r", expects=inside.run)

    assert psutil.pid_exists(inside.pid)
    assert adopted.attended(pane) is None
    assert inside.got == b""
