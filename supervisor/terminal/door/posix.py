"""Holders answer at socket files; new ones are forked by the nursery, which answers at one too."""

import sys

assert sys.platform != "win32"

import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor import __version__
from supervisor.terminal import posix

if TYPE_CHECKING:
    import asyncio


def connect(place: Path) -> socket.socket:
    """Call who answers there. Raises ``OSError``; ``ConnectionRefusedError`` when nobody ever will."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(place))
    except OSError:
        connection.close()
        raise
    return connection


async def open_line(place: Path) -> "tuple[asyncio.StreamReader, asyncio.StreamWriter]":
    """The same on the event loop."""
    import asyncio  # who starts a command has no loop, and waits for every import

    return await asyncio.open_unix_connection(str(place))


def begetter(folder: Path, start: Callable[[int], object]) -> socket.socket:
    """Call the nursery of this version, which is started if it does not run. Raises ``OSError``."""
    place = folder / f"nursery-{__version__}.sock"
    try:
        return connect(place)
    except OSError:
        return _started(folder, place, start)


def _started(folder: Path, place: Path, start: Callable[[int], object]) -> socket.socket:
    # Whoever calls waits in the queue of the socket until the nursery is there: no race, no polling.
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return connect(place)
        except OSError:
            place.unlink(missing_ok=True)
        with posix.listen(str(place)) as listening:
            start(listening.fileno())
            return connect(place)
    finally:
        os.close(lock)
