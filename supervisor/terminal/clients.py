"""Those who look at a terminal or wait for its end: each has a place in what was printed, and no queue."""

import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from supervisor.terminal import wire
from supervisor.terminal.ready import Act, Ready
from supervisor.terminal.ring import Ring

if TYPE_CHECKING:
    from supervisor.terminal.seat import Seat

#: Bytes read from a client at once; larger ones are paid for in every holder's memory.
_CHUNK: Final = 16 * 1024
#: So much input of one client may wait for a command that does not read; then it waits itself.
_INPUT_LIMIT: Final = 256 * 1024
#: No client that has ordered a command says more at once.
_LONGEST: Final = 1024 * 1024
#: Who asks so much and does not read the answers is let go. The rest of a piece of output is below that.
_ANSWERS_LIMIT: Final = 192 * 1024
#: Seconds in which nobody is let in when there are no descriptors left.
_REST: Final = 1.0
_ESCAPE: Final = b"\x1b"
#: What a terminal that is lent does not take at once. Of more, its screen makes fewer and larger pieces.
_UNPRINTED: Final = 16 * 1024
#: More come only from somebody who has gone wrong.
_MOST: Final = 64


#: Admits who called, now or when it has proved who it is; else hangs up.
LetIn: TypeAlias = Callable[[socket.socket, Ready, Callable[[socket.socket], None]], None]
#: What has come, up to so many bytes, and the descriptor that came with it, which never blocks; -1: none.
Receive: TypeAlias = Callable[[socket.socket, int], tuple[bytes, int]]


def without_descriptors(connection: socket.socket, size: int) -> tuple[bytes, int]:
    """Where there is no other way."""
    return connection.recv(size), -1


class Client:
    """One connection. Owner: ``Clients``."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.number = connection.fileno()
        self.frames = wire.Frames()
        self.frames.longest = _LONGEST
        #: What is to be sent before more output: the rest of a frame, and words of the holder.
        self.pending = b""
        #: It has said what it wants: before that it is told nothing but who we are.
        self.listens = False
        #: A terminal is there, with a person before it.
        self.is_screen = False
        #: The next byte of output to send; ``None``: it does not look.
        self.offset: int | None = None
        #: It is not waited for, and gets gaps.
        self.slow = False
        #: When it has caught up, the program is to paint its screen anew.
        self.repaint = False
        #: A viewer was told that what follows is meant for this size.
        self.size = (0, 0)
        self.told_exit = False
        #: Its own terminal, as long as that is lent to us; before, the descriptor of it that has come.
        self.seat: Seat | None = None
        self.descriptor = -1
        #: Bytes of its input that are not typed yet.
        self.waiting = 0
        #: What is done when it says something, and when more can be sent to it.
        self.hear: Act = _nothing
        self.send: Act = _nothing


def _nothing() -> None:
    """Nobody has taken it in yet."""


def _nobody(_client: Client, _keys: bytes) -> None:
    """There is no keyboard yet."""


class House(Protocol):
    """Where the clients are: the holder."""

    def obey(self, client: Client, message: wire.Message) -> None:
        """It said this."""
        ...

    def nudge(self) -> None:
        """Somebody has not got all that made the program's screen."""
        ...

    def give_back(self, client: Client) -> None:
        """What it has lent is to be its own again."""
        ...

    def parted(self, client: Client) -> None:
        """It has gone."""
        ...


