"""A holder as a process of its own, where there is no fork: it calls back to whoever has started it."""

import sys

assert sys.platform == "win32"

import contextlib
import os
import socket
from pathlib import Path
from typing import NoReturn

from supervisor.terminal import order, wire
from supervisor.terminal.door import loopback
from supervisor.terminal.holder import Holder
from supervisor.terminal.sizes import nearest
from supervisor.terminal.windows import Child, Pane


def main() -> NoReturn:
    """Hold one command. Standard input says whom to call, and in which folder we are to be found."""
    code = 1
    try:
        words, _, folder = sys.stdin.buffer.read().partition(b"\n")
        with loopback.call(loopback.Words.read(words)) as connection:
            hold(Path(os.fsdecode(folder)), connection, os.urandom(5).hex())
        code = 0
    finally:
        # Threads of the pseudo-console may hang in the system.
        sys.stderr.flush()
        os._exit(code)


def hold(folder: Path, connection: socket.socket, own_id: str) -> None:
    """Hold what the client at *connection* orders, until it is over."""
    wanted = order.heard(connection)
    if wanted is None:
        return
    place = folder / f"{own_id}.sock"
    try:
        with loopback.listen() as listening:
            words = loopback.Words.new(listening)
            loopback.publish(place, words)
            pane = Pane(*nearest(wanted.rows or order.ROWS, wanted.columns or order.COLUMNS))
            child = _begun(pane, wanted, own_id)
            hello = order.hello(wanted, own_id, holder=os.getpid(), child=child.pid)
            Holder(loopback.Porter(words).let_in).hold(hello, pane, child, listening, connection)
    except OSError as trouble:
        order.refuse(connection, trouble, os.fsencode(place))
    finally:
        with contextlib.suppress(OSError):
            place.unlink()


def _begun(pane: Pane, wanted: wire.Start, own_id: str) -> Child:
    return pane.spawn(
        [os.fsdecode(argument) for argument in wanted.argv],
        cwd=os.fsdecode(wanted.cwd),
        environment=[os.fsdecode(text) for text in (*wanted.environment, order.MARK + own_id.encode())],
    )
