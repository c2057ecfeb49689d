"""The listener on the local network: off until asked for, TLS only, on chosen addresses only."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path

from supervisor.core.errors import Failed, Refused, WakelineError
from supervisor.remote import address, files, tls
from supervisor.remote.access import Rate
from supervisor.remote.announce import Announcement
from supervisor.remote.clock import elapsed
from supervisor.remote.crowd import Crowd
from supervisor.remote.entrance import Entrance, Peer, listen_on
from supervisor.remote.exchange import Listener, Refusal
from supervisor.remote.lane import Hall
from supervisor.remote.profile import profile
from supervisor.remote.vouched import Keeper, Source, Vouched
from supervisor.remote.words import WORDS

#: New connections from one address: each costs us the arithmetic of TLS.
ARRIVALS_PER_MINUTE = 240
CA_PATH = "/wakeline-ca.crt"
PROFILE_PATH = "/wakeline-ca.mobileconfig"
WORDS_PATH = "/fingerprint-words.txt"
#: How often a certificate that is soon to expire would be noticed.
_LOOK_SECONDS = 86400.0

_log = logging.getLogger(__name__)


class Lan:
    """Owns the sockets on the local network, the certificate shown there, and the page's files.

    *port* 0 takes a free one at the first opening and keeps it.
    """

    def __init__(
        self,
        *,
        tls_folder: Path,
        page: Path,
        port: int,
        announced: bool,
        clock: Callable[[], float],
        vouched: Source | None = None,
    ) -> None:
        """*vouched*: who brings a certificate that others vouch for."""
        self._tls_folder = tls_folder
        self._page = page
        self._port = port
        self._clock = clock
        self._announcement = Announcement() if announced else None
        self._hall: Hall | None = None
        self._crowd = Crowd()
        self._entrances: dict[str, Entrance] = {}
        self._identity: tls.Identity | None = None
        self._context: ssl.SSLContext | None = None
        self._keeper = Keeper(vouched, clock) if vouched else None
        self._files: Mapping[str, files.File] = {}
        self._listener = Listener(local=False, hosts=frozenset())
        self._turn = asyncio.Lock()
        self._renewal: asyncio.TimerHandle | None = None
        self._chores: set[asyncio.Task[None]] = set()
        self._arrivals = Rate(ARRIVALS_PER_MINUTE, elapsed)
        #: How many have knocked from other machines, whatever became of them.
        self.knocks = 0
        #: Why the name is not to be found on the network, in one sentence; ``None``: it is, or may be.
        self.announcement_problem: str | None = None

    def joins(self, hall: Hall) -> None:
        """What all connections share; before the first ``open``."""
        self._hall = hall

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens; empty while it is closed."""
        return tuple(self._entrances)

    @property
    def port(self) -> int:
        """The one port on all of them."""
        return self._port

    @property
    def name(self) -> str:
        """Our random name on the local network."""
        return self._require().name

    @property
    def is_announced(self) -> bool:
        """Whether phones can find out where that is."""
        return self._announcement is not None and self.announcement_problem is None

    @property
    def keeper(self) -> Keeper | None:
        """The certificate that others vouch for; ``None``: the settings want none."""
        return self._keeper

    @property
    def vouched(self) -> Vouched | None:
        """That certificate, if it is good at this moment."""
        return self._keeper.current() if self._keeper else None

    @property
    def certificate_sha256(self) -> bytes:
        """Of the certificate shown."""
        return self._require().certificate_sha256

    @property
    def root_sha256(self) -> bytes:
        """Of the authority that a phone may install."""
        return self._require().root_sha256

    def page(self) -> Mapping[str, files.File]:
        """The files of the page, by path."""
        return self._files

    async def open(self, addresses: Sequence[str], usual_port: int = 0) -> None:
        """Listen on exactly these, and on nothing else any more. Raises ``WakelineError``.

        *usual_port*: the one to take where the settings leave the choice free.
        """
        wanted = list(dict.fromkeys(address.exact(one) for one in addresses))
        async with self._turn:
            self._port = self._port or usual_port
            await self._prepare(wanted)
            await self._rebind(wanted)
            self._describe()
        if self._keeper:
            self._begin(self._bring())
        if self._announcement:
            # Takes seconds, and nobody has to wait for it: the QR code has the address.
            self._begin(self._announce(self._announcement, wanted))

    async def close(self) -> None:
        """Stop listening, and send everybody away."""
        async with self._turn:
            if self._renewal:
                self._renewal.cancel()
            for chosen in tuple(self._entrances):
                await self._entrances.pop(chosen).close()
            self._listener = Listener(local=False, hosts=frozenset())
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        if self._announcement:
            await self._announcement.end()

    async def vouch(self) -> Vouched | None:
        """Bring the certificate that others vouch for, if the settings want one. Raises ``Refused``."""
        if self._keeper is None:
            return None
        found = await self._keeper.prepare()
        self._describe()
        return found

    async def _bring(self) -> None:
        try:
            await self.vouch()
        except Refused as trouble:
            _log.warning("%s %s", trouble.title, trouble.hint)

    async def _prepare(self, wanted: Sequence[str]) -> None:
        """The certificate for these addresses, and the page as it is on disk now."""
        at = self._clock()
        self._identity = await asyncio.to_thread(tls.prepare, self._tls_folder, wanted, at)
        self._context = tls.context(self._identity)
        # SSLContext knows the callback's types by itself; see ``_by_name``.
        self._context.sni_callback = self._by_name
        found = await asyncio.to_thread(files.table, self._page)
        self._files = {**found, **_authority(self._identity)}
        if self._renewal:
            self._renewal.cancel()
        self._renewal = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self.look)

    async def _rebind(self, wanted: Sequence[str]) -> None:
        fresh = [chosen for chosen in wanted if chosen not in self._entrances]
        opened: dict[str, socket.socket] = {}
        try:
            for chosen in fresh:
                opened[chosen] = listen_on(chosen, self._port)
                self._port = opened[chosen].getsockname()[1]
        except Failed:
            for listening in opened.values():
                listening.close()
            raise
        for chosen in [known for known in self._entrances if known not in wanted]:
            await self._entrances.pop(chosen).close()
        for chosen, listening in opened.items():
            self._entrances[chosen] = self._entrance(listening)

    def _entrance(self, listening: socket.socket) -> Entrance:
        if self._hall is None:
            raise Failed("The listener was opened before the server was.")
        return Entrance(
            listening, self._hall, self._crowd, lambda: self._listener, self._peer, self._require_context
        )

    def _by_name(self, asked: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        """Whoever comes by the name that others vouch for is shown their certificate, or nothing."""
        if self._keeper is None or name is None or name.lower() != self._keeper.name:
            return None
        if (vouched := self._keeper.current()) is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        asked.context = vouched.context
        return None

    def _describe(self) -> None:
        if not self._entrances:
            return
        names = [f"[{one}]" if ":" in one else one for one in self._entrances]
        names += [self._require().name, *([self._keeper.name] if self._keeper and self._keeper.name else [])]
        self._listener = Listener(local=False, hosts=frozenset(f"{name}:{self._port}" for name in names))

    async def _announce(self, announcement: Announcement, wanted: Sequence[str]) -> None:
        self.announcement_problem = await announcement.begin(self._require().name, wanted, self._port)
        if self.announcement_problem:
            _log.warning("%s", self.announcement_problem)

    def look(self) -> None:
        """Once a day, and after sleep: a certificate that is due is made anew while we listen."""
        if self._renewal:
            self._renewal.cancel()
        if not self._entrances:
            return
        self._renewal = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self.look)
        if self._identity and self._clock() > self._identity.renew_at:
            self._begin(self._renew())
        elif self._keeper and (not self.vouched or self._clock() > self._keeper.renew_at):
            self._begin(self._bring())

    async def _renew(self) -> None:
        try:
            await self.open(self.addresses)
        except (WakelineError, OSError) as trouble:
            _log.warning("The certificate could not be renewed: %s", trouble)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        chore = asyncio.get_running_loop().create_task(work)
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)

    def _peer(self, _connection: socket.socket, told: object) -> Peer | None:
        """A stranger from the network, until it proves otherwise; ``None`` if it comes too often."""
        if not isinstance(told, tuple) or not told:
            return None
        come_from = str(told[0]).partition("%")[0]
        self.knocks += come_from not in self._entrances
        try:
            self._arrivals.take(come_from)
        except Refusal:
            return None
        return Peer(come_from)

    def _require(self) -> tls.Identity:
        if self._identity is None:
            raise Failed("The listener has no certificate yet.")
        return self._identity

    def _require_context(self) -> ssl.SSLContext:
        if self._context is None:
            raise Failed("The listener has no certificate yet.")
        return self._context


def _authority(identity: tls.Identity) -> Mapping[str, files.File]:
    """What a phone needs to trust our authority, and to know that it is ours."""
    return {
        CA_PATH: files.made(identity.root, files.CA_TYPE, kept_as=CA_PATH[1:]),
        PROFILE_PATH: files.made(profile(identity), files.PROFILE_TYPE),
        WORDS_PATH: files.made(" ".join(WORDS).encode(), files.TEXT_TYPE),
    }
