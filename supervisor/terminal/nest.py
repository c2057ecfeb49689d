"""Forks holders. Loaded once with all that they need, it makes each of them quick and small.

It has no thread and reads nothing that is sent: a forked holder hears its own order. It goes when
it has had no holder for a while; holders do not need it to live.
"""

import sys

assert sys.platform != "win32"

import contextlib
import gc
import os
import signal
import socket
from typing import Final

from supervisor.terminal import begin, posix, scope
from supervisor.terminal.holder import Holder
from supervisor.terminal.ready import Ready
from supervisor.terminal.rehearsal import rehearse

#: Seconds without any holder after which it goes.
_IDLE: Final = 60.0
#: Seconds in which nobody is served when there are no descriptors left.
_REST: Final = 1.0


def main() -> int:
    """Serve the listening socket that is standard input, in the folder that it is in."""
    with socket.socket(fileno=os.dup(0)) as listening:
        # Holders must not have it open: callers would wait there for a nursery that has died.
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        listening.setblocking(False)
        scope.leave_session()
        os.chdir(os.path.dirname(listening.getsockname()))  # noqa: PTH120 -- as below
        return Nursery(listening).run()


class Nursery:
    """Owns the listening socket, and knows which holders live."""

    def __init__(self, listening: socket.socket) -> None:
        """*listening*: bound already; whoever calls is served when ``run`` runs."""
        self._listening = listening
        self._name = listening.getsockname().removesuffix(posix.UNREADY)
        self._signals = posix.wake_by_signals(signal.SIGCHLD)
        self._fresh = Holder(posix.let_in, posix.received)
        self._holders: dict[int, str] = {}
        self._is_idle = False
        self._ready = Ready()
        self._ready.to_read[listening.fileno()] = self._serve
        self._ready.to_read[self._signals] = self._bury

    def run(self) -> int:
        """Serve until nobody needs it any more."""
        self._ready.later(self._be_idle, _IDLE)
        rehearse()
        gc.collect()
        gc.freeze()
        while not self._is_idle:
            self._ready.wait()
        # From here on nobody finds us; who had called before is served still.
        with contextlib.suppress(OSError):
            os.unlink(self._name)  # noqa: PTH108 -- pathlib would stay in the memory of every holder
        self._serve()
        self._ready.forget(self._listening.fileno())
        while self._holders:
            self._ready.wait()
        return 0

    def _be_idle(self) -> None:
        self._is_idle = not self._holders

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except BlockingIOError:
                return
            except OSError:
                self._ready.rest(self._listening.fileno(), _REST)
                return
            self._fork(connection)
            connection.close()

    def _fork(self, connection: socket.socket) -> None:
        own_id = os.urandom(5).hex()
        pid = os.fork()
        if pid:
            self._holders[pid] = own_id
            self._ready.never(self._be_idle)
            return
        code = 1
        try:
            gc.disable()
            os.setsid()
            os.close(self._signals)
            self._listening.close()
            if posix.is_me(connection):
                begin.hold(self._fresh, connection, own_id)
            code = 0
        finally:
            os._exit(code)

    def _bury(self) -> None:
        posix.drain(self._signals)
        while self._holders:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with contextlib.suppress(OSError):
                os.unlink(f"{self._holders.pop(pid, '')}.sock")  # noqa: PTH108 -- as above
        self._ready.later(self._be_idle, _IDLE)
