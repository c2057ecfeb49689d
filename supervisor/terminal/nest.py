"""Forks holders. Loaded once with all that they need, it makes each of them quick and small.

It has no thread and reads nothing that is sent: a forked holder hears its own order. It goes when
it has had no holder for a while; holders do not need it to live.
"""

import sys

assert sys.platform != "win32"

import contextlib
import gc
import os
import selectors
import signal
import socket
from typing import Final

from supervisor.terminal import holder, posix

#: Seconds without any holder after which it goes.
_IDLE: Final = 60.0


def main() -> int:
    """Serve the listening socket that is standard input, in the folder that it is in."""
    with socket.socket(fileno=os.dup(0)) as listening:
        # Holders must not have it open: callers would wait there for a nursery that has died.
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        listening.setblocking(False)
        os.chdir(os.path.dirname(listening.getsockname()))  # noqa: PTH120 -- as in _leave
        return Nursery(listening).run()


class Nursery:
    """Owns the listening socket, and knows which holders live."""

    def __init__(self, listening: socket.socket) -> None:
        """*listening*: bound already; whoever calls is served when ``run`` runs."""
        self._listening = listening
        self._name = listening.getsockname().removesuffix(posix.UNREADY)
        self._signals = posix.wake_by_signals(signal.SIGCHLD)
        self._holders: dict[int, str] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(listening, selectors.EVENT_READ)
        self._selector.register(self._signals, selectors.EVENT_READ)

    def run(self) -> int:
        """Serve until nobody needs it any more."""
        gc.collect()
        gc.freeze()
        while True:
            ready = self._selector.select(None if self._holders else _IDLE)
            self._bury()
            self._serve()
            if not ready and not self._holders:
                break
        # From here on nobody finds us; who had called before is served still.
        with contextlib.suppress(OSError):
            os.unlink(self._name)  # noqa: PTH108 -- pathlib would stay in the memory of every holder
        self._serve()
        while self._holders:
            self._selector.select()
            self._bury()
        return 0

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            if posix.is_me(connection):
                self._fork(connection)
            connection.close()

    def _fork(self, connection: socket.socket) -> None:
        own_id = os.urandom(5).hex()
        pid = os.fork()
        if pid:
            self._holders[pid] = own_id
            return
        code = 1
        try:
            gc.disable()
            os.setsid()
            self._listening.close()
            self._selector.close()
            os.close(self._signals)
            holder.hold(connection, own_id)
            code = 0
        finally:
            os._exit(code)

    def _bury(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._signals, 4096)
        while self._holders:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with contextlib.suppress(OSError):
                os.unlink(f"{self._holders.pop(pid, '')}.sock")  # noqa: PTH108 -- as above
