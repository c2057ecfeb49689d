"""What a new holder is told to hold, and what it says to that."""

import contextlib
import errno
import socket
import time
from typing import Final

from supervisor.terminal import wire

#: Seconds in which a client says what is to be held.
_WITHIN: Final = 5.0
#: The size of a terminal that nobody looks at.
ROWS, COLUMNS = 24, 80
#: Names the terminal to all that runs in it; by this, what leaves its tree is found.
MARK: Final = b"WAKELINE_TERMINAL="


def heard(connection: socket.socket) -> wire.Start | None:
    """What is to be held, and not a byte more of what is said; ``None`` when it makes no sense."""
    connection.settimeout(_WITHIN)
    frames = wire.Frames()
    try:
        while chunk := connection.recv(frames.missing):
            for message in frames.feed(chunk):
                return message if isinstance(message, wire.Start) and message.argv else None
    except (TimeoutError, wire.Broken):
        pass
    return None


def hello(order: wire.Start, own_id: str, *, holder: int, child: int) -> wire.Hello:
    """How a holder introduces itself. *holder*, *child*: PIDs."""
    return wire.Hello(
        version=wire.VERSION,
        id=own_id.encode(),
        holder=holder,
        child=child,
        started_at=time.time(),
        name=order.name,
        cwd=order.cwd,
        end=0,
        argv=order.argv,
    )


def refuse(connection: socket.socket, trouble: OSError, what: bytes) -> bytes:
    """Tell what kept the command from starting; what was told."""
    named = trouble.filename if isinstance(trouble.filename, bytes) else what
    failure = wire.encode(wire.Failure(trouble.errno or errno.EIO, named))
    with contextlib.suppress(OSError):
        connection.sendall(failure)
    return failure
