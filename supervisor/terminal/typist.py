"""Types into a terminal: in order, never waiting, nothing twice."""

import sys

assert sys.platform != "win32"

import os
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from supervisor.terminal.clients import Client

#: So many ids of inputs are remembered.
_IDS: Final = 1024


class _Piece(NamedTuple):
    """What waits to be typed."""

    id: bytes
    keys: bytes
    client: Client
    remote: bool


class Typist:
    """Owns the input that waits, and the ids of what was typed."""

    def __init__(self, terminal: int, written: Callable[[Client, bytes], None]) -> None:
        """*written*: an input with an id is in the terminal."""
        self._terminal = terminal
        self._written = written
        self._waiting: deque[_Piece] = deque()
        #: The first of them is in the terminal in part.
        self._begun = False
        #: Recent ids of inputs; true when they are in the terminal.
        self._ids: dict[bytes, bool] = {}

    @property
    def waits(self) -> bool:
        """Whether there is more to type when the terminal takes it."""
        return bool(self._waiting)

    def knows(self, client: Client, own_id: bytes) -> bool:
        """Whether that input came before; it is confirmed again when it is typed already."""
        if self._ids.get(own_id):
            self._written(client, own_id)
        return own_id in self._ids

    def take(self, client: Client, own_id: bytes, keys: bytes, *, remote: bool = False) -> None:
        """Type this after all that waits. An *own_id* must be new; an empty one is."""
        if own_id:
            self._ids[own_id] = False
            while len(self._ids) > _IDS:
                del self._ids[next(iter(self._ids))]
        self._waiting.append(_Piece(own_id, keys, client, remote))
        client.waiting += len(keys)
        if len(self._waiting) == 1:
            self.go_on()

    def go_on(self) -> None:
        """Type what the terminal takes now."""
        while self._waiting:
            piece = self._waiting[0]
            count = self._type(piece.keys)
            piece.client.waiting -= count
            if count < len(piece.keys):
                self._begun |= count > 0
                self._waiting[0] = piece._replace(keys=piece.keys[count:])
                return
            self._waiting.popleft()
            self._begun = False
            if piece.id:
                self._ids[piece.id] = True
                self._written(piece.client, piece.id)

    def _type(self, keys: bytes) -> int:
        try:
            return os.write(self._terminal, keys)
        except BlockingIOError:
            return 0

    def drop_remote(self) -> list[tuple[Client, bytes]]:
        """What waits from afar is not typed, but for a part of what has begun: whose it was, and its id."""
        dropped = [
            p for place, p in enumerate(self._waiting) if p.remote and not (self._begun and place == 0)
        ]
        for piece in dropped:
            self._waiting.remove(piece)
            self._ids.pop(piece.id, None)
            piece.client.waiting -= len(piece.keys)
        return [(piece.client, piece.id) for piece in dropped]

    def clear(self) -> None:
        """Nobody reads any more."""
        for piece in self._waiting:
            piece.client.waiting = 0
        self._waiting.clear()
