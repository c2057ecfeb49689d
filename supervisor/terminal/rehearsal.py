"""A holder's whole life, played through once before any is forked.

Python adapts code to what it is used for, and keeps what it has looked up: done here, it is done in
memory that all holders share, and the first key finds everything warm.
"""

import sys

assert sys.platform != "win32"

import os
import socket
from typing import Final

from supervisor.terminal import order, posix, wire
from supervisor.terminal.holder import Holder
from supervisor.terminal.pane import Pane

#: Code that has run so often is adapted.
_OFTEN: Final = 40
#: Which nearly everybody leaves by.
_KEY: Final = b"ctrl-\\"
#: Seconds in which a key comes back; where it does not, nobody who waits for us is held up by that.
_SOON: Final = 0.001


class _Nobody:
    """A command that says what is typed to it, until it ends."""

    def __init__(self) -> None:
        """It runs."""
        self.number, self._tell = os.pipe()

    def change(self) -> tuple[bool, int] | None:
        """See ``command.Child``."""
        return (True, 0) if os.read(self.number, 1) else None

    def signal(self, number: int) -> None:
        """It hears none."""

    def end(self) -> None:
        """It ends."""
        os.write(self._tell, b"!")

    def close(self) -> None:
        """It is forgotten."""
        os.close(self.number)
        os.close(self._tell)


def rehearse() -> None:
    """Hold nobody, for somebody who looks, types, lends, and sees the end."""
    holder = Holder(posix.let_in, posix.received)
    pane, nobody = Pane(), _Nobody()
    ours, theirs = socket.socketpair()
    person, terminal = posix.open_terminal()
    with socket.socket(socket.AF_UNIX) as listening, ours:
        asked = wire.Start(wire.VERSION, b"", b"/", 0, 24, 80, (b"nobody",), ())
        holder.begin(order.hello(asked, "0", holder=0, child=0), pane, nobody, listening, theirs)
        ours.send(wire.encode(wire.Attach(wire.VERSION, -1, 24, 80)))
        holder.step(_SOON)
        for number in range(2 * _OFTEN):
            if number == _OFTEN:
                posix.send_descriptor(ours, wire.encode(wire.Lend(number, _KEY)), terminal)
                holder.step(_SOON)
            if number < _OFTEN:
                ours.send(wire.pressed(b"k"))
            else:
                os.write(person, b"k")
            holder.step(_SOON)
            holder.step(_SOON)
        nobody.end()
        holder.step(_SOON)
        ours.close()
        holder.step(_SOON)
    os.close(person)
    os.close(terminal)
    nobody.close()
