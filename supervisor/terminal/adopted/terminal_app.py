"""Terminal.app of macOS: it can be read; it types only whole lines, Enter included, so we do not type."""

from collections.abc import Iterator, Mapping
from typing import Final, NoReturn

from supervisor.core.errors import Refused
from supervisor.terminal.adopted import applescript
from supervisor.terminal.adopted.base import Pane

name: Final = "terminal_app"
title: Final = "Terminal"
types: Final = False

_EACH: Final = """\
on run argv
  set answer to ""
  if application id "com.apple.Terminal" is not running then return answer
  tell application id "com.apple.Terminal"
    repeat with w in windows
      repeat with t in tabs of w
        %s
      end repeat
    end repeat
  end tell
  return answer
end run
"""
_LIST: Final = _EACH % "set answer to answer & (tty of t) & linefeed"
_SHOW: Final = _EACH % "if tty of t is item 1 of argv then return contents of t"
_SEEN: Final = _EACH % (
    "if tty of t is item 1 of argv then return (frontmost and frontmost of w and selected of t) as text"
)


def panes() -> Iterator[Pane]:
    """All tabs; their devices are their names."""
    return (Pane(program=name, id=tty, tty=tty) for tty, *_ in applescript.rows(_LIST))


def find(tty: str, environment: Mapping[str, str]) -> Pane | None:
    """Asked only where it is at least among the ancestors."""
    if environment.get("TERM_PROGRAM") != "Apple_Terminal":
        return None
    return next((pane for pane in panes() if pane.tty == tty), None)


def ready(_pane: Pane) -> NoReturn:
    """Never: an Enter that nobody asked for might allow what an agent asks."""
    raise Refused(
        "Terminal can type only whole lines, with Enter.", "Start agents with wakeline run, or in tmux."
    )


def paste(pane: Pane, _text: str, *, bracketed: bool) -> None:
    """See ``ready``."""
    del bracketed
    ready(pane)


def keys(pane: Pane, _pressed: bytes) -> None:
    """See ``ready``."""
    ready(pane)


def screen_text(pane: Pane) -> str | None:
    """Without what has scrolled away."""
    return applescript.said(_SHOW, pane.tty) or None


def attended(pane: Pane) -> bool | None:
    """Whether it gets what is typed on the desktop."""
    return {"true": True, "false": False}.get(applescript.said(_SEEN, pane.tty) or "")
