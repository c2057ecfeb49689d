"""The computer that a phone is paired with: the real HTTP side over a supervisor made of memory.

Runs in a thread with a loop of its own, on loopback, over TLS. Everything a test does to it
happens on that loop, so that a browser can be driven at the same time.
"""

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from supervisor.core.errors import NoSuchSession
from supervisor.core.journal import Journal
from supervisor.core.model import (
    Awake,
    AwakeMode,
    Device,
    Entry,
    Machine,
    Page,
    Power,
    Resume,
    Scope,
    Session,
)
from supervisor.remote.address import Candidate
from supervisor.remote.backend import Picture
from supervisor.remote.server import Server

LOOPBACK = "127.0.0.1"
T = TypeVar("T")


class Memory:
    """A supervisor that remembers only; what it is told it publishes. Lives on one loop."""

    def __init__(self, epoch: str) -> None:
        self.stream = Journal(epoch)
        self.machine = Machine(
            id="m1",
            hostname="devbox",
            os="Linux 6.8",
            wakeline_version="0.1.0",
            started_at=time.time() - 90_000,
            boot_id="b1",
            agents={"claude": "2.1.329", "codex": "0.169.0"},
        )
        self.awake = Awake()
        self.sessions: dict[str, Session] = {}
        self.past: list[Session] = []
        self.entries_of: dict[str, list[Entry]] = {}
        self.known_devices: dict[str, Device] = {}
        self._answers: dict[tuple[str, str], tuple[str, int, bytes]] = {}

    def picture(self) -> Picture:
        power = Power(percent=84.0, on_battery=True)
        sessions = list(self.sessions.values())
        return Picture(machine=self.machine, sessions=sessions, awake=self.awake, power=power, online=True)

    async def past_sessions(self, before: float | None, limit: int) -> Sequence[Session]:
        older = [one for one in self.past if before is None or (one.last_activity_at or 0) < before]
        return sorted(older, key=lambda one: one.last_activity_at or 0, reverse=True)[:limit]

    async def session(self, session_id: str) -> Session:
        known = {one.id: one for one in [*self.past, *self.sessions.values()]}
        if session_id not in known:
            raise NoSuchSession("No session has that id.")
        return known[session_id]

    async def entries(self, session_id: str, before: int | None, limit: int) -> Page:
        if session_id not in self.entries_of:
            raise NoSuchSession("No session has that id.")
        older = [one for one in self.entries_of[session_id] if before is None or one.seq < before]
        page = older[-limit:]
        return Page(entries=page, before=page[0].seq if len(older) > len(page) else None)

    async def resume(self, session_id: str) -> Resume | None:
        return (await self.session(session_id)).resume

    async def set_awake(self, mode: AwakeMode, seconds: float | None) -> Awake:
        until = time.time() + seconds if seconds else None
        self.awake = replace(self.awake, mode=mode, mode_until=until)
        self.stream.publish("awake", None, self.awake)
        return self.awake

    async def devices(self) -> Sequence[Device]:
        return list(self.known_devices.values())

    async def add_device(self, device: Device) -> None:
        self.known_devices[device.id] = device

    async def remove_device(self, device_id: str) -> bool:
        return self.known_devices.pop(device_id, None) is not None

    async def seen_device(self, device_id: str, address: str) -> None:
        pass

    async def audit(self, what: str, details: Mapping[str, str]) -> None:
        pass

    async def remembered(self, caller: str, key: str) -> tuple[str, int, bytes] | None:
        return self._answers.get((caller, key))

    async def remember(self, caller: str, key: str, body_hash: str, status: int, answer: bytes) -> None:
        self._answers[caller, key] = (body_hash, status, answer)

    async def shut_down(self) -> None:
        pass


class Desk:
    """The computer, as a test handles it. Owner of the loop's thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.memory = Memory("first")
        self._server: Server | None = None
        self._port = 0

    # --- its life

    def start(self) -> None:
        """Begin to listen, on the same port as before."""
        self.do(self._start())

    def stop(self) -> None:
        """Stop listening and send everybody away, as when Wakeline is ended."""
        if self._server:
            self.do(self._server.close())
            self._server = None

    def restart(self) -> None:
        """A new life of the supervisor: the same sessions, another epoch, all numbers anew."""
        self.stop()
        self.memory.stream = Journal("second")
        self.start()

    def end(self) -> None:
        """No thread and no socket is left."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        here = Candidate(address=LOOPBACK, interface="lo", score=1, note="")
        self._server = Server(
            self.memory,
            socket=self._folder / "api.sock",
            tls_folder=self._folder / "tls",
            port=self._port,
            announced=False,
            candidates=lambda: [here],
        )
        await self._server.lan.open([LOOPBACK])
        self._port = self._server.lan.port

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        """Run it on the desk's loop and wait."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    # --- pairing

    @property
    def origin(self) -> str:
        """Where the page is."""
        return f"https://{LOOPBACK}:{self._port}"

    @property
    def server(self) -> Server:
        """The HTTP side while it runs."""
        assert self._server is not None
        return self._server

    def offer(self, scope: Scope = Scope.VIEW) -> str:
        """Open the pairing dialog; the address in its QR code."""
        url: str = self.do(self.server.phone.open(LOOPBACK, scope))["url"]
        return url

    def dialog(self) -> dict[str, Any]:
        """What the dialog shows now."""
        return self.server.phone.shown()

    def choose(self, number: int) -> None:
        """The owner picks a number."""
        self.do(self.server.phone.choose(number))

    def revoke_all(self) -> None:
        """The owner removes every phone."""
        for device_id in list(self.memory.known_devices):
            self.do(self.memory.remove_device(device_id))
            self._loop.call_soon_threadsafe(self.server.forget, device_id)

    # --- what happens on it

    def put(self, *sessions: Session) -> None:
        """These sessions are so from now on."""

        async def publish() -> None:
            for session in sessions:
                self.memory.sessions[session.id] = session
                self.memory.entries_of.setdefault(session.id, [])
                self.memory.stream.publish("session", session.id, session)

        self.do(publish())

    def say(self, session_id: str, *entries: Entry) -> None:
        """These entries are written to the session's transcript."""

        async def publish() -> None:
            for entry in entries:
                self.memory.entries_of.setdefault(session_id, []).append(entry)
                self.memory.stream.publish("entry", session_id, entry)

        self.do(publish())

    def publish(self, topic: str, session_id: str | None, data: Any) -> None:
        """Publish anything else."""

        async def publish() -> None:
            self.memory.stream.publish(topic, session_id, data)

        self.do(publish())

    def cut(self) -> None:
        """Break every connection of every phone, without a word."""

        async def abort() -> None:
            for reader in tuple(self.server.streams._readers.values()):
                reader.pipe.abort()

        self.do(abort())


@contextmanager
def desk_in(folder: Path) -> Iterator[Desk]:
    """A desk that listens, and ends with its test."""
    desk = Desk(folder)
    try:
        desk.start()
        yield desk
    finally:
        desk.end()
