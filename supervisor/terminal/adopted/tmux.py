"""tmux: every server of this user has a socket, and answers whoever may open it."""

import sys

assert sys.platform != "win32"

import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.core.errors import Failed, Refused
from supervisor.terminal.adopted import ttys
from supervisor.terminal.adopted.asking import done, told
from supervisor.terminal.adopted.base import Pane

name: Final = "tmux"
title: Final = "tmux"
types: Final = True

#: In nothing that is asked for; tmux may quote what is not printable.
_BETWEEN: Final = "|"
#: Each byte of a key is a word of the command; newer ones may have a thousand.
_KEYS_AT_ONCE: Final = 500
#: Whoever pressed no key for that long has gone.
_HERE_SECONDS: Final = 300.0


class _State(NamedTuple):
    """What tmux says of a pane; flags are "1", "0" or empty."""

    tty: str
    dead: str
    deaf: str
    synchronized: str
    mode: str
    #: tmux 3.7 or newer; empty before.
    takes_pastes: str


_STATE: Final = _BETWEEN.join(
    f"#{{{name}}}"
    for name in (
        "pane_tty",
        "pane_dead",
        "pane_input_off",
        "pane_synchronized",
        "pane_mode",
        "bracket_paste_flag",
    )
)


def panes() -> Iterator[Pane]:
    """Of all servers in tmux's own folder, and of those that are named in a terminal."""
    return (pane for socket in _sockets() for pane in _panes(socket))


def find(tty: str, environment: Mapping[str, str]) -> Pane | None:
    """The server that the environment names is asked first."""
    likely = (pane for socket in _named(environment) for pane in _panes(socket))
    return next((pane for pane in chain(likely, panes()) if pane.tty == tty), None)


def ready(pane: Pane) -> bool | None:
    """Leaves copy mode, which would take the keys for itself and hide what the program asked for."""
    state = _state(pane)
    if state.mode:
        done(_tmux(pane.server, "copy-mode", "-q", "-t", pane.id))
        state = _state(pane)
    if state.mode:
        raise Refused(f"The tmux pane is in {state.mode}, which takes the keys.", "Leave it with q.")
    if state.deaf == "1":
        raise Refused("The tmux pane takes no input.", f"Turn it on: tmux select-pane -e -t {pane.id}")
    if state.synchronized == "1":
        raise Refused(
            "The tmux window sends every key to all of its panes.", "Turn off synchronize-panes there."
        )
    return state.takes_pastes == "1" if state.takes_pastes else None


def paste(pane: Pane, text: str, *, bracketed: bool) -> None:
    """tmux puts brackets around it exactly when the program has asked for them."""
    del bracketed
    buffer = f"wakeline-{secrets.token_hex(8)}"
    # Since tmux 3.7 what is unusual in a text would be escaped without -S.
    as_it_is = ("-S",) if _state(pane).takes_pastes else ()
    into = ("paste-buffer", "-d", "-p", "-r", *as_it_is, "-b", buffer, "-t", pane.id)
    try:
        done(_tmux(pane.server, "load-buffer", "-b", buffer, "-", ";", *into), text.encode())
    except Failed:
        told(_tmux(pane.server, "delete-buffer", "-b", buffer))
        raise


def keys(pane: Pane, pressed: bytes) -> None:
    """Byte by byte, so that no name of a key is seen in them."""
    for place in range(0, len(pressed), _KEYS_AT_ONCE):
        codes = (f"{byte:02x}" for byte in pressed[place : place + _KEYS_AT_ONCE])
        done(_tmux(pane.server, "send-keys", "-t", pane.id, "-H", *codes))


def screen_text(pane: Pane) -> str | None:
    """Without what has scrolled away."""
    return told(_tmux(pane.server, "capture-pane", "-p", "-t", pane.id))


def attended(pane: Pane) -> bool | None:
    """Whether a client shows its window and had a key pressed within five minutes."""
    window = told(_tmux(pane.server, "display-message", "-p", "-t", pane.id, "#{window_id}"))
    clients = told(_tmux(pane.server, "list-clients", "-F", "#{window_id}|#{client_activity}"))
    if window is None or clients is None:
        return None
    activity = (line.split(_BETWEEN) for line in clients.splitlines())
    newest = max((float(at or 0) for seen, at in activity if seen == window.strip()), default=0.0)
    return time.time() - newest < _HERE_SECONDS


def _state(pane: Pane) -> _State:
    answer = told(_tmux(pane.server, "display-message", "-p", "-t", pane.id, _STATE))
    fields = (answer or "").rstrip("\n").split(_BETWEEN)
    state = _State(*fields) if len(fields) == len(_State._fields) else None
    # A new server counts its panes from the beginning.
    if state is None or state.tty != pane.tty or state.dead == "1":
        raise Failed("The tmux pane is gone.", "Look at the list of sessions again.")
    return state


def _panes(socket: str) -> Sequence[Pane]:
    answer = told(_tmux(socket, "list-panes", "-a", "-F", "#{pane_id}|#{pane_tty}")) or ""
    found = (line.partition(_BETWEEN) for line in answer.splitlines())
    return [Pane(program=name, id=id_, tty=tty, server=socket) for id_, _, tty in found if tty]


def _tmux(socket: str | None, *command: str) -> Sequence[str]:
    # -u: say it in UTF-8 whatever our own locale is.
    return ("tmux", "-u", *(("-S", socket) if socket else ()), *command)


def _sockets() -> Sequence[str]:
    folders = (os.environ.get("TMUX_TMPDIR"), "/tmp")
    places = [Path(folder, f"tmux-{os.getuid()}") for folder in folders if folder]
    found = [str(path) for place in places for path in _inside(place)]
    named = [each for leader in ttys.leaders() for each in _named(ttys.environment(leader.pid))]
    return tuple(dict.fromkeys(each for each in (*found, *named) if _my_socket(each)))


def _inside(folder: Path) -> Sequence[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()


def _named(environment: Mapping[str, str]) -> Sequence[str]:
    socket = environment.get("TMUX", "").rsplit(",", 2)[0]
    return (socket,) if socket and _my_socket(socket) else ()


def _my_socket(path: str) -> bool:
    """Whoever listens there can make a client of it do anything: it must be ourselves."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.getuid()
