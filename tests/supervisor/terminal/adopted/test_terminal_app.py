"""Terminal.app, as far as AppleScript is given: never run on macOS."""

import pytest

from supervisor.core.errors import Refused
from supervisor.terminal.adopted import terminal_app
from tests.supervisor.terminal.adopted.osascript import Osascript


def test_terminal_is_read_and_never_typed_into(osascript: Osascript) -> None:
    """It would press Enter by itself."""
    osascript.answers("/dev/ttys003\n")
    pane = terminal_app.find("/dev/ttys003", {"TERM_PROGRAM": "Apple_Terminal"})
    assert pane is not None
    osascript.answers("what it shows\n")
    shown = terminal_app.screen_text(pane)
    osascript.answers("true\n")

    assert terminal_app.attended(pane) is True
    assert shown == "what it shows"
    assert not terminal_app.types
    assert terminal_app.find("/dev/ttys003", {}) is None
    with pytest.raises(Refused, match="whole lines"):
        terminal_app.paste(pane, "x", bracketed=False)
    with pytest.raises(Refused, match="whole lines"):
        terminal_app.keys(pane, b"\r")
