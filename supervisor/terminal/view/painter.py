"""Makes pictures of one held terminal, for one supervisor: a process of its own.

It is a client of the holder, and writes to its standard output, in lines:

    row ROW JSON                 a row that changed
    picture JSON                 all else; what came since the last one belongs together
    line JSON                    a line from above the screen, oldest first
    page FIRST BEGIN END         that was all of them; see ``picture.Page``
    pong                         the answer to a ping
    gone                         nobody holds that terminal

It reads ``lines BEFORE COUNT`` and ``ping`` from its standard input, and goes when that is closed.
"""

import sys

assert sys.platform != "win32"

import contextlib
import fcntl
import os
import resource
import selectors
import struct
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from supervisor.core.errors import WakelineError
from supervisor.terminal import calling, wire
from supervisor.terminal.view.emulator import Emulator
from supervisor.terminal.view.picture import Picture, noted

_CHUNK: Final = 64 * 1024
#: Seconds between two pictures …
_PAUSE: Final = 1 / 30
#: … and more after a large one: so many bytes a second are enough for anybody.
_BYTES_PER_SECOND: Final = 1_000_000
#: What is painted in several writes is shown at once: so long is waited for the rest.
_SETTLE: Final = 0.004
#: A program that says that it is painting is believed so long.
_PATIENCE: Final = 1.0
#: Memory in bytes; more than any screen needs.
_MEMORY: Final = 512 * 2**20
#: Whoever reads what we write has the machine first, and the command too.
_NICE: Final = 5
#: A request is no longer than this.
_REQUEST: Final = 256
_MOST_LINES: Final = 200
_USUAL_SIZE: Final = (24, 80)
_SIZE: Final = struct.Struct("HHHH")
#: Of a holder that does not know viewers: a screen without a size.
_FIRST_WITH_VIEWERS: Final = 2


def main(arguments: Sequence[str]) -> int:
    """Paint ``FOLDER TERMINAL``; with ``fresh``, only what is printed from now on."""
    folder, terminal, *more = arguments
    _be_small()
    try:
        line = calling.holder(Path(folder), terminal)
        hello = line.greeted()
    except WakelineError:
        sys.stdout.buffer.write(b"gone\n")
        return 1
    with contextlib.suppress(BrokenPipeError):
        Painter(line, hello, fresh="fresh" in more).run()
    return 0


def _be_small() -> None:
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))


