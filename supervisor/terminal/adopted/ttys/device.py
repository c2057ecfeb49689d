"""What a terminal device itself tells to whoever owns it."""

import sys

assert sys.platform != "win32"

import fcntl
import os
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_INT: Final = struct.Struct("i")
_LOCAL_MODES: Final = 3


@contextmanager
def _opened(tty: str) -> Iterator[int]:
    """Open it without becoming its session, and without ever waiting."""
    device = os.open(tty, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield device
    finally:
        os.close(device)


def unread(tty: str) -> int | None:
    """How many bytes of what was typed wait to be read; ``None`` when the device does not tell."""
    try:
        with _opened(tty) as device:
            (count,) = _INT.unpack(fcntl.ioctl(device, termios.FIONREAD, bytes(_INT.size)))
    except OSError:
        return None
    return int(count)


def by_lines(tty: str) -> bool | None:
    """Whether it hands over whole lines only: nobody there reads key by key, so nobody takes pastes."""
    try:
        with _opened(tty) as device:
            return bool(termios.tcgetattr(device)[_LOCAL_MODES] & termios.ICANON)
    except (OSError, termios.error):
        return None
