"""A whole server in a thread of its own, so that a test may talk to it through plain blocking sockets."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from supervisor.core.networks import Barrier, Network
from supervisor.remote.address import Candidate
from supervisor.remote.server import PAGE, Server
from supervisor.remote.vouched import Source
from tests.fakes.backend import MemoryBackend
from tests.fakes.phone import Phone

T = TypeVar("T")

LOOPBACK = "127.0.0.1"
_LOOPBACKS = (LOOPBACK, "127.0.0.2", "127.0.0.3")
_HERE = Candidate(address=LOOPBACK, interface="lo", score=1, note="this machine only")


class House:
    """A supervisor in memory behind the real HTTP side: real socket, real TLS, on loopback only."""

    def __init__(
        self, folder: Path, *, port: int = 0, page: Path = PAGE, vouched: Source | None = None
    ) -> None:
        self.backend = MemoryBackend()
        self.socket = folder / "run" / "api.sock"
        self.tls_folder = folder / "tls"
        self._port = port
        #: Where this machine seems to be.
        self.networks: list[Network] = [
            Network(address=one, interface="lo", prefix="127.0.0.0/8") for one in _LOOPBACKS
        ]
        self._page = page
        self._vouched = vouched
        #: The firewalls of this machine, as they seem to be.
        self.barriers: list[Barrier] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="house")
        self.server: Server

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.run(self.server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 60) -> T:
        """Do this on the server's loop and wait for it."""
        return self.start(work).result(seconds)

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin this on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, work: Callable[[], T]) -> T:
        """Call this on the server's loop and wait for the answer."""

        async def _call() -> T:
            return work()

        return self.run(_call())

    def open_lan(self) -> None:
        """Listen with TLS on loopback."""
        self.run(self.server.lan.open([LOOPBACK]))

    @property
    def host(self) -> str:
        """What the LAN listener is called."""
        return f"{LOOPBACK}:{self.server.lan.port}"

    def dialog(self, scope: str = "view") -> dict[str, Any]:
        """Open a pairing dialog on loopback."""
        from supervisor.core.model import Scope

        return self.run(self.server.phone.open(LOOPBACK, Scope(scope)))

    def pair(self, scope: str = "view", label: str = "Test phone") -> Phone:
        """Pair a phone as a person would, and give it back with a token."""
        phone = Phone(self.dialog(scope)["url"], label=label)
        phone.hello()
        phone.reveal()
        self.run(self.server.phone.choose(phone.number))
        phone.result()
        phone.log_in()
        return phone

    async def _open(self) -> None:
        self.server = Server(
            self.backend,
            socket=self.socket,
            tls_folder=self.tls_folder,
            port=self._port,
            page=self._page,
            announced=False,
            candidates=lambda: [_HERE],
            around=lambda: self.networks,
            barriers=lambda _: self.barriers,
            vouched=self._vouched,
        )
        await self.server.open()
