"""Holders answer at ports of this machine, to whoever knows a word that only this user can read.

They answer with a second word: a stranger who has got the port of a holder that died is not typed into.
A new holder is a process of its own: there is no fork. It calls back to whoever has started it.
"""

import contextlib
import hmac
import os
import secrets
import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from supervisor.terminal.ready import Ready

if TYPE_CHECKING:
    import asyncio

_LOOPBACK: Final = "127.0.0.1"
#: Seconds within which somebody says its word, and a new holder calls back.
_WITHIN: Final = 10.0
_BORN_WITHIN: Final = 60.0
#: Bytes of a word: 256 bits as text.
_WORD: Final = 64


class Words(NamedTuple):
    """A port, and the words by which caller and called know each other."""

    port: int
    caller: bytes
    called: bytes

    @classmethod
    def new(cls, listening: socket.socket) -> Self:
        """Fresh ones for whoever calls there."""
        port = int(listening.getsockname()[1])
        return cls(port, *(secrets.token_hex(_WORD // 2).encode() for _ in range(2)))

    @classmethod
    def read(cls, text: bytes) -> Self:
        """What was written by ``text``. Raises ``ConnectionRefusedError`` when it was not."""
        match text.split():
            case [port, caller, called] if port.isdigit() and len(caller) == len(called) == _WORD:
                return cls(int(port), caller, called)
        raise ConnectionRefusedError("no place of a holder")

    def text(self) -> bytes:
        """For a file that only this user can read."""
        return b"%d %b %b\n" % self


def connect(place: Path) -> socket.socket:
    """Call who answers there. Raises ``OSError``; ``ConnectionRefusedError`` when nobody ever will."""
    return call(Words.read(place.read_bytes()))


async def open_line(place: Path) -> "tuple[asyncio.StreamReader, asyncio.StreamWriter]":
    """The same on the event loop."""
    import asyncio  # who starts a command has no loop, and waits for every import

    connection = await asyncio.to_thread(connect, place)
    connection.setblocking(False)
    return await asyncio.open_connection(sock=connection)


def call(words: Words) -> socket.socket:
    """Call there, and prove who we are. Raises ``OSError``, ``ConnectionRefusedError`` for a stranger."""
    connection = socket.create_connection((_LOOPBACK, words.port), _WITHIN)
    try:
        connection.sendall(words.caller)
        if not hmac.compare_digest(_heard(connection), words.called):
            raise ConnectionRefusedError("a stranger answers there")
        return _ready_to_talk(connection)
    except OSError:
        connection.close()
        raise


def begetter(folder: Path, start: Callable[[int], object]) -> socket.socket:
    """Start a new holder, which calls back. Raises ``OSError``. For *start* see ``calling.nursery``."""
    with listen() as listening:
        words = Words.new(listening)
        told, telling = os.pipe()
        try:
            start(told)
            os.write(telling, words.text() + os.fsencode(folder))
        finally:
            os.close(told)
            os.close(telling)
        return _called_back(listening, words)


def _called_back(listening: socket.socket, words: Words) -> socket.socket:
    until = time.monotonic() + _BORN_WITHIN
    while True:
        listening.settimeout(max(0.01, until - time.monotonic()))
        connection, _ = listening.accept()
        connection.settimeout(_WITHIN)
        with contextlib.suppress(OSError):
            if hmac.compare_digest(_heard(connection), words.caller):
                connection.sendall(words.called)
                return _ready_to_talk(connection)
        connection.close()


def listen() -> socket.socket:
    """A free port of this machine only. Raises ``OSError``."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if option := getattr(socket, "SO_EXCLUSIVEADDRUSE", None):
            listening.setsockopt(socket.SOL_SOCKET, option, 1)
        listening.bind((_LOOPBACK, 0))
        listening.listen(64)
    except OSError:
        listening.close()
        raise
    return listening


def publish(place: Path, words: Words) -> None:
    """Whoever sees the file may call. Raises ``OSError``."""
    unready = place.with_suffix(".unready")
    written = os.open(unready, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(written, "wb") as file:
        file.write(words.text())
    unready.replace(place)


class Porter:
    """Lets in who says the word, and keeps nobody waiting meanwhile."""

    def __init__(self, words: Words) -> None:
        """*words*: see ``publish``."""
        self._words = words

    def let_in(self, connection: socket.socket, ready: Ready, admit: Callable[[socket.socket], None]) -> None:
        """Admit who called, as soon as it has proved that it may."""
        connection.setblocking(False)
        guest = _Guest(connection, ready, admit, self._words)
        ready.to_read[connection.fileno()] = guest.hear
        ready.later(guest.dismiss, _WITHIN)


class _Guest:
    """Somebody at the door."""

    def __init__(
        self,
        connection: socket.socket,
        ready: Ready,
        admit: Callable[[socket.socket], None],
        words: Words,
    ) -> None:
        self._connection = connection
        self._ready = ready
        self._admit = admit
        self._words = words
        self._said = b""
        #: One and the same for ``later`` and ``never``.
        self.dismiss = partial(self._leave, admitted=False)

    def hear(self) -> None:
        """Take in what is said, and not a byte more than the word."""
        try:
            heard = self._connection.recv(_WORD - len(self._said))
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        self._said += heard
        if heard and len(self._said) < _WORD:
            return
        self._leave(admitted=hmac.compare_digest(self._said, self._words.caller))

    def _leave(self, *, admitted: bool) -> None:
        self._ready.never(self.dismiss)
        self._ready.forget(self._connection.fileno())
        try:
            if admitted:
                self._connection.sendall(self._words.called)
                _ready_to_talk(self._connection)
                self._admit(self._connection)
                return
        except OSError:
            pass
        self._connection.close()


def _heard(connection: socket.socket) -> bytes:
    """A word, or what is said of it before the other end goes. Raises ``OSError``."""
    said = b""
    while len(said) < _WORD and (heard := connection.recv(_WORD - len(said))):
        said += heard
    return said


def _ready_to_talk(connection: socket.socket) -> socket.socket:
    # Every key is a piece of its own, and is not to wait for the next.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
