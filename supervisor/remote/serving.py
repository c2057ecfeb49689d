"""Keeps serving phones in the networks that the owner chose: after a restart, and wherever we move."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from supervisor.core import networks
from supervisor.core.errors import Refused, WakelineError
from supervisor.core.networks import Network, Served
from supervisor.remote import address
from supervisor.remote.address import Candidate
from supervisor.remote.backend import Backend
from supervisor.remote.vouched import Keeper, Vouched

#: The note that says where phones are served.
_NOTE = "phones"

_log = logging.getLogger(__name__)


class Lan(Protocol):
    """The listener on the local network, as it is needed here."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens; empty while it is closed."""
        ...

    @property
    def port(self) -> int:
        """The one port it uses."""
        ...

    @property
    def name(self) -> str:
        """Our random name on the local network."""
        ...

    @property
    def is_announced(self) -> bool:
        """Whether that name can be found."""
        ...

    @property
    def keeper(self) -> Keeper | None:
        """Keeps the certificate that others vouch for."""
        ...

    @property
    def vouched(self) -> Vouched | None:
        """That certificate, if it is good now."""
        ...

    @property
    def knocks(self) -> int:
        """How many have come from other machines."""
        ...

    @property
    def certificate_sha256(self) -> bytes:
        """Of the certificate it shows."""
        ...

    @property
    def root_sha256(self) -> bytes:
        """Of the authority behind that."""
        ...

    async def open(self, addresses: Sequence[str], usual_port: int = 0) -> None:
        """Listen on exactly these. Raises ``WakelineError``."""
        ...

    async def vouch(self) -> Vouched | None:
        """Bring the certificate that others vouch for. Raises ``Refused``."""
        ...

    async def close(self) -> None:
        """Stop listening."""
        ...


class Serving:
    """Owns where phones are served. Its methods must not run beside each other: see ``Phone``."""

    def __init__(
        self,
        backend: Backend,
        lan: Lan,
        around: Callable[[], Sequence[Network]],
        candidates: Callable[[], Sequence[Candidate]],
    ) -> None:
        """*around*: the networks that we are in; *candidates*: the best first. Both block."""
        self._backend = backend
        self._lan = lan
        self._around = around
        self._candidates = candidates
        self._served: tuple[Served, ...] = ()
        self._port = 0
        #: Why no phone can come although one may, in a sentence.
        self.trouble: str | None = None

    async def look(self) -> Sequence[Network]:
        """The networks that we are in, those of which a phone is most likely in first."""
        present = await asyncio.to_thread(self._around)
        best = [one.address for one in await asyncio.to_thread(self._candidates)]
        return sorted(present, key=lambda one: best.index(one.address) if one.address in best else len(best))

    async def listen(self, chosen: str) -> None:
        """At this address, too. Raises ``WakelineError``: nobody could come."""
        was_open = bool(self._lan.addresses)
        await self._lan.open([chosen, *(known for known in self._lan.addresses if known != chosen)])
        if await address.reachable(chosen, self._lan.port):
            return
        if not was_open:
            await self._lan.close()
        raise Refused(f"Nothing can connect to {chosen}.", "Choose another address with --address.")

    async def place(self, chosen: str) -> Served:
        """This address, and the network that it is in."""
        present = await self.look()
        return Served(chosen, next((network.key for network in present if network.address == chosen), ""))

    def is_still(self, place: Served, present: Sequence[Network]) -> bool:
        """Whether it is reached as before."""
        now = networks.standing([place], present, self._lan.addresses)[place]
        return now is not None and now.address == place.address

    async def keep(self) -> None:
        """From now on phones are served where we listen now, and in the networks from before."""
        present = await self.look()
        here = {n.key: Served(n.address, n.key) for n in present if n.address in self._lan.addresses}
        before = {one.network: one for one in self._served}
        self._port, self.trouble = self._lan.port, None
        await self._write(tuple((before | here).values()))

    async def forget(self) -> None:
        """Nowhere any more, not even after a restart."""
        self.trouble = None
        await self._lan.close()
        self._served = ()
        await self._backend.keep_note(_NOTE, None)

    async def recall(self) -> None:
        """Where phones were served before this start; a damaged note is none."""
        try:
            found = json.loads(await self._backend.note(_NOTE) or "{}")
            port, served = found["port"], [networks.read(one) for one in found["networks"]]
        except (ValueError, KeyError, TypeError):
            return
        if isinstance(port, int) and 0 < port < 1 << 16 and await self._backend.devices():
            self._port, self._served = port, tuple(one for one in served if one)

    async def follow(self, present: Sequence[Network], *, beside: str | None = None) -> bool:
        """Listen where phones are served now, and at *beside*; False: it may be better soon."""
        served = self._served if await self._backend.devices() else ()
        standing = networks.standing(served, present, self._lan.addresses)
        wanted = [one.address for one in standing.values() if one]
        try:
            await self._move(list(dict.fromkeys([*wanted, *([beside] if beside else [])])))
        except WakelineError as trouble:
            self._tell(trouble.title)
            return False
        moved = tuple(now or was for was, now in standing.items())
        if served and moved != served:
            await self._write(moved)
        self._tell(None if wanted else networks.strange(served, present))
        return bool(wanted) or not networks.is_unsure(served, present)

    async def _move(self, wanted: Sequence[str]) -> None:
        if not wanted:
            if self._lan.addresses:
                await self._lan.close()
        elif set(wanted) != set(self._lan.addresses):
            await self._lan.open(wanted, self._port)

    async def _write(self, served: tuple[Served, ...]) -> None:
        self._served = served
        told = {"port": self._port, "networks": [one.shown() for one in served]}
        await self._backend.keep_note(_NOTE, json.dumps(told))

    def _tell(self, trouble: str | None) -> None:
        if trouble and trouble != self.trouble:
            _log.warning("%s", trouble)
        self.trouble = trouble
