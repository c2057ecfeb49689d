"""What the HTTP side needs of the supervisor. ``app`` hands in an object that has these.

All of it is called on the event loop; what may block is a coroutine.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from supervisor.core.journal import Published
from supervisor.core.link import Policy
from supervisor.core.model import (
    Awake,
    AwakeMode,
    Device,
    Job,
    Machine,
    Page,
    Power,
    Resume,
    Session,
)
from supervisor.core.notice import Notice
from supervisor.core.steering import Decision, Focus, Prompt, Trashed


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything at one moment: what a screen needs that has nothing yet."""

    machine: Machine
    sessions: Sequence[Session]
    awake: Awake
    power: Power
    online: bool | None
    #: Why nothing can be kept at the moment, in a sentence.
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What people were told without having asked, newest first; *on_desktop*: shown there too."""

    notices: Sequence[Notice]
    on_desktop: bool


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who steers: ``steering.DESK`` or the id of a device, and its label for people."""

    name: str
    label: str


class Lost(Protocol):
    """A session that was lost, and what is left of it."""

    @property
    def session(self) -> Session: ...
    @property
    def folder_exists(self) -> bool: ...
    @property
    def branch_now(self) -> str | None: ...
    @property
    def transcript_exists(self) -> bool: ...


class Steer(Protocol):
    """Steering, as the routes see it.

    All of it raises ``NoSuchSession``, ``Refused`` where it is not possible now, or ``Failed``.
    """

    async def take_focus(self, session_id: str, who: Who) -> Focus:
        """This screen types from now on."""
        ...

    async def give_focus(self, session_id: str, who: Who) -> None:
        """This screen types no more."""
        ...

    async def prompt(self, session_id: str, text: str, when: str, who: Who, order: str | None) -> Prompt:
        """Take a prompt in; on disk when this returns. The same *order* again is the same prompt."""
        ...

    async def given(self, session_id: str, prompt_id: str) -> Prompt:
        """A prompt of the last day, and what has become of it."""
        ...

    async def cancel(self, session_id: str, prompt_id: str) -> None:
        """Take back a prompt that waits."""
        ...

    async def change(
        self, session_id: str, prompt_id: str, text: str | None, when: str | None, who: Who
    ) -> Prompt:
        """Another text, or another time, for a prompt that waits; on disk when this returns."""
        ...

    def all_prompts(self) -> Sequence[Prompt]:
        """All that still wait or are on their way, of all sessions; oldest first."""
        ...

    async def jobs(self, session_id: str) -> Sequence[Job]:
        """The background jobs of a session as they are now, and those that have ended."""
        ...

    async def job_output(self, session_id: str, pid: int, size: int) -> tuple[str, int, int]:
        """The end of what a job has written, from which byte on, and how many there are."""
        ...

    async def keys(self, session_id: str, keys: Sequence[str], who: Who) -> None:
        """Press these in its terminal; they are there when this returns."""
        ...

    async def interrupt(self, session_id: str) -> None:
        """End the turn."""
        ...

    async def pause(self, session_id: str) -> Mapping[str, Any]:
        """Stop its processes; says what escaped and what that means."""
        ...

    async def go_on(self, session_id: str) -> Mapping[str, Any]:
        """Let its processes go on."""
        ...

    async def stop(self, session_id: str, *, left_behind: bool) -> Mapping[str, Any]:
        """End it; says what ended and what was left."""
        ...

    async def resume(self, session_id: str) -> str:
        """Bring it back in a terminal of ours; the terminal's id."""
        ...

    async def take_over(self, session_id: str, *, confirmed: bool) -> str:
        """End it where it runs, bring it back in a terminal of ours; the terminal's id."""
        ...

    async def discard(self, session_id: str) -> Trashed:
        """Put what is stored of it into the trash."""
        ...

    async def trash(self) -> Sequence[Trashed]:
        """What is in the trash, newest first."""
        ...

    async def restore(self, trash_id: str) -> None:
        """Bring it back out of the trash."""
        ...

    async def reconnect(self, session_id: str, action: str | None, policy: Policy | None) -> None:
        """``now``, ``stop``, and what may be done for it without asking."""
        ...

    async def lost(self) -> Sequence[Lost]:
        """What was lost and is not back."""
        ...

    async def recover(self, wanted: Sequence[str] | None) -> Sequence[str]:
        """Begin to bring these back, or all; those that can be."""
        ...

    async def decide(self, approval_id: str, digest: str, decision: Decision, who: Who) -> None:
        """Answer a question; it has reached the agent, or surely will, when this returns."""
        ...

    async def screen(self, session_id: str) -> AsyncIterator[bytes]:
        """Its terminal, as frames of JSON: the newest whenever one is asked for."""
        ...

    async def fit(self, session_id: str, rows: int, columns: int) -> None:
        """Give its terminal this size."""
        ...

    async def scrollback(self, session_id: str, before: int, count: int) -> bytes:
        """Lines above the screen, as JSON."""
        ...

    def hook(self, agent: str, told: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """What an agent's hook is to print; ends empty when the question is over."""
        ...


class Backend(Protocol):
    """The supervisor, as the routes see it."""

    @property
    def stream(self) -> Stream:
        """The journal."""
        ...

    @property
    def steer(self) -> Steer:
        """What is done to sessions."""
        ...

    def picture(self) -> Picture:
        """All of it, now."""
        ...

    def told(self) -> Told:
        """What people were told."""
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

    async def ready_for_orders(self) -> None:
        """Wait until what is ordered can be done. Raises ``Failed`` where nothing more could be kept."""
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
