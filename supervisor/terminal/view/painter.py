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
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from supervisor.core.errors import WakelineError
from supervisor.terminal import calling, wire
from supervisor.terminal.view.emulator import Emulator
from supervisor.terminal.view.picture import Picture, noted

_CHUNK: Final = 64 * 1024
#: So much is parsed at once: a program can print little that costs much, and others are to be heard too.
_SLICE: Final = 8 * 1024
#: Seconds of parsing without ever having kept up; who is that far behind leaves out the rest.
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
#: A flood costs the holder twice when it is looked at, so not all of it is: after so many bytes beyond
#: so many a second, nothing is heard for a while. If more was printed meanwhile than a holder keeps, it
#: says that some is missing: a flood, and little of it will do. Else it is over, and all that is left comes.
_PER_SECOND: Final = 16_000_000
_MUCH: Final = 5 * 2**19
_LITTLE: Final = 2**18
_DEAF: Final = 0.03
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
    with contextlib.suppress(BrokenPipeError):
        Painter(lambda: calling.holder(Path(folder), terminal), is_fresh="fresh" in more).run()
    return 0


def _be_small() -> None:
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))


class Painter:
    """Owns the emulator, the line to the holder, and what is still to be written."""

    def __init__(self, call: Callable[[], calling.Line], *, is_fresh: bool) -> None:
        """*is_fresh*: what was printed before is not looked at."""
        self._call = call
        self._line: calling.Line | None = None
        self._emulator = Emulator(*_USUAL_SIZE)
        #: The state will tell the modes that a fresh terminal is to be in.
        self._wants_modes = self._is_blank = is_fresh
        self._last_part = 0
        self._is_void = False
        #: What was heard and is not looked at yet, and the seconds since there was nothing of that.
        self._heard: deque[wire.Message] = deque()
        self._busy = 0.0
        #: So many bytes are heard yet, as of that time; and until when nothing is.
        self._allowed = float(_MUCH)
        self._allowed_at = 0.0
        self._deaf_until: float | None = None
        self._offset = 0
        #: Before so much is taken in, there is nothing to show.
        self._begins_at = 0
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
        os.set_blocking(sys.stdout.fileno(), False)
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._obey)
        self._connect()
        while not self._goes:
            for key, _ in self._ready():
                key.data()
            self._look()
            if self._until_next() == 0.0:
                self._show()

    def _ready(self) -> Sequence[tuple[selectors.SelectorKey, int]]:
        ready = self._selector.select(0)
        if ready or self._heard:
            return ready
        # Nothing waits: it has kept up.
        self._busy = 0.0
        ends = [self._until_next(), None if self._deaf_until is None else self._deaf_until - time.monotonic()]
        ready = self._selector.select(min((max(end, 0.0) for end in ends if end is not None), default=None))
        self._hear_again()
        return ready

    # -- the holder -------------------------------------------------------------------------------

    def _connect(self) -> None:
        try:
            line = self._call()
            hello = line.greeted()
            asked = (wire.Ask(),) if self._wants_modes else ()
            offset = max(0, hello.end - self._last_part) if self._wants_modes else -1
            line.say(*asked, wire.View(wire.VERSION, offset))
        except (WakelineError, OSError):
            self._write(b"gone\n")
            return
        if hello.version < _FIRST_WITH_VIEWERS:
            self._write(b"old\n")
            return
        line.connection.setblocking(False)
        self._line = line
        self._begins_at = hello.end
        self._offset = max(offset, 0)
        self._heard.extend(line.early())
        self._selector.register(line.connection, selectors.EVENT_READ, self._hear)

    def _hear(self) -> None:
        """Hear more, when all is looked at that came before."""
        if self._line is None or self._heard:
            return
        heard = self._line.hear()
        if heard is None:
            self._part()
            self._write(b"gone\n")
        else:
            self._heard.extend(heard)
            self._measure(heard)

    def _measure(self, heard: Sequence[wire.Message]) -> None:
        """Hear nothing for a while when that was too much."""
        now = time.monotonic()
        self._allowed = min(_MUCH, self._allowed + (now - self._allowed_at) * _PER_SECOND)
        self._allowed_at = now
        if any(isinstance(message, wire.Gap) for message in heard):
            self._allowed = min(self._allowed, _LITTLE)
        self._allowed -= sum(len(message.text) for message in heard if isinstance(message, wire.Output))
        if self._allowed < 0 and self._line and self._offset >= self._begins_at:
            self._selector.unregister(self._line.connection)
            self._deaf_until = now + _DEAF

    def _hear_again(self) -> None:
        if self._deaf_until is None or time.monotonic() < self._deaf_until:
            return
        self._deaf_until = None
        self._allowed = _MUCH
        if self._line:
            self._selector.register(self._line.connection, selectors.EVENT_READ, self._hear)

    def _look(self) -> None:
        """Look at the next part of what was heard."""
        if not self._heard:
            return
        began = time.monotonic()
        self._take(self._heard.popleft())
        self._news_since = self._news_since or began
        self._busy += time.monotonic() - began
        if self._busy > _BEHIND and self._line:
            self._leave_out()

    def _take(self, message: wire.Message) -> None:
        match message:
            case wire.Output(offset, text):
                self._emulator.feed(text[:_SLICE])
                self._offset = offset + min(len(text), _SLICE)
                if len(text) > _SLICE:
                    self._heard.appendleft(wire.Output(self._offset, text[_SLICE:]))
            case wire.Sized():
                self._emulator.resize(message.rows, message.columns)
            case wire.Gap():
                self._start_again(message.modes)
                self._offset = message.end
            case wire.State() if self._wants_modes:
                self._start_again(message.modes)
            case wire.Exit():
                self._exit = message.code
                self._part()
            case _:
                pass

    def _start_again(self, modes: bytes) -> None:
        """Something was missed."""
        self._emulator.start_again(modes)
        self._wants_modes, self._is_void = False, True

    def _leave_out(self) -> None:
        """Too much to look at: go on with the last part of it."""
        self._part()
        self._heard.clear()
        self._busy = 0.0
        self._wants_modes = True
        self._last_part = _LAST_PART
        self._connect()

    def _ask_for_all(self) -> None:
        """What was missed only the program can paint again, if it is one that paints."""
        now = time.monotonic()
        if self._is_void and self._line and now - self._nudged_at > _NUDGE_PAUSE:
            self._is_void = False
            self._nudged_at = now
            with contextlib.suppress(OSError):
                self._line.say(wire.Nudge())

    def _part(self) -> None:
        """The holder is not listened to any more."""
        if self._line:
            if self._deaf_until is None:
                self._selector.unregister(self._line.connection)
            self._line.connection.close()
        self._line = self._deaf_until = None
        self._begins_at = 0

    # -- pictures ---------------------------------------------------------------------------------

    def _until_next(self) -> float | None:
        """Seconds until there is something to show; ``None`` while there is not, or no room for it."""
        if self._news_since is None or self._out or self._offset < self._begins_at:
            return None
        settled = self._news_since + (_PATIENCE if self._emulator.is_painting else _SETTLE)
        return max(0.0, max(settled, self._rests_until) - time.monotonic())

    def _show(self) -> None:
        self._news_since = None
        picture = replace(self._emulator.picture(), ended=self._exit)
        if picture.modes.alternate or self._is_blank:
            self._ask_for_all()
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
