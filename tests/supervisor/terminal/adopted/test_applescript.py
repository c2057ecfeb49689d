"""What AppleScript is given: the script by standard input, all else as words."""

import pytest

from supervisor.core.errors import Failed
from supervisor.terminal.adopted import applescript
from tests.supervisor.terminal.adopted.osascript import Osascript


def test_words_are_never_part_of_the_script(osascript: Osascript) -> None:
    """What it returned is cut into lines and fields."""
    osascript.answers("a\tb c\n\nd\te\n")

    rows = applescript.rows("on run argv", 'x" & quit & "')

    assert osascript.last == ("on run argv", ["-", 'x" & quit & "'], [])
    assert rows == [["a", "b c"], ["d", "e"]]


def test_where_there_is_no_applescript_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or where its user did not allow it."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("supervisor.terminal.adopted.asking._ELSEWHERE", ())

    assert applescript.rows("on run") == []
    assert applescript.said("on run") is None
    with pytest.raises(Failed, match="osascript is not installed"):
        applescript.tell("on run")
