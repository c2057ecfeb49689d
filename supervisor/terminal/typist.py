"""Types into a terminal: in order, never waiting, nothing twice."""

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

    def __init__(self, written: Callable[[Client, bytes], None]) -> None:
        """*written*: an input with an id is in the terminal."""
        #: Gives the terminal as much as it takes now; see ``Pane.write``.
        self.write: Callable[[bytes], int] = len
        self._written = written
        #: What is to be typed when the terminal takes more.
        self.waiting: deque[_Piece] = deque()
        #: The first of them is in the terminal in part.
        self._begun = False
        #: Recent ids of inputs; true when they are in the terminal.
        self._ids: dict[bytes, bool] = {}

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
        count = 0 if self.waiting else self.type(keys)
        if count == len(keys) and not self.waiting:
            self._confirm(client, own_id)
            return
        self._begun |= count > 0
        self.waiting.append(_Piece(own_id, keys[count:], client, remote))
        client.waiting += len(keys) - count

    def go_on(self) -> None:
        """Type what the terminal takes now."""
        while self.waiting:
            piece = self.waiting[0]
            count = self.type(piece.keys)
            piece.client.waiting -= count
            if count < len(piece.keys):
                self._begun |= count > 0
                self.waiting[0] = piece._replace(keys=piece.keys[count:])
                return
            self.waiting.popleft()
            self._begun = False
            self._confirm(piece.client, piece.id)

    def _confirm(self, client: Client, own_id: bytes) -> None:
        if own_id:
            self._ids[own_id] = True
            self._written(client, own_id)

    def type(self, keys: bytes) -> int:
        """Type as much of this as the terminal takes now, when nothing waits; how much that was."""
        try:
            return self.write(keys)
        except BlockingIOError:
            return 0

    def drop_remote(self) -> list[tuple[Client, bytes]]:
        """What waits from afar is not typed, but for a part of what has begun: whose it was, and its id."""
        dropped = [p for place, p in enumerate(self.waiting) if p.remote and not (self._begun and place == 0)]
        for piece in dropped:
            self.waiting.remove(piece)
            self._ids.pop(piece.id, None)
            piece.client.waiting -= len(piece.keys)
        return [(piece.client, piece.id) for piece in dropped]

    def clear(self) -> None:
        """Nobody reads any more."""
        for piece in self.waiting:
            piece.client.waiting = 0
        self.waiting.clear()
