"""GNU screen: windows by their number, text by a file that it reads itself.

It answers hardly anything: which window has which device is told by the number that screen gave to
the command in it at its start, and what was done is seen at the device.
"""

import sys

assert sys.platform != "win32"

import getpass
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

from supervisor.core.errors import Failed, Refused
from supervisor.terminal.adopted import ttys
from supervisor.terminal.adopted.asking import Answer, ask, done
from supervisor.terminal.adopted.base import Pane, in_brackets

name: Final = "screen"
title: Final = "GNU screen"
types: Final = True

#: A register that nobody has on a key.
_REGISTER: Final = "\\027"
#: What it hands to a window at once. When that much waits, one more key by ``stuff`` hangs it.
_PIECE: Final = 4096
#: A word of a command has less than 768 letters there; each byte of a key takes four.
_KEYS_AT_ONCE: Final = 150
#: Parts of letters that would not be shown.
_VISIBLE: Final = bytes(
    32 if (code < 32 and code != 10) or 127 <= code < 160 else code for code in range(256)
)
#: What needs no quoting.
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")
#: How long an agent may take to read what was pasted.
_PATIENCE_SECONDS: Final = 10.0
#: From the device into the agent: a moment, but machines are busy.
_ARRIVAL_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.02
#: What its status line says while somebody scrolls.
_COPY_MODE: Final = ("Copy mode - ", "First mark set")


def panes() -> Iterator[Pane]:
    """Of every screen whose windows are terminals of ours."""
    return (pane for leader in ttys.leaders() if (pane := _pane(leader)))


def find(tty: str, _environment: Mapping[str, str]) -> Pane | None:
    """The window that was opened with that device."""
    leader = ttys.leader(tty)
    return _pane(leader) if leader else None


def ready(pane: Pane) -> bool | None:
    """Refuses while somebody scrolls, and in sessions with a password; asks whether it reads at all."""
    if find(pane.tty, {}) != pane:
        raise Failed("The window of GNU screen is gone.", "Look at the list of sessions again.")
    if _query(pane, "@number", window=False).code != 0:
        raise Refused(
            "This screen session takes no commands from outside: it has a password.",
            "Remove the password, or type at the desk.",
        )
    if _query(pane, "@number").code != 0:
        raise Failed("The window of GNU screen has another number now.", "Give it its old number again.")
    if _query(pane, "@lastmsg", window=False).output.startswith(_COPY_MODE):
        raise Refused("Somebody scrolls in this screen session.", "Leave copy mode with Esc.")
    _drained(pane, 0)
    return None


def paste(pane: Pane, text: str, *, bracketed: bool) -> None:
    """Through a private file. A newline is a carriage return, as a terminal's own paste has it.

    screen would do that to most of them by itself.
    """
    text = text.replace("\n", "\r")
    typed = in_brackets(text) if bracketed else text.encode()
    before = ttys.bytes_read(pane.tty)
    with _private_file() as path:
        path.write_bytes(typed)
        _command(pane, "readreg", _REGISTER, _quoted(path))
        _command(pane, "paste", _REGISTER)
        _drained(pane, len(typed))
    _command(pane, "register", _REGISTER, "-")
    _insist_on_arrival(pane, before, len(typed))


def keys(pane: Pane, pressed: bytes) -> None:
    """As octal numbers, which no rule of quoting touches."""
    before = ttys.bytes_read(pane.tty)
    for place in range(0, len(pressed), _KEYS_AT_ONCE):
        _command(pane, "stuff", _escaped(pressed[place : place + _KEYS_AT_ONCE]))
        _drained(pane, 0)
    _insist_on_arrival(pane, before, len(pressed))


def screen_text(pane: Pane) -> str | None:
    """What ``hardcopy`` writes to a private file: of letters beyond Latin-1 it keeps only a part."""
    try:
        with _private_file() as path:
            _command(pane, "hardcopy", _quoted(path))
            # Commands are done in order: after this answer the file is whole.
            _query(pane, "@number")
            return path.read_bytes().translate(_VISIBLE).decode("latin-1")
    except (Failed, OSError):
        return None


def attended(pane: Pane) -> bool | None:
    """A session without a display is seen by nobody; of others it is not told which window they show."""
    try:
        mode = Path(pane.server or "").stat().st_mode
    except OSError:
        return None
    return None if mode & 0o100 else False


def _pane(leader: ttys.Leader) -> Pane | None:
    if leader.parent_name.lower() != "screen":
        return None
    environment = ttys.environment(leader.pid)
    number, socket = environment.get("WINDOW", ""), _socket(leader.parent, environment)
    if not number.isdecimal() or socket is None:
        return None
    return Pane(program=name, id=number, tty=leader.tty, server=socket)


def _socket(server: int, environment: Mapping[str, str]) -> str | None:
    """Its name begins with the PID; the rest may have been changed since."""
    folders = (
        environment.get("SCREENDIR"),
        *_folders(_user()),
        environment.get("HOME", "") + "/.screen",
    )
    found = (path for folder in folders if folder for path in sorted(Path(folder).glob(f"{server}.*")))
    return next((str(path) for path in found if "-query" not in path.name), None)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _folders(user: str) -> Sequence[str]:
    places = ("/run/screen", "/var/run/screen", "/tmp/screens", "/tmp/uscreens", "/var/run/uscreens")
    return tuple(f"{place}/S-{user}" for place in places)


def _drained(pane: Pane, length: int) -> None:
    """Wait until all was handed over and read: the next input would overtake it, or end it.

    Each answer of screen comes after one more round of its loop, and each round hands over a piece
    when the one before was read.
    """
    deadline = monotonic() + _PATIENCE_SECONDS
    for _ in range(2 + length // _PIECE):
        _wait_until_read(pane, deadline)
        _query(pane, "@number")
    _wait_until_read(pane, deadline)


def _wait_until_read(pane: Pane, deadline: float) -> None:
    pause = Event()
    while ttys.unread(pane.tty):
        if monotonic() > deadline:
            raise Failed(
                "The agent does not read what is typed.", "What was sent may still arrive when it does."
            )
        pause.wait(_LOOK_SECONDS)


def _insist_on_arrival(pane: Pane, before: int | None, length: int) -> None:
    """Keys that copy mode takes for itself are lost without a word."""
    if before is None or ttys.by_lines(pane.tty):
        return
    pause, deadline = Event(), monotonic() + _ARRIVAL_SECONDS
    while (after := ttys.bytes_read(pane.tty)) is not None and after - before < length:
        if monotonic() > deadline:
            raise Failed(
                "GNU screen did not pass it on to the agent.", "Leave copy mode there, and try again."
            )
        pause.wait(_LOOK_SECONDS)


def _command(pane: Pane, *command: str) -> None:
    done(("screen", "-p", pane.id, "-X", *command), environment=_at(pane))


def _query(pane: Pane, question: str, *, window: bool = True) -> Answer:
    which = ("-p", pane.id) if window else ()
    return ask(("screen", *which, "-Q", question), environment=_at(pane))


def _at(pane: Pane) -> Mapping[str, str]:
    """Names one session exactly; what stands after -S may begin the names of several."""
    folder, name = os.path.split(pane.server or "")
    return {"SCREENDIR": folder, "STY": name}


def _quoted(path: Path) -> str:
    return "".join(chr(byte) if byte in _PLAIN else _escaped(bytes([byte])) for byte in os.fsencode(path))


def _escaped(raw: bytes) -> str:
    return "".join(f"\\{byte:03o}" for byte in raw)


@contextmanager
def _private_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wakeline-") as folder:
        yield Path(folder, "text")
