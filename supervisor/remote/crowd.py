"""Who is inside: every connection from the first byte of TLS on, counted and limited by us."""

from collections import Counter
from collections.abc import Callable

CONNECTIONS = 256
STRANGERS = 64
PER_ADDRESS = 16


class Guest:
    """One connection. *proved*: it has shown once that it belongs to a paired phone."""

    __slots__ = ("address", "leave", "pid", "proved")

    def __init__(self, address: str, pid: int | None, *, proved: bool) -> None:
        self.address = address
        self.pid = pid
        self.proved = proved
        #: Ends the connection at once; replaced as it gets through the stages of its life.
        self.leave: Callable[[], object] = lambda: None


class Crowd:
    """Owns the guests of one kind of listener, oldest first."""

    def __init__(self, *, per_address: int = PER_ADDRESS, strangers: int = STRANGERS) -> None:
        self._guests: dict[Guest, None] = {}
        self._per_address = per_address
        self._strangers = strangers

    def __len__(self) -> int:
        """How many are inside."""
        return len(self._guests)

    def enter(self, address: str, pid: int | None = None, *, proved: bool = False) -> Guest | None:
        """Let one in, or ``None``. Strangers push out strangers, never a paired phone."""
        if sum(guest.address == address for guest in self._guests) >= self._per_address:
            return None
        strangers = [guest for guest in self._guests if not guest.proved]
        if len(self._guests) >= CONNECTIONS or (not proved and len(strangers) >= self._strangers):
            if not strangers:
                return None
            self._push_out(strangers)
        guest = Guest(address, pid, proved=proved)
        self._guests[guest] = None
        return guest

    def left(self, guest: Guest) -> None:
        """It is gone."""
        self._guests.pop(guest, None)

    def _push_out(self, strangers: list[Guest]) -> None:
        """The oldest stranger of the address that has most of them."""
        greedy = Counter(guest.address for guest in strangers).most_common(1)[0][0]
        oldest = next(guest for guest in strangers if guest.address == greedy)
        self.left(oldest)
        oldest.leave()
