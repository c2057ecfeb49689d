"""What the HTTP side needs of the supervisor. ``app`` hands in an object that has these.

All of it is called on the event loop; what may block is a coroutine.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from supervisor.core.journal import Published
from supervisor.core.model import (
    Awake,
    AwakeMode,
    Device,
    Machine,
    Page,
    Power,
    Resume,
    Session,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything at one moment: what a screen needs that has nothing yet."""

    machine: Machine
    sessions: Sequence[Session]
    awake: Awake
    power: Power
    online: bool | None


class Stream(Protocol):
    """The journal, as the stream needs it."""

    @property
    def epoch(self) -> str:
        """Names this life of the journal; numbers of another epoch mean nothing here."""
        ...

    @property
    def seq(self) -> int:
        """The newest number given."""
        ...

    def after(self, seq: int) -> Sequence[Published] | None:
        """What came after *seq*, or ``None`` when that is too long ago or was never given."""
        ...

    def listen(self, hear: Callable[[Published], None]) -> Callable[[], None]:
        """Call *hear* for each new event, at once and in order; the answer ends that."""
        ...


class Backend(Protocol):
    """The supervisor, as the routes see it."""

    @property
    def stream(self) -> Stream:
        """The journal."""
        ...

    def picture(self) -> Picture:
        """All of it, now."""
        ...

    async def past_sessions(self, before: float | None, limit: int) -> Sequence[Session]:
        """Sessions that nobody serves now, newest activity first, older than *before*."""
        ...

    async def session(self, session_id: str) -> Session:
        """One session by id, live or stored. Raises ``NoSuchSession``."""
        ...

    async def entries(self, session_id: str, before: int | None, limit: int) -> Page:
        """A page of its transcript. Raises ``NoSuchSession``."""
        ...

    async def resume(self, session_id: str) -> Resume | None:
        """The agent's own command to bring it back, ``None`` if there is none."""
        ...

    async def set_awake(self, mode: AwakeMode, seconds: float | None) -> Awake:
        """Change the keep-awake mode, for *seconds* or until changed again."""
        ...

    async def devices(self) -> Sequence[Device]:
        """All paired devices."""
        ...

    async def add_device(self, device: Device) -> None:
        """Remember a device; on disk when this returns."""
        ...

    async def remove_device(self, device_id: str) -> bool:
        """Forget a device; on disk when this returns. False: there was none."""
        ...

    async def seen_device(self, device_id: str, address: str) -> None:
        """Note that a device was here (best effort)."""
        ...

    async def note(self, name: str) -> str | None:
        """A small fact that survived, by its name."""
        ...

    async def keep_note(self, name: str, value: str | None) -> None:
        """Keep a small fact, or with ``None`` forget it; on disk when this returns."""
        ...

    async def audit(self, what: str, details: Mapping[str, str]) -> None:
        """Append one line to the audit log."""
        ...

    async def remembered(self, caller: str, key: str) -> tuple[str, int, bytes] | None:
        """What was answered to this idempotency key: body hash, status, answer."""
        ...

    async def remember(self, caller: str, key: str, body_hash: str, status: int, answer: bytes) -> None:
        """Keep an answer for a repeat; on disk when this returns."""
        ...

    async def shut_down(self) -> None:
        """Stop the supervisor soon; hosted sessions live on."""
        ...
