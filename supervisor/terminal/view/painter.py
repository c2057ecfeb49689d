"""Makes pictures of one held terminal, for one supervisor: a process of its own.

It is a client of the holder, and writes to its standard output, in lines:

    row ROW JSON                 a row that changed
    picture JSON                 all else; what came since the last one belongs together
    line JSON                    a line from above the screen, oldest first
    page FIRST BEGIN END         that was all of them; see ``picture.Page``
    pong                         the answer to a ping
    gone                         nobody holds that terminal
    old                          its holder does not know viewers

It reads ``lines BEFORE COUNT`` and ``ping`` from its standard input, and goes when that is closed.
"""

import sys

assert sys.platform != "win32"

import contextlib
import os
import resource
import selectors
import time
from collections.abc import Sequence
from dataclasses import replace
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
#: Between two requests to the program to paint its screen anew.
_NUDGE_PAUSE: Final = 1.0
#: Memory in bytes; more than any screen needs.
_MEMORY: Final = 512 * 2**20
#: The command has the machine first, and whoever reads what we write.
_NICE: Final = 5
#: No request is longer than this, nor asks for more lines.
_REQUEST: Final = 256
_MOST_LINES: Final = 200
#: Holders of this version know viewers.
_FIRST_WITH_VIEWERS: Final = 2
_USUAL_SIZE: Final = (24, 80)


def main(arguments: Sequence[str]) -> int:
    """Paint ``FOLDER TERMINAL``; with ``fresh`` after that, only what is printed from now on."""
    folder, terminal, *more = arguments
    _be_small()
    try:
        line = calling.holder(Path(folder), terminal)
        hello = line.greeted()
    except WakelineError:
        os.write(sys.stdout.fileno(), b"gone\n")
        return 1
    if hello.version < _FIRST_WITH_VIEWERS:
        os.write(sys.stdout.fileno(), b"old\n")
        return 1
    with contextlib.suppress(BrokenPipeError):
        Painter(line, hello.end, is_fresh="fresh" in more).run()
    return 0


def _be_small() -> None:
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))


class Painter:
    """Owns the emulator, the line to the holder, and what is still to be written."""

    def __init__(self, line: calling.Line, end: int, *, is_fresh: bool) -> None:
        """*end*: how much was printed before; *is_fresh*: that is not looked at."""
        self._line = line
        self._emulator = Emulator(*_USUAL_SIZE)
        self._is_fresh = self._is_void = is_fresh
        self._offset = end if is_fresh else 0
        #: Before so much is taken in, there is nothing to show.
        self._begins_at = end
        self._exit: int | None = None
        self._shown: Picture | None = None
        self._out = bytearray()
        self._request = b""
        #: Since when there is something that is not shown yet; and until when nothing is to be shown.
        self._news_since: float | None = time.monotonic()
        self._rests_until = 0.0
        self._nudged_at = 0.0
        self._goes = False
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Paint until nobody wants it any more."""
        # The state tells the modes in which a fresh terminal is to be.
        asked = (wire.Ask(),) if self._is_fresh else ()
        self._line.say(*asked, wire.View(wire.VERSION, self._offset if self._is_fresh else -1))
        self._line.connection.setblocking(False)
        os.set_blocking(sys.stdout.fileno(), False)
        self._selector.register(self._line.connection, selectors.EVENT_READ, self._hear)
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._obey)
        self._take(self._line.early())
        while not self._goes:
            for key, _ in self._selector.select(self._until_next()):
                key.data()
            if self._until_next() == 0.0:
                self._show()

    # -- the holder -------------------------------------------------------------------------------

    def _hear(self) -> None:
        heard = self._line.hear()
        if heard is None:
            self._part()
        else:
            self._take(heard)

    def _take(self, heard: Sequence[wire.Message]) -> None:
        for message in heard:
            match message:
                case wire.Output():
                    self._emulator.feed(message.text)
                    self._offset = message.offset + len(message.text)
                case wire.Sized():
                    self._emulator.resize(message.rows, message.columns)
                case wire.Gap():
                    self._start_again(message.modes)
                    self._offset = message.end
                case wire.State() if self._is_fresh:
                    self._start_again(message.modes)
                case wire.Exit():
                    self._exit = message.code
                    self._part()
                case _:
                    continue
            self._news_since = self._news_since or time.monotonic()

    def _start_again(self, modes: bytes) -> None:
        """Something was missed."""
        self._emulator.start_again(modes)
        self._is_fresh, self._is_void = False, True

    def _ask_for_all(self) -> None:
        """What was missed only the program can paint again."""
        now = time.monotonic()
        if self._is_void and self._exit is None and now - self._nudged_at > _NUDGE_PAUSE:
            self._is_void = False
            self._nudged_at = now
            with contextlib.suppress(OSError):
                self._line.say(wire.Nudge())

    def _part(self) -> None:
        """The holder has nothing more to say."""
        if self._line.connection.fileno() < 0:
            return
        self._selector.unregister(self._line.connection)
        self._line.connection.close()
        self._begins_at = 0
        if self._exit is None:
            self._write(b"gone\n")

    # -- pictures ---------------------------------------------------------------------------------

    def _until_next(self) -> float | None:
        """Seconds until there is something to show; ``None`` while there is not, or no room for it."""
        if self._news_since is None or self._out or self._offset < self._begins_at:
            return None
        settled = self._news_since + (_PATIENCE if self._emulator.is_painting else _SETTLE)
        return max(0.0, max(settled, self._rests_until) - time.monotonic())

    def _show(self) -> None:
        self._ask_for_all()
        self._news_since = None
        picture = replace(self._emulator.picture(), ended=self._exit)
        rows = self._emulator.changed()
        if rows or picture != self._shown:
            self._shown = picture
            self._out += b"".join(b"row %d %b\n" % (row, said.encode()) for row, said in rows.items())
            self._out += b"picture %b\n" % noted(picture)
        self._rests_until = time.monotonic() + max(_PAUSE, len(self._out) / _BYTES_PER_SECOND)
        self._flush()

    # -- the supervisor ---------------------------------------------------------------------------

    def _obey(self) -> None:
        said = os.read(sys.stdin.fileno(), _CHUNK)
        *requests, self._request = (self._request + said).split(b"\n")
        if not said or len(self._request) > _REQUEST:
            self._goes = True
        for request in requests:
            match request.split():
                case [b"ping"]:
                    self._write(b"pong\n")
                case [b"lines", before, count]:
                    self._show_lines(int(before), min(int(count), _MOST_LINES))
                case _:
                    pass

    def _show_lines(self, before: int, count: int) -> None:
        begin, end = self._emulator.picture().history
        first, lines = self._emulator.lines(before, count)
        said = b"".join(b"line %b\n" % line.encode() for line in lines)
        self._write(said + b"page %d %d %d\n" % (first, begin, end))

    def _write(self, said: bytes) -> None:
        self._out += said
        self._flush()

    def _flush(self) -> None:
        """Write what can be written now; the rest when there is room."""
        number = sys.stdout.fileno()
        waits = number in self._selector.get_map()
        try:
            while self._out:
                del self._out[: os.write(number, self._out[:_CHUNK])]
        except BlockingIOError:
            if not waits:
                self._selector.register(number, selectors.EVENT_WRITE, self._flush)
            return
        if waits:
            self._selector.unregister(number)
