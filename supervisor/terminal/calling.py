"""How a client gets to a holder: by its socket, or for a new one by way of the nursery."""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from supervisor.core.errors import Failed, NoSuchSession
from supervisor.terminal import Order, door, wire

_CHUNK = 64 * 1024
#: Seconds within which a holder answers.
_WITHIN = 10.0


class Line:
    """A connection to a holder, as messages. Owns the socket."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(_WITHIN)
        self.connection = connection
        self.frames = wire.Frames()
        #: The other end has gone; before that it may only be slow.
        self.is_over = False
        self._early: list[wire.Message] = []

    def say(self, *messages: wire.Message) -> None:
        """Send these. Raises ``OSError``."""
        self.connection.sendall(b"".join(wire.encode(message) for message in messages))

    def hear(self) -> Sequence[wire.Message] | None:
        """What has come; ``None`` when the other end has gone."""
        try:
            heard = self.connection.recv(_CHUNK)
            self.is_over = not heard
            return self.understand(heard) if heard else None
        except ConnectionError:
            self.is_over = True
        except (OSError, wire.Broken):
            pass
        return None

    def understand(self, heard: bytes) -> Sequence[wire.Message]:
        """The messages that are whole when this has come. Raises ``wire.Broken``."""
        return list(self.frames.feed(heard))

    def early(self) -> Sequence[wire.Message]:
        """What came together with the introduction."""
        early, self._early = self._early, []
        return early

    def greeted(self) -> wire.Hello:
        """The holder's introduction. Raises ``Failed`` when there is none."""
        while (heard := self.hear()) is not None:
            if not heard:
                continue
            first, *self._early = heard
            if isinstance(first, wire.Hello):
                return first
            if isinstance(first, wire.Failure):
                what = os.fsdecode(first.what)
                raise Failed(
                    f"{what} cannot be used: {os.strerror(first.error)}.", "Look at its name and place."
                )
        gone = _Unheard if self.is_over else Failed
        raise gone("Nobody holds that terminal any more.", "See: wakeline ls")


class _Unheard(Failed):
    """The other end went without a word."""


def hold(
    folder: Path, start_nursery: Callable[[int], object], *said: wire.Message
) -> tuple[Line, wire.Hello]:
    """Order a command with these words; the line to its holder, who has introduced itself.

    Raises ``Failed``. For *start_nursery* see ``nursery``.
    """
    try:
        return _ordered(nursery(folder, start_nursery), *said)
    except (ConnectionError, _Unheard):
        # The nursery was killed while the call waited in its queue: nobody has heard it.
        return _ordered(nursery(folder, start_nursery), *said)


def _ordered(line: Line, *said: wire.Message) -> tuple[Line, wire.Hello]:
    try:
        line.say(*said)
        return line, line.greeted()
    except (OSError, Failed):
        line.connection.close()
        raise


def start(order: Order, rows: int = 0, columns: int = 0) -> wire.Start:
    """What the nursery is told to hold; zeros for no size."""
    return wire.Start(
        version=wire.VERSION,
        name=os.fsencode(order.name),
        cwd=os.fsencode(order.cwd),
        umask=_umask(),
        rows=rows,
        columns=columns,
        argv=tuple(map(os.fsencode, order.argv)),
        environment=tuple(os.fsencode(f"{name}={value}") for name, value in order.environment),
    )


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def holder(folder: Path, terminal: str) -> Line:
    """A line to the holder of that terminal. Raises ``NoSuchSession`` when it has gone."""
    try:
        return Line(door.connect(folder / f"{terminal}.sock"))
    except OSError as trouble:
        raise NoSuchSession(f"No terminal {terminal!r} is held.", "See: wakeline ls") from trouble


def held(folder: Path) -> Iterator[tuple[str, str]]:
    """Id and name of every terminal that is held."""
    for place in sorted(folder.glob("[0-9a-f]*.sock")):
        try:
            line = Line(door.connect(place))
            line.say(wire.Watch(wire.VERSION))
            yield place.stem, os.fsdecode(line.greeted().name)
            line.connection.close()
        except (OSError, Failed):
            continue


def nursery(folder: Path, start: Callable[[int], object]) -> Line:
    """A line to who takes an order: the nursery, or a new holder. Raises ``Failed``.

    *start* starts that program; it is given the number of what it is to have as its standard input.
    """
    try:
        return Line(door.begetter(folder, start))
    except OSError as trouble:
        raise Failed(
            f"Terminals cannot be held in {folder}: {trouble.strerror or trouble}.",
            "Its path may be too long; WAKELINE_HOME can name a shorter place.",
        ) from trouble
