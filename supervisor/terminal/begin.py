"""From a call to a running command: in a fresh fork of the nursery, which will be its holder.

The order is read and obeyed by the fork's own child, which becomes the command: what that takes of
memory goes with it.
"""

import sys

assert sys.platform != "win32"

import contextlib
import errno
import os
import socket
import time
from typing import Final, NoReturn

from supervisor.terminal import posix, wire
from supervisor.terminal.holder import Holder
from supervisor.terminal.pane import Pane, nearest

#: Seconds in which a client says what is to be held.
_ORDER_WITHIN: Final = 5.0
_CHUNK: Final = 64 * 1024
_ROWS, _COLUMNS = 24, 80
#: Names the terminal to all that runs in it; by this, what leaves its tree is found.
MARK: Final = b"WAKELINE_TERMINAL="


def hold(holder: Holder, connection: socket.socket, own_id: str) -> None:
    """Hold what the client at *connection* orders, until it is over.

    The current folder must be that of the sockets.
    """
    place = f"{own_id}.sock"
    folder = os.open(".", os.O_RDONLY)
    try:
        listening = posix.listen(place)
        os.chdir("/")
        pane = Pane()
        signals = posix.wake_by_signals()
        if hello := _begun(connection, own_id, pane):
            holder.hold(hello, pane, signals, listening, connection)
    except OSError as trouble:
        _refuse(connection, trouble, place.encode())
    finally:
        with contextlib.suppress(OSError):
            os.unlink(place, dir_fd=folder)


def _begun(connection: socket.socket, own_id: str, pane: Pane) -> wire.Hello | None:
    """Start what is ordered; how to introduce it, or ``None`` if it is not to be started."""
    told, telling = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(connection, own_id, pane.theirs, telling)
    os.close(telling)
    said = b""
    while chunk := os.read(told, _CHUNK):
        said += chunk
    os.close(told)
    match list(wire.Frames().feed(said)):
        case [wire.Hello() as hello]:
            return hello
    os.waitpid(pid, 0)
    return None


def _become(connection: socket.socket, own_id: str, terminal: int, telling: int) -> NoReturn:
    """In the child: read the order and turn into the command. Nothing of us goes on here."""
    try:
        if order := _order(connection):
            posix.resize(terminal, *nearest(order.rows or _ROWS, order.columns or _COLUMNS))
            os.write(telling, wire.encode(_hello(order, own_id)))
            # Descriptors of ours close by themselves: Python opens none that is inherited.
            posix.become(
                order.argv,
                (*order.environment, MARK + own_id.encode()),
                cwd=order.cwd,
                umask=order.umask,
                terminal=terminal,
            )
    except OSError as trouble:
        os.write(telling, _refuse(connection, trouble, b"?"))
    finally:
        os._exit(1)


def _order(connection: socket.socket) -> wire.Start | None:
    """What is to be held, and not a byte more of what is said; ``None`` when it makes no sense."""
    connection.settimeout(_ORDER_WITHIN)
    frames = wire.Frames()
    try:
        while heard := connection.recv(frames.missing):
            for message in frames.feed(heard):
                return message if isinstance(message, wire.Start) and message.argv else None
    except (TimeoutError, wire.Broken):
        pass
    return None


def _hello(order: wire.Start, own_id: str) -> wire.Hello:
    return wire.Hello(
        version=wire.VERSION,
        id=own_id.encode(),
        holder=os.getppid(),
        child=os.getpid(),
        started_at=time.time(),
        name=order.name,
        cwd=order.cwd,
        end=0,
        argv=order.argv,
    )


def _refuse(connection: socket.socket, trouble: OSError, what: bytes) -> bytes:
    """Tell what kept the command from starting; what was told."""
    named = trouble.filename if isinstance(trouble.filename, bytes) else what
    failure = wire.encode(wire.Failure(trouble.errno or errno.EIO, named))
    with contextlib.suppress(OSError):
        connection.sendall(failure)
    return failure
