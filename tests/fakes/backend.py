"""A supervisor in memory, as the HTTP side sees it: it keeps what it is told, and nothing more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from supervisor.core.errors import NoSuchSession
from supervisor.core.journal import Journal
from supervisor.core.model import (
    Awake,
    AwakeMode,
    Device,
    Entry,
    EntryKind,
    Machine,
    Page,
    Power,
    Reason,
    Resume,
    Role,
    Run,
    Session,
    State,
)
from supervisor.core.notice import Notice
from supervisor.remote.backend import Picture, Told
from tests.fakes.steer import MemorySteer

MACHINE = Machine(
    id="m-1",
    hostname="desk",
    os="Linux 6.1",
    wakeline_version="0.1.0",
    started_at=1_760_000_000.0,
    boot_id="boot-1",
    agents={"claude": "2.1.0", "codex": None},
)


@dataclass
class MemoryBackend:
    """Everything the routes may ask for, kept in dictionaries."""

    journal: Journal = field(default_factory=lambda: Journal("e1"))
    sessions: dict[str, Session] = field(default_factory=dict)
    past: list[Session] = field(default_factory=list)
    transcripts: dict[str, list[Entry]] = field(default_factory=dict)
    known_devices: dict[str, Device] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[str, int, bytes]] = field(default_factory=dict)
    audited: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    awake: Awake = field(default_factory=Awake)
    awake_changes: int = 0
    stopped: bool = False
    notices: list[Notice] = field(default_factory=list)
    steer: MemorySteer = field(default_factory=MemorySteer)

    @property
    def stream(self) -> Journal:
        """The journal."""
        return self.journal

    def picture(self) -> Picture:
        """All of it, now."""
        power = Power(percent=81.0, on_battery=False)
        return Picture(
            machine=MACHINE,
            sessions=tuple(self.sessions.values()),
            awake=self.awake,
            power=power,
            online=True,
        )

    def told(self) -> Told:
        """What was told."""
        return Told(notices=self.notices, on_desktop=True)

    async def past_sessions(self, before: float | None, limit: int) -> Sequence[Session]:
        """Stored sessions, newest first, older than *before*."""
        older = [one for one in self.past if before is None or (one.last_activity_at or 0) < before]
        return sorted(older, key=lambda one: -(one.last_activity_at or 0))[:limit]

    async def session(self, session_id: str) -> Session:
        """One session by id."""
        stored = {one.id: one for one in self.past}
        if known := self.sessions.get(session_id) or stored.get(session_id):
            return known
        raise NoSuchSession("No session has that id.", "See wakeline ls --all.")

    async def entries(self, session_id: str, before: int | None, limit: int) -> Page:
        """A page of its transcript."""
        await self.session(session_id)
        written = [one for one in self.transcripts.get(session_id, ()) if before is None or one.seq < before]
        page = written[-limit:]
        return Page(entries=page, before=page[0].seq if len(written) > len(page) else None)

    async def resume(self, session_id: str) -> Resume | None:
        """The command that the session knows."""
        return (await self.session(session_id)).resume

    async def set_awake(self, mode: AwakeMode, seconds: float | None) -> Awake:
        """Change the mode and say so on the stream."""
        self.awake_changes += 1
        until = None if seconds is None else MACHINE.started_at + seconds
        self.awake = replace(self.awake, mode=mode, mode_until=until, wanted=mode is AwakeMode.ON)
        self.journal.publish("awake", None, self.awake)
        return self.awake

    async def devices(self) -> Sequence[Device]:
        """All paired devices."""
        return tuple(self.known_devices.values())

    async def add_device(self, device: Device) -> None:
        """Remember a device."""
        self.known_devices[device.id] = device

    async def remove_device(self, device_id: str) -> bool:
        """Forget a device."""
        return self.known_devices.pop(device_id, None) is not None

    async def seen_device(self, device_id: str, address: str) -> None:
        """Note that a device was here."""
        if known := self.known_devices.get(device_id):
            seen = replace(known, last_seen_at=MACHINE.started_at, last_address=address)
            self.known_devices[device_id] = seen

    async def note(self, name: str) -> str | None:
        """A small fact."""
        return self.notes.get(name)

    async def keep_note(self, name: str, value: str | None) -> None:
        """Keep or forget it."""
        self.notes.pop(name, None)
        if value is not None:
            self.notes[name] = value

    async def ready_for_orders(self) -> None:
        """It always is, in memory."""

    async def audit(self, what: str, details: Mapping[str, str]) -> None:
        """Keep the line."""
        self.audited.append((what, dict(details)))

    async def remembered(self, caller: str, key: str) -> tuple[str, int, bytes] | None:
        """What was answered to this key."""
        return self.answers.get((caller, key))

    async def remember(self, caller: str, key: str, body_hash: str, status: int, answer: bytes) -> None:
        """Keep an answer."""
        self.answers[caller, key] = body_hash, status, answer

    async def shut_down(self) -> None:
        """Remember that it was asked for."""
        self.stopped = True

    def put(self, session: Session) -> None:
        """A session came or changed."""
        self.sessions[session.id] = session
        self.journal.publish("session", session.id, session)

    def write(self, session_id: str, entry: Entry) -> None:
        """An agent wrote something."""
        self.transcripts.setdefault(session_id, []).append(entry)
        self.journal.publish("entry", session_id, entry)


def entry(seq: int, text: str = "Hello.", *, role: Role = Role.ASSISTANT, at: float | None = None) -> Entry:
    """An entry to be written."""
    return Entry(seq=seq, id=f"entry-{seq}", at=at, role=role, kind=EntryKind.TEXT, text=text)


def session(
    name: str = "s-1", *, at: float = 1_760_000_100.0, state: State = State.WORKING, **more: Any
) -> Session:
    """A session of claude that works."""
    made = Session(
        id=name,
        agent="claude",
        state=state,
        since=at,
        title=f"Title of {name}",
        run=Run(4_000_000, at),
        cwd="/home/me/project",
        last_activity_at=at,
        keeps_awake=True,
        resume=Resume(argv=("claude", "--resume", name), cwd="/home/me/project"),
    )
    return replace(made, **more)


def kept_awake(at: float) -> Awake:
    """A machine that is held awake by one session."""
    reason = Reason(text="s-1 is working", since=at, session_id="s-1")
    return Awake(wanted=True, held=True, held_since=at, mechanism="systemd-inhibit", reasons=(reason,))
