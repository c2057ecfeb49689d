"""One listening socket: takes connections in as the crowd allows, and can be closed at any time."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from supervisor.core.errors import Failed
from supervisor.remote.crowd import Crowd, Guest
from supervisor.remote.exchange import Listener
from supervisor.remote.lane import Hall, Lane

TLS_SECONDS = 5.0
_TLS_GOODBYE_SECONDS = 2.0
_BACKLOG = 128
#: Out of descriptors or memory: wait a little instead of trying again at once.
_BREATHE_SECONDS = 1.0
_ALIVE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, before it has said anything."""

    address: str
    pid: int | None = None
    #: Proved to be this user by the system itself.
    proved: bool = False


class Entrance:
    """Owns one listening socket and everybody who came in through it."""

    def __init__(
        self,
        listening: socket.socket,
        hall: Hall,
        crowd: Crowd,
        listener: Callable[[], Listener],
        peer: Callable[[socket.socket, object], Peer | None],
        context: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        listening.setblocking(False)
        listening.listen(_BACKLOG)
        self._listening = listening
        self._hall = hall
        self._crowd = crowd
        self._listener = listener
        self._peer = peer
        self._context = context
        self._inside: set[Guest] = set()
        self._greeting: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    async def close(self) -> None:
        """Stop listening, and send everybody away who came in here."""
        self._accepting.cancel()
        for task in self._greeting:
            task.cancel()
        await asyncio.gather(self._accepting, *self._greeting, return_exceptions=True)
        self._listening.close()
        for guest in tuple(self._inside):
            guest.leave()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(self._listening)
            except OSError:
                await asyncio.sleep(_BREATHE_SECONDS)
                continue
            self._welcome(connection, address)

    def _welcome(self, connection: socket.socket, address: object) -> None:
        peer = self._peer(connection, address)
        guest = self._crowd.enter(peer.address, peer.pid, proved=peer.proved) if peer else None
        if guest is None:
            connection.close()
            return
        self._inside.add(guest)
        task = asyncio.get_running_loop().create_task(self._greet(connection, guest))
        guest.leave = task.cancel
        self._greeting.add(task)
        task.add_done_callback(self._greeting.discard)

    async def _greet(self, connection: socket.socket, guest: Guest) -> None:
        """TLS where there is TLS; then the connection has a life of its own."""
        connection.setblocking(False)
        _notice_silence(connection)
        context = self._context() if self._context else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: Lane(self._hall, guest, self._listener, self._left),
                connection,
                ssl=context,
                ssl_handshake_timeout=TLS_SECONDS if context else None,
                ssl_shutdown_timeout=_TLS_GOODBYE_SECONDS if context else None,
            )
        except (OSError, asyncio.CancelledError) as trouble:
            # The lane never began, or was told of its end before; leaving twice is leaving once.
            connection.close()
            self._left(guest)
            if isinstance(trouble, asyncio.CancelledError):
                raise

    def _left(self, guest: Guest) -> None:
        self._inside.discard(guest)
        self._crowd.left(guest)


def listen_on(address: str, port: int) -> socket.socket:
    """A bound TCP socket on exactly one address. Raises ``Failed`` when that cannot be had."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _reserve(listening)
        listening.bind((address, port))
    except OSError as trouble:
        listening.close()
        raise Failed(
            f"Port {port} on {address} cannot be opened: {trouble.strerror or trouble}.",
            "Another program may use it; choose another with phone.port in the settings.",
        ) from trouble
    return listening


def _reserve(listening: socket.socket) -> None:
    # On Windows "reuse" would let any program share our port; there the opposite has to be asked for.
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR if exclusive is None else exclusive, 1)


def _notice_silence(connection: socket.socket) -> None:
    """Let the system find out that a phone has gone without a word."""
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    wishes = {
        "TCP_KEEPIDLE": _ALIVE_SECONDS // 2,
        "TCP_KEEPINTVL": 5,
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": _ALIVE_SECONDS * 1000,
    }
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in wishes.items():
            if (option := getattr(socket, name, None)) is not None:
                connection.setsockopt(socket.IPPROTO_TCP, option, value)
