"""The stream of events: exactly what was missed, or a gap that says so. Never a hole, never a repeat.

An event is encoded and framed once, then the same bytes go to every reader. A reader that does
not keep up is held back here, gets only the newest of what replaces itself, and is let go at 4 MiB.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Protocol

from supervisor.core.journal import Published
from supervisor.remote import wire
from supervisor.remote.backend import Backend, Picture
from supervisor.remote.exchange import Caller, Follow

HEARTBEAT_SECONDS = 15
STREAMS_PER_DEVICE = 4
#: Unsent bytes for one reader: above the first it is held back, above the second it is let go.
CLOGGED = 256 * 1024
TOO_SLOW = 4 * 2**20
#: More than this was missed: a fresh picture is the shorter answer.
_CATCH_UP_BYTES = 2 * 2**20
_FRAMES_BYTES = 2 * 2**20

#: Of these a newer one makes an older one of the same session worthless.
_REPLACES_ITSELF = frozenset({"session", "awake", "machine"})


class Pipe(Protocol):
    """The connection of one reader."""

    def send(self, data: bytes) -> None:
        """Hand over bytes; never waits."""
        ...

    def unsent(self) -> int:
        """Bytes handed over that the reader has not taken."""
        ...

    def abort(self) -> None:
        """Cut the connection now, whatever is unsent."""
        ...


class _Reader:
    """Owns what one reader still has to get."""

    def __init__(self, pipe: Pipe, session_id: str | None, device_id: str | None) -> None:
        self.pipe = pipe
        self.session_id = session_id
        self.device_id = device_id
        self.over = asyncio.Event()
        self._held: OrderedDict[Hashable, bytes] = OrderedDict()
        self._held_bytes = 0

    def wants(self, session_id: str | None) -> bool:
        """Whether an event of this session is for this reader."""
        return session_id is None or self.session_id in (None, session_id)

    def give(self, key: Hashable, frame: bytes) -> None:
        """Send it, or hold it until the reader has room."""
        unsent = self.pipe.unsent()
        if not self._held and unsent < CLOGGED:
            self.pipe.send(frame)
            return
        self._held_bytes += len(frame) - len(self._held.pop(key, b""))
        if self._held_bytes + unsent > TOO_SLOW:
            self._held.clear()
            self._held_bytes = 0
            self.pipe.abort()
            self.over.set()
            return
        self._held[key] = frame

    def beat(self, frame: bytes) -> None:
        """A sign of life, for a reader who takes what it is given."""
        if not self._held:
            self.pipe.send(frame)

    def has_room(self) -> None:
        """Go on with what was held."""
        while self._held and self.pipe.unsent() < CLOGGED:
            _, frame = self._held.popitem(last=False)
            self._held_bytes -= len(frame)
            self.pipe.send(frame)


class Streams:
    """Owns the readers of the stream. Nothing ticks while there are none."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._readers: dict[Pipe, _Reader] = {}
        self._frames: OrderedDict[int, bytes] = OrderedDict()
        self._frames_bytes = 0
        self._deaf: Callable[[], None] | None = None
        self._beat: asyncio.TimerHandle | None = None

    async def serve(self, pipe: Pipe, follow: Follow, caller: Caller) -> None:
        """Keep a reader up to date until it or we have had enough."""
        reader = _Reader(pipe, follow.session_id, caller.device_id)
        self._make_room(caller.device_id)
        self._readers[pipe] = reader
        self._wake()
        try:
            self._begin(reader, follow.after)
            await reader.over.wait()
        finally:
            self._leave(pipe)

    def has_room(self, pipe: Pipe) -> None:
        """The connection can take more."""
        if reader := self._readers.get(pipe):
            reader.has_room()

    def lost(self, pipe: Pipe) -> None:
        """The connection is gone."""
        if reader := self._readers.get(pipe):
            reader.over.set()

    def close_device(self, device_id: str) -> None:
        """End every stream of this device now: nothing that follows is for it."""
        for reader in [one for one in self._readers.values() if one.device_id == device_id]:
            reader.pipe.abort()
            reader.over.set()

    def close(self) -> None:
        """End every stream; what was sent arrives."""
        for reader in self._readers.values():
            reader.over.set()

    def _make_room(self, device_id: str | None) -> None:
        """A phone that lost its way back leaves old streams behind: the oldest makes room."""
        if device_id is None:
            return
        own = [one for one in self._readers.values() if one.device_id == device_id and not one.over.is_set()]
        for reader in own[: max(0, len(own) + 1 - STREAMS_PER_DEVICE)]:
            reader.over.set()

    def _begin(self, reader: _Reader, after: str | None) -> None:
        stream = self._backend.stream
        epoch, seq = _position(after)
        if epoch is None:
            self._picture(reader, "hello", epoch=stream.epoch, seq=stream.seq)
            return
        missed = stream.after(seq) if epoch == stream.epoch else None
        if missed is None:
            self._picture(reader, "gap", reason="what was missed is no longer known", session_id=None)
            return
        frames = [(one.seq, self._frame(one)) for one in missed if reader.wants(one.session_id)]
        if sum(len(frame) for _, frame in frames) > _CATCH_UP_BYTES:
            self._picture(reader, "gap", reason="too much was missed", session_id=None)
            return
        for number, frame in frames:
            reader.give(number, frame)

    def _picture(self, reader: _Reader, topic: str, **more: object) -> None:
        seen = self._backend.picture()
        document = {**more, "heartbeat_seconds": HEARTBEAT_SECONDS, **wire.picture(_part(seen, reader))}
        reader.give(topic, self._framed(self._backend.stream.seq, topic, document))

    def _hear(self, published: Published) -> None:
        frame: bytes | None = None
        for reader in self._readers.values():
            if reader.wants(published.session_id):
                frame = frame or self._frame(published)
                reader.give(_key(published), frame)

    def _frame(self, published: Published) -> bytes:
        if frame := self._frames.get(published.seq):
            return frame
        document = wire.published(
            published.topic, published.session_id, published.data, self._backend.picture
        )
        frame = self._framed(published.seq, published.topic, document)
        self._frames[published.seq] = frame
        self._frames_bytes += len(frame)
        while self._frames_bytes > _FRAMES_BYTES:
            self._frames_bytes -= len(self._frames.popitem(last=False)[1])
        return frame

    def _framed(self, seq: int, topic: str, document: object) -> bytes:
        name = f"{self._backend.stream.epoch}-{seq}".encode()
        return chunk(
            b"id: %b\nevent: %b\ndata: %b\n\n" % (name, topic.encode("ascii"), wire.encode(document))
        )

    def _wake(self) -> None:
        if self._deaf is None:
            self._deaf = self._backend.stream.listen(self._hear)
        if self._beat is None:
            self._beat = asyncio.get_running_loop().call_later(HEARTBEAT_SECONDS, self._heartbeat)

    def _heartbeat(self) -> None:
        self._beat = None
        if self._readers:
            self._wake()
        for reader in tuple(self._readers.values()):
            reader.beat(BEAT)

    def _leave(self, pipe: Pipe) -> None:
        self._readers.pop(pipe, None)
        if self._readers:
            return
        if self._beat:
            self._beat.cancel()
        if self._deaf:
            self._deaf()
        self._beat = self._deaf = None
        self._frames.clear()
        self._frames_bytes = 0


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


BEAT = chunk(b": beat\n\n")


def _key(published: Published) -> Hashable:
    if published.topic in _REPLACES_ITSELF:
        return published.topic, published.session_id
    return published.seq


def _position(after: str | None) -> tuple[str | None, int]:
    """``EPOCH-SEQ`` as its two parts; the epoch is ``None`` when that is no position at all."""
    epoch, _, number = (after or "").rpartition("-")
    if not epoch or not (number.isascii() and number.isdigit()) or len(number) > 18:
        return None, 0
    return epoch, int(number)


def _part(seen: Picture, reader: _Reader) -> Picture:
    if reader.session_id is None:
        return seen
    only = [one for one in seen.sessions if one.id == reader.session_id]
    return Picture(
        machine=seen.machine, sessions=only, awake=seen.awake, power=seen.power, online=seen.online
    )
