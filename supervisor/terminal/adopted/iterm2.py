"""iTerm2, by AppleScript; macOS asks its user once whether we may."""

from collections.abc import Iterator, Mapping
from typing import Final

from supervisor.core.errors import Failed, Refused
from supervisor.terminal.adopted import applescript
from supervisor.terminal.adopted.base import Pane, in_brackets

name: Final = "iterm2"
title: Final = "iTerm2"
types: Final = True

#: Does something with each session; a script must not start the program that it asks.
_EACH: Final = """\
on run argv
  set answer to ""
  if application id "com.googlecode.iterm2" is not running then return answer
  tell application id "com.googlecode.iterm2"
    repeat with w in windows
      repeat with t in tabs of w
        repeat with s in sessions of t
          %s
        end repeat
      end repeat
    end repeat
  end tell
  return answer
end run
"""
_LIST: Final = _EACH % "set answer to answer & (id of s) & tab & (tty of s) & linefeed"
_WRITE: Final = (
    _EACH
    % """\
if id of s is item 1 of argv then
            set typed to read POSIX file (item 2 of argv) as «class utf8»
            tell s to write text typed newline NO
            return "written"
          end if"""
)
_SHOW: Final = _EACH % "if id of s is item 1 of argv then return contents of s"
_SEEN: Final = (
    _EACH
    % """\
if id of s is item 1 of argv then
            return (frontmost and (id of current session of current window is id of s)) as text
          end if"""
)


def panes() -> Iterator[Pane]:
    """All sessions of all windows."""
    for row in applescript.rows(_LIST):
        if len(row) == 2:
            yield Pane(program=name, id=row[0], tty=row[1])


def find(tty: str, environment: Mapping[str, str]) -> Pane | None:
    """Asked only where a session of iTerm2 is at least among the ancestors."""
    if "ITERM_SESSION_ID" not in environment:
        return None
    return next((pane for pane in panes() if pane.tty == tty), None)


def ready(pane: Pane) -> bool | None:
    """iTerm2 does not tell whether pastes are asked for."""
    if pane not in panes():
        raise Failed("The iTerm2 session is gone.", "Look at the list of sessions again.")
    return None


def paste(pane: Pane, text: str, *, bracketed: bool) -> None:
    """``write text`` types it as it is."""
    _write(pane, in_brackets(text) if bracketed else text.encode())


def keys(pane: Pane, pressed: bytes) -> None:
    """It takes text only, so bytes that are none are refused."""
    try:
        pressed.decode()
    except UnicodeDecodeError as wrong:
        raise Refused("iTerm2 types only text in UTF-8.", "Send other keys.") from wrong
    _write(pane, pressed)


def screen_text(pane: Pane) -> str | None:
    """Without what has scrolled away."""
    return applescript.said(_SHOW, pane.id) or None


def attended(pane: Pane) -> bool | None:
    """Whether it gets what is typed on the desktop."""
    return {"true": True, "false": False}.get(applescript.said(_SEEN, pane.id) or "")


def _write(pane: Pane, typed: bytes) -> None:
    with applescript.private_file(typed) as path:
        if applescript.tell(_WRITE, pane.id, path) != "written":
            raise Failed("The iTerm2 session is gone.", "Look at the list of sessions again.")
