"""What is typed into a terminal, by whom, and in whose turn."""

import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from supervisor.terminal import wire
from supervisor.terminal.clients import Client, Clients
from supervisor.terminal.ready import Ready
from supervisor.terminal.turn import Turns
from supervisor.terminal.typist import Typist


class Keyboard:
    """Owns the turn and the input that waits. Whoever sits at a screen wins."""

    def __init__(self, ready: Ready, clients: Clients) -> None:
        """Nothing can be typed yet."""
        self._terminal = -1
        self._ready = ready
        self._clients = clients
        self._turns = Turns()
        self._typist = Typist(self._written)
        clients.press = self._press

    def open(self, terminal: int, write: Callable[[bytes], int]) -> None:
        """There is a program to type to. *terminal*: our side of it; *write*: see ``Pane.write``."""
        self._terminal, self._typist.write = terminal, write

    @property
    def turn(self) -> wire.Turn:
        """Whose it is."""
        return wire.Turn(self._turns.number, self._turns.remote, self._turns.draft)

    @property
    def idle(self) -> float:
        """Seconds since a person pressed a key; negative: nobody has."""
        pressed_at = self._turns.pressed_at
        return -1.0 if pressed_at is None else time.monotonic() - pressed_at

    def obey(self, client: Client, message: wire.Message) -> bool:
        """Whether that is about keys; then it is done, if there is a program to type to."""
        act = self._ACTS.get(type(message))
        if act and self._terminal >= 0:
            act(self, client, message)
        return act is not None

    def parted(self, client: Client) -> None:
        """A client has gone, and its turn with it."""
        if self._turns.give(client):
            self._tell()

    def close(self) -> None:
        """Nobody reads any more."""
        self._terminal = -1
        self._typist.clear()
        self._heed()

    def _press(self, client: Client, keys: bytes) -> None:
        """Most keys go on with a line, and change nothing else."""
        if self._terminal < 0:
            return
        if self._typist.waiting or not self._turns.goes_on(keys, time.monotonic()):
            self._pressed(client, wire.Input(b"", keys))
        elif (count := self._typist.type(keys)) < len(keys):
            self._type(client, b"", keys[count:])

    def _pressed(self, client: Client, message: wire.Input) -> None:
        """What waits from afar is not typed any more."""
        if message.id and self._typist.knows(client, message.id):
            return
        was_remote = self._turns.remote
        changed = self._turns.pressed(message.keys, time.monotonic())
        if was_remote:
            for other, dropped in self._typist.drop_remote():
                self._clients.tell(other, wire.Refused(dropped))
        if changed:
            self._tell()
        self._type(client, message.id, message.keys)

    def _reported(self, client: Client, message: wire.Report) -> None:
        self._type(client, b"", message.keys)

    def _typed_from_afar(self, client: Client, message: wire.Remote) -> None:
        if message.id and self._typist.knows(client, message.id):
            return
        if self._turns.is_now(message.turn):
            self._type(client, message.id, message.keys, remote=True)
        else:
            self._clients.tell(client, wire.Refused(message.id))

    def _type(self, client: Client, own_id: bytes, keys: bytes, *, remote: bool = False) -> None:
        self._typist.take(client, own_id, keys, remote=remote)
        if self._typist.waiting:
            self._clients.heed(client)
            self._ready.to_write[self._terminal] = self._go_on

    def _go_on(self) -> None:
        self._typist.go_on()
        self._heed()
        if not self._typist.waiting:
            self._ready.to_write.pop(self._terminal, None)

    def _heed(self) -> None:
        for client in self._clients:
            self._clients.heed(client)

    def _written(self, client: Client, own_id: bytes) -> None:
        self._clients.tell(client, wire.Written(own_id))

    def _take(self, client: Client, _message: wire.Take) -> None:
        self._turns.take(client)
        self._tell()

    def _give(self, client: Client, _message: wire.Give) -> None:
        self.parted(client)

    def _tell(self) -> None:
        self._clients.tell_all(self.turn)

    #: Each is given its own kind of message.
    _ACTS: ClassVar[Mapping[type[wire.Message], Callable[["Keyboard", Client, Any], None]]] = {
        wire.Input: _pressed,
        wire.Report: _reported,
        wire.Remote: _typed_from_afar,
        wire.Take: _take,
        wire.Give: _give,
    }
