"""WezTerm: its window and its background server answer the same command line."""

import sys

assert sys.platform != "win32"

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from supervisor.core.errors import Failed, Refused
from supervisor.terminal.adopted import ttys
from supervisor.terminal.adopted.asking import done, told
from supervisor.terminal.adopted.base import Pane

name: Final = "wezterm"
title: Final = "WezTerm"
types: Final = True


def panes() -> Iterator[Pane]:
    """Those that its children say they are in."""
    return (pane for leader in ttys.leaders() if (pane := _pane(leader)))


def find(tty: str, _environment: Mapping[str, str]) -> Pane | None:
    """Only the pane's own first process counts: its environment is inherited far beyond the pane."""
    leader = ttys.leader(tty)
    return _pane(leader) if leader else None


def ready(pane: Pane) -> bool | None:
    """WezTerm does not tell whether pastes are asked for."""
    listed = _listed(pane)
    # Older ones do not name the device.
    if find(pane.tty, {}) != pane or listed is None or (listed.get("tty_name") or pane.tty) != pane.tty:
        raise Failed("The WezTerm pane is gone.", "Look at the list of sessions again.")
    return None


def paste(pane: Pane, text: str, *, bracketed: bool) -> None:
    """WezTerm puts brackets around it exactly when the program has asked for them."""
    del bracketed
    done(_cli("send-text", "--pane-id", pane.id), text.encode(), _at(pane))


def keys(pane: Pane, pressed: bytes) -> None:
    """It takes text only, so bytes that are none are refused."""
    try:
        pressed.decode()
    except UnicodeDecodeError as wrong:
        raise Refused("WezTerm types only text in UTF-8.", "Send other keys.") from wrong
    done(_cli("send-text", "--no-paste", "--pane-id", pane.id), pressed, _at(pane))


def screen_text(pane: Pane) -> str | None:
    """Without what has scrolled away."""
    return told(_cli("get-text", "--pane-id", pane.id), environment=_at(pane))


def attended(pane: Pane) -> bool | None:
    """Whether a window has its focus there."""
    clients = _read(told(_cli("list-clients", "--format", "json"), environment=_at(pane)))
    if clients is None:
        return None
    return any(str(each.get("focused_pane_id")) == pane.id for each in clients)


def _pane(leader: ttys.Leader) -> Pane | None:
    # The kernel cuts names: wezterm-mux-server.
    if not leader.parent_name.startswith("wezterm"):
        return None
    environment = ttys.environment(leader.pid)
    number, socket = environment.get("WEZTERM_PANE", ""), environment.get("WEZTERM_UNIX_SOCKET", "")
    if not number.isdecimal() or not socket:
        return None
    return Pane(program=name, id=number, tty=leader.tty, server=socket)


def _listed(pane: Pane) -> Mapping[str, Any] | None:
    listed = _read(told(_cli("list", "--format", "json"), environment=_at(pane)))
    return next((each for each in listed or () if str(each.get("pane_id")) == pane.id), None)


def _read(answer: str | None) -> Sequence[Mapping[str, Any]] | None:
    try:
        found = json.loads(answer or "")
    except ValueError:
        return None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else None


def _cli(*command: str) -> Sequence[str]:
    return ("wezterm", "cli", "--no-auto-start", *command)


def _at(pane: Pane) -> Mapping[str, str]:
    return {"WEZTERM_UNIX_SOCKET": pane.server or ""}
