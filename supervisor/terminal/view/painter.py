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
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from supervisor.terminal import calling, wire
from supervisor.terminal.view.ear import Ear, Unheard
from supervisor.terminal.view.emulator import Emulator
from supervisor.terminal.view.picture import Picture, noted

_CHUNK: Final = 64 * 1024
#: Seconds of parsing without ever having kept up; who is that far behind leaves out the rest …
_BEHIND: Final = 2.0
#: … but the last part, for programs that never paint their screen anew.
_LAST_PART: Final = 16 * 1024
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
_USUAL_SIZE: Final = (24, 80)


def main(arguments: Sequence[str]) -> int:
    """Paint ``FOLDER TERMINAL``; with ``fresh`` after that, only what is printed from now on."""
    folder, terminal, *more = arguments
    _be_small()
    selector = selectors.DefaultSelector()
    ear = Ear(lambda: calling.holder(Path(folder), terminal), selector)
    with contextlib.suppress(BrokenPipeError):
        Painter(ear, selector).run(0 if "fresh" in more else None)
    return 0


def _be_small() -> None:
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))


class Painter:
    """Owns the emulator, and what is still to be written."""

    def __init__(self, ear: Ear, selector: selectors.BaseSelector) -> None:
        """*ear*: hears a terminal."""
        self._ear = ear
        self._selector = selector
        self._emulator = Emulator(*_USUAL_SIZE)
        #: The state will tell the modes that a fresh terminal is to be in.
        self._wants_modes = False
        #: When the program is to paint its screen anew; and nothing at all is known of that screen.
        self._nudges_at: float | None = None
        self._nudged_at = 0.0
        self._is_blank = False
        #: Seconds of work since it had kept up.
        self._busy = 0.0
        self._exit: int | None = None
        self._shown: Picture | None = None
        self._out = bytearray()
        self._request = b""
        #: Since when there is something that is not shown yet; and until when nothing is to be shown.
        self._news_since: float | None = None
        self._rests_until = 0.0
        self._goes = False

    def run(self, last_part: int | None) -> None:
        """Paint until nobody wants it any more. *last_part*: see ``Ear.listen``."""
        os.set_blocking(sys.stdout.fileno(), False)
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._obey)
        self._is_blank = last_part == 0
        with self._said():
            self._listen(last_part)
        while not self._goes:
            self._wait()
            with self._said():
                self._look()
            if self._until_next() == 0.0:
                self._show()

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        """Say it when there is nobody to hear."""
        try:
            yield
        except Unheard as trouble:
            self._write(trouble.why + b"\n")

    def _wait(self) -> None:
        """For something to do, and do what others want."""
        ready = self._selector.select(0)
        if not ready and not self._ear.is_waited_for:
            # It has kept up.
            self._busy = 0.0
            nudge = None if self._nudges_at is None else max(0.0, self._nudges_at - time.monotonic())
            ends = (self._until_next(), self._ear.deaf_for(), nudge)
            ready = self._selector.select(min((end for end in ends if end is not None), default=None))
        for key, _ in ready:
            key.data()
        self._ear.hear_again()

    # -- what is printed --------------------------------------------------------------------------

    def _listen(self, last_part: int | None) -> None:
        self._wants_modes = last_part is not None
        self._busy = 0.0
        self._ear.listen(last_part)

    def _look(self) -> None:
        """Look at the next part of what was heard. Raises ``Unheard``."""
        began = time.monotonic()
        if message := self._ear.next():
            self._take(message)
            self._news_since = self._news_since or began
            self._busy += time.monotonic() - began
        if self._nudges_at is not None and began >= self._nudges_at:
            self._nudge(began)
        if self._busy > _BEHIND and self._ear.is_open:
            self._listen(_LAST_PART)

    def _take(self, message: wire.Message) -> None:
        match message:
            case wire.Output():
                self._emulator.feed(message.text)
            case wire.Sized():
                self._emulator.resize(message.rows, message.columns)
            case wire.Gap():
                self._start_again(message.modes)
            case wire.State() if self._wants_modes:
                self._start_again(message.modes)
            case wire.Exit():
                self._exit = message.code
                self._ear.close()
            case _:
                pass

    def _start_again(self, modes: bytes) -> None:
        """Something was missed, that only the program can paint again."""
        self._wants_modes = False
        self._emulator.start_again(modes)
        self._nudges_at = max(time.monotonic(), self._nudged_at + _NUDGE_PAUSE)

    def _nudge(self, now: float) -> None:
        """A program that goes on line by line shows what it has without being asked."""
        self._nudges_at = None
        if self._is_blank or self._emulator.picture().modes.alternate:
            self._is_blank = False
            self._nudged_at = now
            self._ear.say(wire.Nudge())

    # -- pictures ---------------------------------------------------------------------------------

    def _until_next(self) -> float | None:
        """Seconds until there is something to show; ``None`` while there is not, or no room for it."""
        if self._news_since is None or self._out or self._ear.offset < self._ear.begins_at:
            return None
        settled = self._news_since + (_PATIENCE if self._emulator.is_painting else _SETTLE)
        return max(0.0, max(settled, self._rests_until) - time.monotonic())

    def _show(self) -> None:
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