class Clients:
    """Owns the connections. Sends to each what it has not got yet, as fast as it reads."""

    def __init__(
        self, house: House, ready: Ready, ring: Ring, let_in: LetIn, receive: Receive = without_descriptors
    ) -> None:
        """There are none yet. *let_in*: whoever calls, if it is this user."""
        self._receive = receive
        self._house = house
        self._let_in = let_in
        self._ready = ready
        self._ring = ring
        self._hello: wire.Hello | None = None
        self._listening: socket.socket | None = None
        self._all: list[Client] = []
        #: A person pressed these keys: the keyboard's.
        self.press: Callable[[Client, bytes], None] = _nobody
        #: Something was printed at a terminal that is lent, and may have changed its modes.
        self.print_noted: Act = _nothing
        #: Told after the last byte.
        self.exit: wire.Exit | None = None
        self.exit_is_seen = False

    def open(self, hello: wire.Hello, listening: socket.socket) -> None:
        """They may call. *listening*: where; *hello*: what they are told first."""
        self._hello, self._listening = hello, listening
        listening.setblocking(False)
        self._ready.to_read[listening.fileno()] = self._accept

    def __iter__(self) -> Iterator[Client]:
        """All of them, whoever goes meanwhile."""
        return iter(tuple(self._all))

    @property
    def screens(self) -> int:
        """How many persons may be before it."""
        return sum(client.is_screen for client in self._all)

    def all_told(self) -> bool:
        """Whether everybody who listens knows of the end."""
        return all(c.told_exit and not c.pending for c in self._all if c.listens)

    def are_behind(self, limit: int) -> list[Client]:
        """Those that are to be waited for, and so many bytes behind."""
        place = self._ring.end - limit
        return [c for c in self._all if c.offset is not None and c.offset < place and not c.slow]

    # -- coming and going -------------------------------------------------------------------------

    def _accept(self) -> None:
        if self._listening is None:
            return
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:
            return
        except OSError:
            self._ready.rest(self._listening.fileno(), _REST)
            return
        if len(self._all) < _MOST:
            self._let_in(connection, self._ready, self.admit)
        else:
            connection.close()

    def admit(self, connection: socket.socket) -> None:
        """Take in somebody who called."""
        client = Client(connection)
        client.hear = partial(self._listen, client)
        client.send = partial(self.send, client)
        self._all.append(client)
        self._ready.to_read[client.number] = client.hear
        if self._hello:
            self.tell(client, self._hello._replace(end=self._ring.end))

    def part(self, client: Client) -> None:
        """It has gone, or must."""
        if client in self._all:
            self._all.remove(client)
            self._ready.forget(client.number)
            client.connection.close()
            self._keep(client, -1)
            self._house.parted(client)

    # -- what they say ----------------------------------------------------------------------------

    def _listen(self, client: Client) -> None:
        try:
            heard, descriptor = self._receive(client.connection, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            heard, descriptor = b"", -1
        if descriptor >= 0:
            self._keep(client, descriptor)
        if not heard:
            self.part(client)
        elif (keys := wire.keys_in(heard)) and not client.frames.rest:
            self.press(client, keys)
        else:
            self._hear(client, heard)

    @staticmethod
    def _keep(client: Client, descriptor: int) -> None:
        """This has come with what it says; only the last one counts."""
        if client.descriptor >= 0:
            os.close(client.descriptor)
        client.descriptor = descriptor

    def _hear(self, client: Client, heard: bytes) -> None:
        try:
            for message in client.frames.feed(heard):
                self._house.obey(client, message)
        except wire.Broken:
            self.part(client)

    def heed(self, client: Client) -> None:
        """Listen to it, but not while too much of its input waits."""
        if client.waiting >= _INPUT_LIMIT or client not in self._all:
            self._ready.to_read.pop(client.number, None)
            if client.seat:
                self._ready.to_read.pop(client.seat.number, None)
        else:
            self._ready.to_read[client.number] = client.hear
            if client.seat:
                self._ready.to_read[client.seat.number] = client.seat.hear

    # -- what they are told -----------------------------------------------------------------------

    def tell(self, client: Client, message: wire.Message) -> None:
        """Tell one of them."""
        if client not in self._all:
            return
        waits = bool(client.pending)
        client.pending += wire.encode(message)
        if len(client.pending) > _ANSWERS_LIMIT:
            self.part(client)
        elif not waits:
            self.send(client)

    def tell_all(self, message: wire.Message, *, looking: bool = False) -> None:
        """Tell all that listen, or all that look."""
        for client in self:
            if client.listens and (client.offset is not None or not looking):
                self.tell(client, message)

    def pass_on_size(self) -> None:
        """What is printed from now on is meant for another one."""
        for client in tuple(self._all):
            if self._is_viewer(client) and not client.pending:
                self.send(client)

    def pass_on(self, text: bytes) -> bool:
        """That was printed now, and is in the ring. Whether somebody does not take it all at once."""
        begin = self._ring.end - len(text)
        is_behind = False
        for client in tuple(self._all):
            if client.offset != begin:
                is_behind |= client.offset is not None
            elif seat := client.seat:
                is_behind |= bool(seat.unprinted) or not self._print(client, seat, text)
            elif client.pending:
                is_behind = True
            else:
                client.offset = self._ring.end
                is_behind |= not self._send(client, wire.output(begin, text))
        return is_behind

    def _print(self, client: Client, seat: "Seat", text: bytes) -> bool:
        """Print what is next at its own terminal; whether that takes more."""
        client.offset = (client.offset or 0) + len(text)
        return self._print_on(client, seat, text)

    def _print_on(self, client: Client, seat: "Seat", text: bytes) -> bool:
        try:
            count = seat.write(text)
        except BlockingIOError:
            count = 0
        except OSError:  # it has gone: its screen will see that, too
            seat.unprinted = text
            self._house.give_back(client)
            return False
        if _ESCAPE in text:
            self.print_noted()
        if count == len(text):
            seat.unprinted = b""
            return True
        seat.unprinted = text[count:]
        if len(seat.unprinted) > _UNPRINTED:
            self._house.give_back(client)
        else:
            self._ready.to_write[seat.number] = client.send
        return False

    def _print_all(self, client: Client, seat: "Seat") -> bool:
        """Print what it has not got yet at its own terminal; whether that takes all."""
        if seat.unprinted and not self._print_on(client, seat, seat.unprinted):
            return False
        ring = self._ring
        while client.offset is not None and ring.begin <= client.offset < ring.end:
            if not self._print(client, seat, ring.read(client.offset)):
                return False
        self._ready.to_write.pop(seat.number, None)
        return True

    def send(self, client: Client) -> None:
        """Send what can be sent now."""
        while client.pending or self._next(client):
            frames, client.pending = client.pending, b""
            if not self._send(client, frames):
                return
        self._ready.to_write.pop(client.number, None)
        self.exit_is_seen |= client.told_exit

    def _send(self, client: Client, frames: bytes) -> bool:
        """Send that, or keep what cannot be sent now; whether more can."""
        try:
            count = client.connection.send(frames)
        except BlockingIOError:
            count = 0
        except OSError:
            self.part(client)
            return False
        if count == len(frames):
            return True
        client.pending = frames[count:]
        self._ready.to_write[client.number] = client.send
        return False

    def _next(self, client: Client) -> bool:
        """Put the next frame into the empty *pending*; whether there is one."""
        ring = self._ring
        if client.seat and (not self._print_all(client, client.seat) or self._is_over_for(client)):
            return bool(client.pending)
        if client.offset is not None and client.offset < ring.begin:
            client.pending = wire.encode(wire.Gap(client.offset, ring.begin, ring.modes.restored()))
            client.offset = ring.begin
            client.repaint = True
        elif self._is_viewer(client) and client.size != (size := ring.size_at(client.offset or 0)):
            client.size = size
            client.pending = wire.encode(wire.Sized(*size))
        elif client.offset is not None and client.offset < ring.end:
            text = ring.read(client.offset)
            if self._is_viewer(client):
                text = text[: ring.resized_after(client.offset) - client.offset]
            client.pending = wire.output(client.offset, text)
            client.offset += len(text)
        elif self.exit and client.listens and not client.told_exit:
            client.told_exit = True
            client.pending = wire.encode(self.exit)
        elif client.is_screen:
            self._caught_up(client)
        return bool(client.pending)

    def _is_over_for(self, client: Client) -> bool:
        """Whether its terminal was given back, because it has missed something or it is the end."""
        if not self.exit and (client.offset or 0) >= self._ring.begin:
            return False
        self._house.give_back(client)
        return True

    @staticmethod
    def _is_viewer(client: Client) -> bool:
        return client.offset is not None and not client.is_screen

    def _caught_up(self, client: Client) -> None:
        client.slow = False
        if client.repaint:
            client.repaint = False
            self._house.nudge()
