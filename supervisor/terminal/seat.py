"""The terminals of screens, lent to the holder: no process stands between a key and its echo.

A screen has its terminal back as soon as there is more to do than to type and to print: an
interruption, a title of ours, a gap, the end.
"""

import contextlib
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from supervisor.core.errors import WrongUse
from supervisor.terminal import wire
from supervisor.terminal.keys import AGAIN_WITHIN, Leaving, Typing
from supervisor.terminal.titles import last_title

if TYPE_CHECKING:
    from supervisor.terminal.clients import Client, Clients, House
    from supervisor.terminal.ready import Act, Ready
    from supervisor.terminal.ring import Ring

#: Bytes of keys read at once.
_CHUNK: Final = 16 * 1024
#: Seconds after which a screen knows of new modes of its terminal, should we die.
_MODES_AFTER: Final = 0.5
#: No title that is torn into two pieces is longer.
_TORN: Final = 4096


class Seat:
    """Owns a descriptor of a screen's terminal, which never blocks."""

    def __init__(self, number: int, leaving: Leaving, since: int) -> None:
        """*since*: the offset from which on it is printed on."""
        self.number = number
        self.since = since
        self.typing = Typing(leaving)
        #: What it does not take yet.
        self.unprinted = b""
        self.write: Callable[[bytes], int] = partial(os.write, number)
        #: What is done when something is pressed, and when what had begun does not go on.
        self.hear: Act = _nothing
        self.give_up: Act = _nothing
        #: The modes that were told last.
        self.modes = b""


def _nothing() -> None:
    """It is not lent yet."""


def _leaving(key: bytes) -> Leaving:
    """A word that is no key leaves nothing."""
    try:
        return Leaving(key.decode("ascii", "replace"))
    except WrongUse:
        return Leaving("")


class Seats:
    """Knows which terminals are lent, and until when."""

    def __init__(self, house: "House", ready: "Ready", ring: "Ring", clients: "Clients") -> None:
        """None is."""
        self._house = house
        self._ready = ready
        self._ring = ring
        self._clients = clients
        self._is_due = False
        clients.print_noted = self._print_noted

    def lend(self, client: "Client", message: wire.Lend) -> None:
        """Take what *client* lends, or say at once that it is back."""
        self.give_back(client)
        number, client.descriptor = client.descriptor, -1
        client.offset = min(max(message.offset, 0), self._ring.end)
        client.seat = seat = Seat(number, _leaving(message.key), client.offset)
        if not os.isatty(number) or client.offset < self._ring.begin or self._clients.exit:
            self.give_back(client)
            return
        seat.hear = partial(self._pressed, client, seat)
        seat.give_up = partial(self._give_up, client, seat)
        self._ready.to_read[number] = seat.hear
        self._print_noted()
        self._clients.send(client)

    def give_back(self, client: "Client", *, left: bool = False) -> None:
        """Its terminal is its own again; what could not be printed there comes by the line."""
        if client.seat and client.seat.typing.has_begun:
            client.seat.give_up()
        if seat := self.drop(client):
            client.offset = (client.offset or 0) - len(seat.unprinted)
            modes = self._ring.modes_at(client.offset).whole()
            recent = b"" if self._clients.exit else self._recent(seat.since)
            self._clients.tell(client, wire.Returned(client.offset, modes, recent, left))
            self._clients.send(client)

    def drop(self, client: "Client") -> Seat | None:
        """Nothing of it is lent any more; what was."""
        seat, client.seat = client.seat, None
        if seat:
            self._ready.forget(seat.number)
            self._ready.never(seat.give_up)
            with contextlib.suppress(OSError):
                os.close(seat.number)
        return seat

    # -- keys -------------------------------------------------------------------------------------

    def _pressed(self, client: "Client", seat: Seat) -> None:
        try:
            keys = os.read(seat.number, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            keys = b""
        if not keys:
            self.give_back(client)  # it has gone: its screen will see that, too
        elif seat.typing.is_plain(keys):
            self._clients.press(client, keys)
        else:
            self._type(client, seat, seat.typing.feed(keys))

    def _give_up(self, client: "Client", seat: Seat) -> None:
        """Nothing more of what had begun was pressed."""
        self._type(client, seat, seat.typing.give_up())

    def _type(self, client: "Client", seat: Seat, parts: Sequence[tuple[bool, bytes]]) -> None:
        for by_person, keys in parts:
            self._house.obey(client, wire.Input(b"", keys) if by_person else wire.Report(keys))
        if seat.typing.leaving.left:
            self.give_back(client, left=True)
        elif seat.typing.has_begun:
            self._ready.later(seat.give_up, AGAIN_WITHIN)

    # -- what is known of what is printed ---------------------------------------------------------

    def _print_noted(self) -> None:
        """Something is printed that may change modes."""
        if not self._is_due:
            self._is_due = True
            self._ready.later(self._tell_modes, _MODES_AFTER)

    def _tell_modes(self) -> None:
        self._is_due = False
        for client in self._clients:
            if client.seat and client.seat.modes != (modes := self._ring.modes_at_end().restored()):
                client.seat.modes = modes
                self._clients.tell(client, wire.InModes(modes))

    def _recent(self, since: int) -> bytes:
        """The last title that was set from *since* on, if that is kept, and what was printed last."""
        following = last = b""
        for piece in self._ring.backwards(since):
            last = last or piece[-_TORN:]
            if title := last_title(piece + following):
                return title + last
            following = piece[:_TORN]
        return last
