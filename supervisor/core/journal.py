"""The numbered, bounded memory of what was published: late-comers continue without a hole.

A number is given once and never again. What is too long ago is said to be so, never skipped.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from supervisor.core.model import Entry, Session

#: What a published object costs beside its texts; measured on sessions and entries, rounded up.
_OBJECT_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One numbered event of the stream. *data* is one of the core's objects (see ``remote.wire``)."""

    seq: int
    topic: str
    session_id: str | None
    data: Any


def weight(data: object) -> int:
    """About how many bytes of memory an object of the core holds."""
    match data:
        case Entry():
            return _OBJECT_BYTES + 4 * len(data.text)
        case Session(last_entry=Entry() as entry):
            return _OBJECT_BYTES + weight(entry)
        case str():
            return _OBJECT_BYTES + 4 * len(data)
        case _:
            return _OBJECT_BYTES


class Journal:
    """Owns the numbers and the last *count* events, as long as they weigh at most *size* bytes.

    *epoch* names this life of the journal: numbers of another epoch mean nothing here.
    """

    def __init__(self, epoch: str, *, count: int = 8192, size: int = 16 * 2**20) -> None:
        self._epoch = epoch
        self._seq = 0
        self._count = count
        self._size = size
        self._held = 0
        self._kept: deque[Published] = deque()
        self._ears: dict[int, Callable[[Published], None]] = {}
        self._next_ear = 0
        self._unheard: deque[Published] = deque()
        self._speaking = False

    @property
    def epoch(self) -> str:
        """Names this life of the journal."""
        return self._epoch

    @property
    def seq(self) -> int:
        """The newest number given; 0 before the first."""
        return self._seq

    def publish(self, topic: str, session_id: str | None, data: Any) -> Published:
        """Number it, keep it, tell it to everybody who listens."""
        self._seq += 1
        published = Published(seq=self._seq, topic=topic, session_id=session_id, data=data)
        self._kept.append(published)
        self._held += weight(data)
        self._forget()
        self._unheard.append(published)
        self._speak()
        return published

    def after(self, seq: int) -> Sequence[Published] | None:
        """What came after *seq*, or ``None`` when that is too long ago or was never given."""
        if not self._seq - len(self._kept) <= seq <= self._seq:
            return None
        missing = self._seq - seq
        return [self._kept[place] for place in range(len(self._kept) - missing, len(self._kept))]

    def listen(self, hear: Callable[[Published], None]) -> Callable[[], None]:
        """Call *hear* for each new event, at once and in order; the answer ends that."""
        ear = self._next_ear
        self._next_ear += 1
        self._ears[ear] = hear
        return lambda: self._ears.pop(ear, None) and None

    def _forget(self) -> None:
        while len(self._kept) > self._count or self._held > self._size:
            self._held -= weight(self._kept.popleft().data)

    def _speak(self) -> None:
        # Whoever publishes from within an ear waits until all have heard what came before.
        if self._speaking:
            return
        self._speaking = True
        try:
            while self._unheard:
                self._tell(self._unheard.popleft())
        finally:
            self._speaking = False

    def _tell(self, published: Published) -> None:
        for ear in tuple(self._ears):
            if hear := self._ears.get(ear):
                hear(published)
