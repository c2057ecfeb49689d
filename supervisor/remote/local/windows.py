"""Windows: a port of this machine only, and a token in a file of this user's profile."""

import contextlib
import secrets
import socket
import sys
from hashlib import sha256
from pathlib import Path

assert sys.platform == "win32"

from supervisor.remote import private
from supervisor.remote.entrance import Peer, listen_on
from supervisor.remote.exchange import Listener
from supervisor.remote.local.door import Door

_LOOPBACK = "127.0.0.1"


def listen(path: Path) -> Door:
    """Bind a free port, and write it with the token to *path*. Raises ``WakelineError``."""
    private.folder(path.parent)
    listening = listen_on(_LOOPBACK, 0)
    port = listening.getsockname()[1]
    token = secrets.token_urlsafe(32)
    private.write(path, f"{_LOOPBACK}:{port} {token}\n".encode())
    hosts = frozenset({f"{_LOOPBACK}:{port}"})
    hashed = sha256(token.encode()).digest()
    return Door(listening=listening, listener=Listener(local=True, hosts=hosts, token_sha256=hashed))


def close(path: Path) -> None:
    """Remove the file with the token."""
    with contextlib.suppress(OSError):
        path.unlink()


def peer(_connection: socket.socket, _address: object) -> Peer | None:
    """Anybody on this machine; the token decides."""
    return Peer("local")
