"""macOS: the kernel names the user and the process at the other end."""

import socket
import struct
import sys

assert sys.platform == "darwin"

from supervisor.remote.entrance import Peer
from supervisor.remote.local.posix import close, is_me, listen

# <sys/un.h>; Python does not name them.
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2
# struct xucred of <sys/ucred.h>: version, user, number of groups, sixteen groups.
_XUCRED = struct.Struct("=IIh2x16I")
_XUCRED_VERSION = 0

__all__ = ["close", "listen", "peer"]


def peer(connection: socket.socket, _address: object) -> Peer | None:
    """Who calls, ``None`` when it is not this user."""
    try:
        version, uid, *_ = _XUCRED.unpack(connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size))
        pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
    except (OSError, struct.error):
        return None
    return Peer("local", pid, proved=True) if version == _XUCRED_VERSION and is_me(uid) else None
