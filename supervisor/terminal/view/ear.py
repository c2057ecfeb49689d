"""Hears what a held command prints, and takes nothing from its speed: of a flood, only a part is heard."""

import sys

assert sys.platform != "win32"

import contextlib
import selectors
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from supervisor.core.errors import WakelineError
from supervisor.terminal import calling, wire

#: So much is given to be looked at at once: a program can print little that costs much.
_SLICE: Final = 16 * 1024
#: A flood costs the holder twice when it is looked at, so not all of it is: after so many bytes beyond
#: so many a second, nothing is heard for a while. If more was printed meanwhile than a holder keeps, it
#: says that some is missing: a flood, and little of it will do. Else it is over, and all that is left comes.
_PER_SECOND: Final = 16_000_000
_MUCH: Final = 5 * 2**19
_LITTLE: Final = 2**18
_DEAF: Final = 0.03
#: Holders of this version know viewers.
_FIRST_WITH_VIEWERS: Final = 2


class Unheard(Exception):
    """Nothing is to be heard there; *why*: ``gone`` or ``old``."""

    def __init__(self, why: bytes) -> None:
        super().__init__(why.decode())
        self.why = why


class Ear:
    """Owns the line to the holder, and what was heard and not looked at."""

    def __init__(self, call: Callable[[], calling.Line], selector: selectors.BaseSelector) -> None:
        """*selector*: its callbacks are called by the owner."""
        self._call = call
        self._selector = selector
        self._line: calling.Line | None = None
        self._heard: deque[wire.Message] = deque()
        self._allowed = float(_MUCH)
        self._allowed_at = 0.0
        self._deaf_until: float | None = None
        self._is_lost = False
        #: Up to there was printed when we came, and was looked at.
        self.begins_at = 0
        self.offset = 0

    @property
    def is_open(self) -> bool:
        """Whether more may come."""
        return self._line is not None

    @property
    def is_waited_for(self) -> bool:
        """Whether something was heard that is not looked at."""
        return bool(self._heard)

    def listen(self, last_part: int | None) -> None:
        """Hear what is kept and what comes. Raises ``Unheard``.

        *last_part*: so many bytes of what is kept, and first of all the terminal's state; ``None``: all.
        """
        self.close()
        try:
            line = self._call()
            hello = line.greeted()
            if hello.version < _FIRST_WITH_VIEWERS:
                raise Unheard(b"old")
            offset = -1 if last_part is None else max(0, hello.end - last_part)
            asked = () if last_part is None else (wire.Ask(),)
            line.say(*asked, wire.View(wire.VERSION, offset))
        except (WakelineError, OSError) as trouble:
            raise Unheard(b"gone") from trouble
        line.connection.setblocking(False)
        self._line = line
        self.begins_at, self.offset = hello.end, max(offset, 0)
        self._heard = deque(line.early())
        self._selector.register(line.connection, selectors.EVENT_READ, self._hear)

    def say(self, message: wire.Message) -> None:
        """To the holder, if it is there."""
        if self._line:
            with contextlib.suppress(OSError):
                self._line.say(message)

    def close(self) -> None:
        """Hear no more; what was heard can still be looked at."""
        if self._line:
            if self._deaf_until is None:
                self._selector.unregister(self._line.connection)
            self._line.connection.close()
        self._line = self._deaf_until = None
        self.begins_at = 0

    def next(self) -> wire.Message | None:
        """What is to be looked at next; ``None`` if nothing is. Raises ``Unheard`` after the last, once."""
        if not self._heard:
            is_lost, self._is_lost = self._is_lost, False
            if is_lost:
                raise Unheard(b"gone")
            return None
        message = self._heard.popleft()
        if isinstance(message, wire.Output):
            begin, text = message
            self.offset = begin + min(len(text), _SLICE)
            if len(text) > _SLICE:
                self._heard.appendleft(wire.Output(self.offset, text[_SLICE:]))
            return wire.Output(begin, text[:_SLICE])
        if isinstance(message, wire.Gap):
            self.offset = message.end
        return message

    def _hear(self) -> None:
        """Hear more, when all is looked at that came before."""
        if self._line is None or self._heard:
            return
        heard = self._line.hear()
        if heard is None:
            self.close()
            self._is_lost = True
        else:
            self._heard.extend(heard)
            self._measure(heard)

    # -- floods -----------------------------------------------------------------------------------

    def _measure(self, heard: Sequence[wire.Message]) -> None:
        """Hear nothing for a while when that was too much."""
        now = time.monotonic()
        self._allowed = min(_MUCH, self._allowed + (now - self._allowed_at) * _PER_SECOND)
        self._allowed_at = now
        if any(isinstance(message, wire.Gap) for message in heard):
            self._allowed = min(self._allowed, _LITTLE)
        self._allowed -= sum(len(message.text) for message in heard if isinstance(message, wire.Output))
        if self._allowed < 0 and self._line and self.offset >= self.begins_at:
            self._selector.unregister(self._line.connection)
            self._deaf_until = now + _DEAF

    def deaf_for(self) -> float | None:
        """Seconds until ``hear_again`` is to be called; ``None`` while it hears."""
        return None if self._deaf_until is None else max(0.0, self._deaf_until - time.monotonic())

    def hear_again(self) -> None:
        """If its time has come."""
        if self.deaf_for() == 0.0 and self._line:
            self._deaf_until = None
            self._allowed = _MUCH
            self._selector.register(self._line.connection, selectors.EVENT_READ, self._hear)
