"""kitty, where its user allows remote control through a socket."""

import sys

assert sys.platform != "win32"

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from supervisor.core.errors import Failed
from supervisor.terminal.adopted import ttys
from supervisor.terminal.adopted.asking import done, told
from supervisor.terminal.adopted.base import Pane, in_brackets

name: Final = "kitty"
title: Final = "kitty"
types: Final = True


def panes() -> Iterator[Pane]:
    """Windows whose first process was told of a socket."""
    return (pane for leader in ttys.leaders() if (pane := _pane(leader)))


def find(tty: str, _environment: Mapping[str, str]) -> Pane | None:
    """Only the window's own first process counts: its environment is inherited far beyond the window."""
    leader = ttys.leader(tty)
    return _pane(leader) if leader else None


def ready(pane: Pane) -> bool | None:
    """kitty does not tell whether pastes are asked for, nor whether ``send-text`` reached anybody."""
    if find(pane.tty, {}) != pane or _window(pane) is None:
        raise Failed(
            "The kitty window is gone, or takes no commands.", "Look at allow_remote_control in kitty.conf."
        )
    return None


def paste(pane: Pane, text: str, *, bracketed: bool) -> None:
    """With our own brackets: kitty would put them around every two kilobytes."""
    keys(pane, in_brackets(text) if bracketed else text.encode())


def keys(pane: Pane, pressed: bytes) -> None:
    """By its standard input, which it takes as it is."""
    done(_kitty(pane, "send-text", "--match", f"id:{pane.id}", "--stdin"), pressed)


def screen_text(pane: Pane) -> str | None:
    """Without what has scrolled away."""
    return told(_kitty(pane, "get-text", "--match", f"id:{pane.id}", "--extent", "screen"))


def attended(pane: Pane) -> bool | None:
    """Whether it gets what is typed on the desktop."""
    window = _window(pane)
    return None if window is None else bool(window.get("is_focused"))


def _pane(leader: ttys.Leader) -> Pane | None:
    if leader.parent_name != "kitty":
        return None
    environment = ttys.environment(leader.pid)
    window, socket = environment.get("KITTY_WINDOW_ID", ""), environment.get("KITTY_LISTEN_ON", "")
    if not window.isdecimal() or not socket.startswith(("unix:", "tcp:")):
        return None
    return Pane(program=name, id=window, tty=leader.tty, server=socket)


def _window(pane: Pane) -> Mapping[str, Any] | None:
    answer = told(_kitty(pane, "ls"))
    try:
        desktop = json.loads(answer or "[]")
        windows = (w for each in desktop for tab in each["tabs"] for w in tab["windows"])
        return next((w for w in windows if str(w["id"]) == pane.id), None)
    except (ValueError, KeyError, TypeError):
        return None


def _kitty(pane: Pane, *command: str) -> Sequence[str]:
    # Newer kitties have a second program that starts faster.
    program = "kitten" if shutil.which("kitten") else "kitty"
    return (program, "@", "--to", pane.server or "", *command)
