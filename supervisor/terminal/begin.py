"""From a call to a running command: in a fresh fork of the nursery, which will be its holder.

The order is read and obeyed by the fork's own child, which becomes the command: what that takes of
memory goes with it.
"""

import sys

assert sys.platform != "win32"

import contextlib
import os
import socket
from typing import Final, NoReturn

from supervisor.terminal import order, posix, wire
from supervisor.terminal.holder import Holder
from supervisor.terminal.pane import Pane
from supervisor.terminal.sizes import nearest

_CHUNK: Final = 64 * 1024


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
            holder.hold(hello, pane, posix.Child(hello.child, signals), listening, connection)
    except OSError as trouble:
        order.refuse(connection, trouble, place.encode())
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
        if wanted := order.heard(connection):
            size = nearest(wanted.rows or order.ROWS, wanted.columns or order.COLUMNS)
            posix.resize(terminal, *size)
            hello = order.hello(wanted, own_id, holder=os.getppid(), child=os.getpid())
            os.write(telling, wire.encode(hello))
            # Descriptors of ours close by themselves: Python opens none that is inherited.
            posix.become(
                wanted.argv,
                (*wanted.environment, order.MARK + own_id.encode()),
                cwd=wanted.cwd,
                umask=wanted.umask,
                terminal=terminal,
            )
    except OSError as trouble:
        os.write(telling, order.refuse(connection, trouble, b"?"))
    finally:
        os._exit(1)
