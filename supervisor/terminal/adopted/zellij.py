"""Zellij, from 0.44 on: before that it types only into whatever pane has the focus."""

import sys

assert sys.platform != "win32"

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from supervisor.core.errors import Failed, Refused
from supervisor.terminal.adopted import ttys
from supervisor.terminal.adopted.asking import done, told
from supervisor.terminal.adopted.base import Pane

name: Final = "zellij"
title: Final = "Zellij"
types: Final = True

_OLDEST: Final = (0, 44)
_VERSION: Final = re.compile(r"(\d+)\.(\d+)")
#: Each byte of a key is an argument.
_KEYS_AT_ONCE: Final = 4000


def panes() -> Iterator[Pane]:
    """Those that the server's children say they are in."""
    return (pane for leader in ttys.leaders() if (pane := _pane(leader)))


def find(tty: str, _environment: Mapping[str, str]) -> Pane | None:
    """Only the pane's own first process counts: its environment is inherited far beyond the pane."""
    leader = ttys.leader(tty)
    return _pane(leader) if leader else None


def ready(pane: Pane) -> bool | None:
    """Zellij does not tell whether pastes are asked for."""
    if find(pane.tty, {}) != pane:
        raise Failed("The Zellij pane is gone.", "Look at the list of sessions again.")
    found = _VERSION.search(done(("zellij", "--version")))
    if found and (int(found[1]), int(found[2])) < _OLDEST:
        raise Refused("This Zellij types only into the pane that has the focus.", "Zellij 0.44 can do it.")
    return None


def paste(pane: Pane, text: str, *, bracketed: bool) -> None:
    """Zellij puts brackets around it exactly when the program has asked for them.

    It takes a text only as an argument: others on this machine can see it for a moment.
    """
    del bracketed
    done(*_action(pane, "paste", "--pane-id", pane.id, "--", text))


def keys(pane: Pane, pressed: bytes) -> None:
    """As numbers."""
    for place in range(0, len(pressed), _KEYS_AT_ONCE):
        codes = (str(byte) for byte in pressed[place : place + _KEYS_AT_ONCE])
        done(*_action(pane, "write", "--pane-id", pane.id, "--", *codes))


def screen_text(pane: Pane) -> str | None:
    """Without what has scrolled away."""
    return told(*_action(pane, "dump-screen", "--pane-id", pane.id))


def attended(pane: Pane) -> bool | None:
    """Whether a client has its focus there."""
    clients = told(*_action(pane, "list-clients"))
    if clients is None:
        return None
    return any(pane.id in line.split() for line in clients.splitlines())


def _pane(leader: ttys.Leader) -> Pane | None:
    if leader.parent_name != "zellij":
        return None
    environment = ttys.environment(leader.pid)
    number, session = environment.get("ZELLIJ_PANE_ID", ""), environment.get("ZELLIJ_SESSION_NAME", "")
    if not number.isdecimal() or not session or "/" in session:
        return None
    server = f"{_folder(environment)}/{session}"
    return Pane(program=name, id=f"terminal_{number}", tty=leader.tty, server=server)


def _folder(environment: Mapping[str, str]) -> str:
    """Where its sockets are, in folders named by version."""
    if told_folder := environment.get("ZELLIJ_SOCKET_DIR"):
        return told_folder
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        return f"{runtime}/zellij"
    return str(Path(environment.get("TMPDIR", "/tmp"), f"zellij-{os.getuid()}"))


def _action(pane: Pane, *action: str) -> tuple[Sequence[str], bytes, Mapping[str, str]]:
    folder, session = os.path.split(pane.server or "")
    return ("zellij", "--session", session, "action", *action), b"", {"ZELLIJ_SOCKET_DIR": folder}
