"""iTerm2, as far as AppleScript is given: never run on macOS."""

from pathlib import Path

import pytest

from supervisor.core.errors import Failed, Refused
from supervisor.terminal.adopted import iterm2
from supervisor.terminal.adopted.base import Pane
from tests.supervisor.terminal.adopted.osascript import Osascript

HARD = 'end tell" & (do shell script "touch canary") & "\n$(touch canary) ü🎉'


def test_sessions_of_iterm2_are_found_by_their_device(osascript: Osascript) -> None:
    """Only asked where iTerm2 is at least among the ancestors."""
    osascript.answers("A-1\t/dev/ttys001\nB-2\t/dev/ttys002\n\n")

    found = iterm2.find("/dev/ttys002", {"ITERM_SESSION_ID": "w0t0p0:B-2"})

    assert found == Pane(program="iterm2", id="B-2", tty="/dev/ttys002")
    assert iterm2.find("/dev/ttys002", {}) is None
    assert "is not running then return" in osascript.last[0]


def test_a_text_for_iterm2_is_in_a_file_and_never_in_a_script(osascript: Osascript) -> None:
    """Nothing in it can be taken for AppleScript."""
    pane = Pane(program="iterm2", id="B-2", tty="/dev/ttys002")
    osascript.answers("written\n")

    iterm2.paste(pane, HARD, bracketed=True)
    script, (dash, session, path), [typed] = osascript.last

    assert (dash, session) == ("-", "B-2")
    assert typed == f"\x1b[200~{HARD}\x1b[201~"
    assert "canary" not in script
    assert not Path(path).exists()


def test_keys_for_iterm2_are_text(osascript: Osascript) -> None:
    """Control characters are; single bytes beyond ASCII are not."""
    pane = Pane(program="iterm2", id="B-2", tty="/dev/ttys002")
    osascript.answers("written\n")

    iterm2.keys(pane, b"\x1b\r")
    typed = osascript.last[2]
    with pytest.raises(Refused, match="UTF-8"):
        iterm2.keys(pane, b"\xff")

    assert typed == ["\x1b\r"]


def test_a_session_of_iterm2_that_is_gone_says_so(osascript: Osascript) -> None:
    """Before and while it is typed into."""
    pane = Pane(program="iterm2", id="B-2", tty="/dev/ttys002")
    osascript.answers("\n")

    with pytest.raises(Failed, match="gone"):
        iterm2.ready(pane)
    with pytest.raises(Failed, match="gone"):
        iterm2.paste(pane, "x", bracketed=False)
    assert iterm2.screen_text(pane) is None
    assert iterm2.attended(pane) is None
