"""The HTTP side as one thing: the local socket at once, the local network when asked for."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from supervisor.core.networks import Network
from supervisor.remote import address, clock, local
from supervisor.remote.access import Rates, Tokens
from supervisor.remote.address import Candidate
from supervisor.remote.auth import Challenges
from supervisor.remote.backend import Backend
from supervisor.remote.carry import Carriers
from supervisor.remote.crowd import CONNECTIONS, Crowd
from supervisor.remote.door import Door
from supervisor.remote.entrance import Entrance
from supervisor.remote.lan import Lan
from supervisor.remote.lane import Hall
from supervisor.remote.phone import Phone
from supervisor.remote.route import Rooms
from supervisor.remote.stream import Streams

#: Stable, because a phone's key is bound to address and port.
PORT = 47820
#: After how long it is looked again at what may become better: a router that did not answer, a busy port.
_AGAIN_SECONDS = 5.0
PAGE = Path(__file__).parent / "page"


class Server:
    """Owns everything that listens. Make it on the event loop; ``open``, and ``close`` at the end.

    *socket*: the local socket; *tls_folder*: where keys and certificates are kept.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        socket: Path,
        tls_folder: Path,
        port: int = PORT,
        usual_address: str = "",
        page: Path = PAGE,
        announced: bool = True,
        candidates: Callable[[], Sequence[Candidate]] = address.ranked,
        around: Callable[[], Sequence[Network]] = tuple,
    ) -> None:
        """*around*: the networks that we are in; blocking, called in a thread."""
        self._socket = socket
        self._local: Entrance | None = None
        self._following: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self.lan = Lan(tls_folder=tls_folder, page=page, port=port, announced=announced, clock=time.time)
        self.streams = Streams(backend)
        self._carriers = Carriers()
        self.phone = Phone(backend, self.lan, clock.now, candidates, usual_address, around)
        self._tokens = Tokens(clock.elapsed)
        rooms = Rooms(
            backend=backend,
            tokens=self._tokens,
            challenges=Challenges(clock.elapsed),
            rates=Rates(clock.elapsed),
            phone=self.phone,
            streams=self.streams,
            carriers=self._carriers,
            clock=time.time,
        )
        self._hall = Hall(Door(rooms, self.lan.page), self.streams, self._carriers)
        self.lan.joins(self._hall)

    async def open(self) -> None:
        """Open the local socket, and soon the network where phones were served before.

        Raises ``WakelineError``: somebody answers at the socket, or it is not ours.
        """
        door = local.listen(self._socket)
        crowd = Crowd(per_address=CONNECTIONS, strangers=CONNECTIONS)
        self._local = Entrance(door.listening, self._hall, crowd, lambda: door.listener, local.peer)
        self._following = asyncio.create_task(self._follow(), name="follow the network")

    async def close(self) -> None:
        """End the streams, then everything; the socket file goes."""
        if self._following:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self.phone.cancel()
        self.streams.close()
        self._carriers.close()
        await self.lan.close()
        await self._hall.shutdown(1.0)
        if self._local:
            await self._local.close()
            local.close(self._socket)
            self._local = None

    async def come_back(self) -> None:
        """It is known again where phones were served: serve them there."""
        await self.phone.come_back()

    def network_changed(self) -> None:
        """Serve phones where they are allowed now, and nowhere else."""
        self._moved.set()

    async def _follow(self) -> None:
        is_settled = await self.phone.come_back()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if is_settled else _AGAIN_SECONDS):
                    await self._moved.wait()
            self._moved.clear()
            is_settled = await self.phone.follow()

    def forget(self, device_id: str) -> None:
        """A phone was revoked elsewhere: its tokens are void and its streams end now."""
        self._tokens.revoke(device_id)
        self.streams.close_device(device_id)
        self._carriers.close_device(device_id)