class Painter:
    """Owns the emulator, the line to the holder, and what is still to be written."""

    def __init__(self, line: calling.Line, hello: wire.Hello, *, fresh: bool) -> None:
        """*fresh*: what was printed before is not looked at."""
        self._line = line
        self._child = hello.child
        self._knows_viewers = hello.version >= _FIRST_WITH_VIEWERS
        self._emulator = Emulator(*self._asked_size())
        #: Before this much is taken in, there is nothing to show.
        self._caught_up_at = hello.end
        self._offset = hello.end if fresh else 0
        self._exit: int | None = None
        self._shown: Picture | None = None
        self._out = bytearray()
        self._request = b""
        #: When something was printed that is not shown yet, and before when nothing is to be shown.
        self._news_at: float | None = time.monotonic()
        self._rests_until = 0.0
        self._goes = False
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Paint until nobody wants it any more."""
        self._line.connection.setblocking(False)
        os.set_blocking(sys.stdout.fileno(), False)
        self._selector.register(self._line.connection, selectors.EVENT_READ, self._hear)
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._obey)
        offset = self._offset if self._offset else -1
        self._line.say(wire.Attach(wire.VERSION, offset, 0, 0))
        self._take(self._line.early())
        while not self._goes:
            for key, _ in self._selector.select(self._until_next()):
                key.data()
            self._show_in_time()

    # -- the holder -------------------------------------------------------------------------------

    def _hear(self) -> None:
        heard = self._line.hear()
        if heard is None:
            self._hang_up()
        else:
            self._take(heard)

    def _take(self, heard: Sequence[wire.Message]) -> None:
        for message in heard:
            match message:
                case wire.Output():
                    self._emulator.feed(message.text)
                    self._offset = message.offset + len(message.text)
                case wire.Gap():
                    self._emulator.start_again(message.modes)
                    self._offset = message.end
                case wire.Exit():
                    self._exit = message.code
                    self._hang_up()
                case _:
                    continue
            if self._news_at is None:
                self._news_at = time.monotonic()

    def _hang_up(self) -> None:
        if self._line.connection.fileno() < 0:
            return
        self._selector.unregister(self._line.connection)
        self._line.connection.close()
        self._caught_up_at = 0
        if self._exit is None:
            self._write(b"gone\n")
        elif self._news_at is None:
            self._news_at = time.monotonic()

    def _asked_size(self) -> tuple[int, int]:
        """How large the terminal is: its own word, where the system lets us ask it."""
        for number in (0, 1, 2):
            try:
                theirs = os.open(f"/proc/{self._child}/fd/{number}", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
            except OSError:
                continue
            try:
                asked = fcntl.ioctl(theirs, termios.TIOCGWINSZ, b"\0" * _SIZE.size)
                rows, columns, _, _ = _SIZE.unpack(asked)
                if rows and columns:
                    return rows, columns
            except OSError:
                continue
            finally:
                os.close(theirs)
        return _USUAL_SIZE

    # -- pictures ---------------------------------------------------------------------------------

    def _until_next(self) -> float | None:
        """Seconds until there may be something to show."""
        if self._news_at is None or self._out or self._offset < self._caught_up_at:
            return None
        return max(0.0, self._due() - time.monotonic())

    def _due(self) -> float:
        news_at = self._news_at or 0.0
        ready = news_at + (_PATIENCE if self._emulator.is_painting else _SETTLE)
        return max(ready, self._rests_until)

    def _show_in_time(self) -> None:
        if self._news_at is None or self._out or self._offset < self._caught_up_at:
            return
        now = time.monotonic()
        if now < self._due():
            return
        self._news_at = None
        self._show()
        self._rests_until = now + max(_PAUSE, len(self._out) / _BYTES_PER_SECOND)
        self._flush()

    def _show(self) -> None:
        picture = self._emulator.picture()
        picture = Picture(
            size=picture.size,
            cursor=picture.cursor,
            title=picture.title,
            modes=picture.modes,
            history=picture.history,
            ended=self._exit,
        )
        rows = self._emulator.changed()
        if not rows and picture == self._shown:
            return
        self._shown = picture
        self._out += b"".join(b"row %d %b\n" % (row, said.encode()) for row, said in rows.items())
        self._out += b"picture %b\n" % noted(picture)

    # -- the supervisor ---------------------------------------------------------------------------

    def _obey(self) -> None:
        said = os.read(sys.stdin.fileno(), _CHUNK)
        *requests, self._request = (self._request + said).split(b"\n")
        if not said or len(self._request) > _REQUEST:
            self._goes = True
            return
        for request in requests:
            match request.split():
                case [b"ping"]:
                    self._write(b"pong\n")
                case [b"lines", before, count]:
                    self._show_lines(int(before), min(int(count), _MOST_LINES))

    def _show_lines(self, before: int, count: int) -> None:
        first, lines = self._emulator.lines(before, count)
        begin, end = self._emulator.picture().history
        said = b"".join(b"line %b\n" % line.encode() for line in lines)
        self._write(said + b"page %d %d %d\n" % (first, begin, end))

    def _write(self, said: bytes) -> None:
        self._out += said
        self._flush()

    def _flush(self) -> None:
        """Write what can be written now; the rest when there is room."""
        number = sys.stdout.fileno()
        try:
            while self._out:
                del self._out[: os.write(number, self._out[:_CHUNK])]
        except BlockingIOError:
            with contextlib.suppress(KeyError):
                self._selector.register(number, selectors.EVENT_WRITE, self._flush)
            return
        with contextlib.suppress(KeyError):
            self._selector.unregister(number)
