"""Linux: the kernel names the user and the process at the other end."""

import socket
import struct
import sys

assert sys.platform not in ("win32", "darwin")

from supervisor.remote.entrance import Peer
from supervisor.remote.local.posix import close, is_me, listen

_CREDENTIALS = struct.Struct("iII")

__all__ = ["close", "listen", "peer"]


def peer(connection: socket.socket, _address: object) -> Peer | None:
    """Who calls, ``None`` when it is not this user."""
    try:
        told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    except OSError:
        return None
    pid, uid, _ = _CREDENTIALS.unpack(told)
    return Peer("local", pid, proved=True) if is_me(uid) else None
