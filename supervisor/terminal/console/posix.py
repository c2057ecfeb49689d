"""A terminal with modes and signals."""

import sys

assert sys.platform != "win32"

import contextlib
import os
import signal
import termios
import tty
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from supervisor.terminal import posix

if TYPE_CHECKING:
    import socket

    from supervisor.terminal import wire
    from supervisor.terminal.console.base import News

#: Larger ones are mapped and unmapped again for each key.
_CHUNK: Final = 64 * 1024


class Console:
    """Owns this terminal's modes."""

    #: What tells a program that nothing more comes.
    end_of_input: Final = b"\x04"

    def __init__(self) -> None:
        """Nothing is changed yet."""
        self._usual = termios.tcgetattr(0) if os.isatty(0) else None
        #: A person is before it.
        self.is_terminal = self._usual is not None
        #: What is printed is seen.
        self.is_shown = os.isatty(1)
        #: What ``select`` knows keys and news by.
        self.keys = 0
        self.news = -1

    def open(self) -> None:
        """Listen for news. Main thread only."""
        self.news = posix.wake_by_signals(
            signal.SIGWINCH, signal.SIGTERM, signal.SIGHUP, signal.SIGCONT, signal.SIGINT, signal.SIGQUIT
        )

    def is_inside(self, hello: "wire.Hello") -> bool:
        """Whether this is the very terminal that is held there."""
        return os.getsid(0) == hello.child

    def enter(self) -> None:
        """Every key as it is, and nothing else done with it."""
        if self._usual:
            tty.setraw(0, termios.TCSANOW)

    def leave(self) -> None:
        """As it was before. Raises ``OSError`` when it has gone."""
        if self._usual:
            try:
                termios.tcsetattr(0, termios.TCSADRAIN, self._usual)
            except termios.error as gone:
                raise OSError(*gone.args) from gone

    def another(self) -> int:
        """One more descriptor of it, that never blocks, for the holder to read and print; -1: there is none.

        Ours has its modes in common with our shell's.
        """
        if not (self.is_terminal and self.is_shown and os.path.sameopenfile(0, 1)):
            return -1
        try:
            number = os.open(os.ttyname(0), os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            return -1
        if os.path.sameopenfile(0, number):
            return number
        os.close(number)
        return -1

    def lend(self, connection: "socket.socket", frame: bytes, number: int) -> int:
        """Send *frame* with that descriptor, which is closed here; how much was sent. Raises ``OSError``."""
        try:
            return posix.send_descriptor(connection, frame, number)
        finally:
            os.close(number)

    def read(self) -> bytes:
        """What was pressed; nothing at the end."""
        return os.read(0, _CHUNK)

    def write(self, text: bytes) -> None:
        """Show this. Raises ``OSError`` when nobody can see it any more."""
        count = os.write(1, text)
        while count < len(text):
            count += os.write(1, memoryview(text)[count:])

    def hear(self) -> "Iterator[tuple[News, int]]":
        """What has happened to it; see ``base.News``."""
        for number in os.read(self.news, _CHUNK):
            match number:
                case signal.SIGWINCH:
                    yield "resized", 0
                case signal.SIGCONT:
                    yield "continued", 0
                case signal.SIGINT | signal.SIGQUIT:
                    yield "pass on", number
                case _:
                    yield "over", 128 + number

    def suspend(self) -> int:
        """Be suspended with the program; returns when we go on, with the signal that lets it go on too."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})
        os.kill(0, signal.SIGTSTP)
        return signal.SIGCONT


def size() -> tuple[int, int]:
    """Rows and columns of this terminal; zeros where there is none."""
    for number in (1, 0, 2):
        with contextlib.suppress(OSError):
            return posix.size(number)
    return 0, 0
