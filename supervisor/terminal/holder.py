"""Owns one terminal and the command in it, and outlives everybody who looks at it.

It always reads what the command prints. A screen that is only a little behind may hold the
command up, as any terminal does; one that does not keep up gets a gap. Loaded into memory once
for each hosted command, so it imports next to nothing.
"""

import sys

assert sys.platform != "win32"

import contextlib
import errno
import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from supervisor.terminal import posix, wire
from supervisor.terminal.ring import Ring

#: Bytes read from a terminal or a client at once; larger ones are paid for in every holder's memory.
_CHUNK: Final = 16 * 1024
#: A read that brings so much may have left more.
_FULL: Final = 4000
#: Seconds in which a client says what is to be held.
_ORDER_WITHIN: Final = 5.0
#: A screen that is so many bytes behind holds the command up …
_BEHIND: Final = 1024 * 1024
#: … for so many seconds, in which it must get to half of that; else it is slow, and gets gaps.
_PATIENCE: Final = 0.5
#: So much input may wait for a command that does not read; then its senders wait.
_INPUT_LIMIT: Final = 256 * 1024
#: So many ids of inputs are remembered.
_IDS: Final = 1024
#: Between the two sizes that make a program paint its screen anew: less, and it sees one of them only.
_NUDGE: Final = 0.06
#: How long the exit status waits: for the supervisor when somebody has seen it, and for anybody.
_LINGER_SEEN: Final = 60.0
_LINGER: Final = 86_400.0
#: What is still read when the command has ended and others go on printing into its terminal.
_LAST_WORDS: Final = 4 * 2**20
#: Signals that may be asked for.
_SIGNALS: Final = frozenset(
    {
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGKILL,
        signal.SIGTSTP,
        signal.SIGSTOP,
        signal.SIGCONT,
        signal.SIGWINCH,
    }
)
_NOTHING: Final = (None, 0)


class _Client:
    """One connection. Owner: the holder."""

    def __init__(self, connection: socket.socket, frames: wire.Frames) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.frames = frames
        #: What is to be sent before more output: the rest of a frame, and words of the holder.
        self.pending = bytearray()
        #: It has said what it wants: before that it is told nothing but who we are.
        self.listens = False
        #: The next byte of output to send; ``None``: it does not look.
        self.offset: int | None = None
        self.slow = False
        #: When it has caught up, the program is to paint its screen anew.
        self.repaint = False
        self.told_exit = False


class Holder:
    """Owns the terminal, its ring, its input and its clients. One thread, one loop."""

    def __init__(self, order: wire.Start, own_id: bytes, listening: socket.socket) -> None:
        """Start the command. Raises ``OSError`` when it cannot be started."""
        self._signals = posix.wake_by_signals(signal.SIGCHLD)
        self._terminal, self._theirs = posix.open_terminal(order.rows, order.columns)
        self._child = posix.spawn(
            order.argv, order.environment, cwd=order.cwd, umask=order.umask, terminal=self._theirs
        )
        self._hello = wire.Hello(
            version=wire.VERSION,
            id=own_id,
            holder=os.getpid(),
            child=self._child,
            started_at=time.time(),
            name=order.name,
            cwd=order.cwd,
            end=0,
            argv=order.argv,
        )
        self._listening = listening
        self._listening.setblocking(False)
        self._ring = Ring()
        self._input: deque[tuple[bytes, bytes, _Client]] = deque()
        self._input_size = 0
        #: Recent ids of inputs; true when they are in the terminal.
        self._ids: dict[bytes, bool] = {}
        self._clients: list[_Client] = []
        self._exit: wire.Exit | None = None
        self._patience_ends: float | None = None
        self._nudge_ends: float | None = None
        self._size_after_nudge = (0, 0)
        self._goes_at: float | None = None
        self._taken = False
        self._selector = selectors.DefaultSelector()
        #: descriptor → what was registered, and for which events.
        self._waited: dict[int, tuple[object, int]] = {}
        self._wait_for(self._listening, selectors.EVENT_READ, self._accept)
        self._wait_for(self._signals, selectors.EVENT_READ, self._child_changed)
        self._wait_for(self._terminal, selectors.EVENT_READ, self._terminal_ready)

    def run(self) -> None:
        """Hold until the exit status is known to whom it concerns."""
        while not self._is_over():
            self._rewatch()
            for key, ready in self._selector.select(self._until_next()):
                # What came before in this round may have ended it.
                if self._waited.get(key.fd, _NOTHING)[0] is key.fileobj:
                    key.data(ready)
            self._in_time()

    def _is_over(self) -> bool:
        if self._goes_at is None:
            return False
        all_told = all(c.told_exit and not c.pending for c in self._clients if c.listens)
        return (self._taken and all_told) or time.monotonic() >= self._goes_at

    # -- time -----------------------------------------------------------------------------------

    def _until_next(self) -> float | None:
        ends = [e for e in (self._patience_ends, self._nudge_ends, self._goes_at) if e is not None]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _in_time(self) -> None:
        now = time.monotonic()
        if self._patience_ends is not None:
            self._hold_up(now)
        if self._nudge_ends is not None and now >= self._nudge_ends:
            self._nudge_ends = None
            posix.resize(self._terminal, *self._size_after_nudge)

    def _hold_up(self, now: float) -> None:
        """Somebody is behind: read on when all have got on, or their time is over."""
        behind = [c for c in self._clients if self._is_behind(c, _BEHIND // 2)]
        if self._patience_ends is not None and now >= self._patience_ends:
            for client in behind:
                client.slow = True
            behind = []
        if not behind:
            self._patience_ends = None

    def _is_behind(self, client: _Client, limit: int) -> bool:
        return client.offset is not None and not client.slow and self._ring.end - client.offset > limit

    # -- the terminal ---------------------------------------------------------------------------

    def _terminal_ready(self, ready: int) -> None:
        if ready & selectors.EVENT_WRITE:
            self._type()
        if ready & selectors.EVENT_READ:
            self._print(self._ring.end + _CHUNK)

    def _print(self, limit: int) -> None:
        """Take over what the command has printed, up to about *limit*, and pass it on."""
        while self._ring.end < limit and self._take_output() >= _FULL:
            pass
        for client in tuple(self._clients):
            if client.offset is not None and not client.pending:
                self._send(client)
        if self._patience_ends is None and any(self._is_behind(c, _BEHIND) for c in self._clients):
            self._patience_ends = time.monotonic() + _PATIENCE

    def _take_output(self) -> int:
        try:
            text = os.read(self._terminal, _CHUNK)
        except OSError:
            return 0
        if text:
            self._ring.append(text)
        return len(text)

    def _type(self) -> None:
        while self._input:
            input_id, keys, client = self._input.popleft()
            try:
                count = os.write(self._terminal, keys)
            except BlockingIOError:
                count = 0
            except OSError:
                count = len(keys)
            self._input_size -= count
            if count < len(keys):
                self._input.appendleft((input_id, keys[count:], client))
                return
            if input_id:
                self._ids[input_id] = True
                self._tell(client, wire.Written(input_id))

    # -- the command ----------------------------------------------------------------------------

    def _child_changed(self, _ready: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._signals.recv(_CHUNK)
        while self._exit is None:
            pid, status = os.waitpid(self._child, os.WNOHANG | os.WUNTRACED)
            if pid == 0:
                return
            if os.WIFSTOPPED(status):
                self._stopped(os.WSTOPSIG(status))
            else:
                self._ended(os.waitstatus_to_exitcode(status))

    def _stopped(self, number: int) -> None:
        for client in tuple(self._clients):
            if client.offset is not None:
                self._tell(client, wire.Stopped(number))
                self._send(client)

    def _ended(self, code: int) -> None:
        limit = self._ring.end + _LAST_WORDS
        while self._ring.end < limit and self._take_output():
            pass
        self._wait_for(self._terminal, 0, self._terminal_ready)
        os.close(self._theirs)
        os.close(self._terminal)
        self._terminal = -1
        self._nudge_ends = None
        self._input.clear()
        self._exit = wire.Exit(code, self._ring.end)
        self._goes_at = time.monotonic() + _LINGER
        self._patience_ends = None
        for client in tuple(self._clients):
            self._send(client)

    # -- clients --------------------------------------------------------------------------------

    def admit(self, connection: socket.socket, frames: wire.Frames | None = None) -> None:
        """Take in somebody who called, and what was heard of them already."""
        client = _Client(connection, frames or wire.Frames())
        self._clients.append(client)
        client.pending += wire.encode(self._hello._replace(end=self._ring.end))
        self._hear(client, b"")
        self._send(client)

    def _accept(self, _ready: int) -> None:
        try:
            connection, _ = self._listening.accept()
        except OSError:
            return
        if posix.is_me(connection):
            self.admit(connection)
        else:
            connection.close()

    def _client_ready(self, client: _Client, ready: int) -> None:
        if ready & selectors.EVENT_READ:
            try:
                heard = client.connection.recv(_CHUNK)
            except BlockingIOError:
                heard = None
            except OSError:
                heard = b""
            if heard == b"":
                self._part(client)
                return
            self._hear(client, heard or b"")
        if client in self._clients:
            self._send(client)

    def _hear(self, client: _Client, heard: bytes) -> None:
        try:
            for message in client.frames.feed(heard):
                self._obey(client, message)
        except wire.Broken:
            self._part(client)

    def _obey(self, client: _Client, message: wire.Message) -> None:
        match message:
            case wire.Input():
                self._take_input(client, message)
            case wire.Resize():
                self._resize(message.rows, message.columns)
            case wire.Attach():
                self._attach(client, message)
            case wire.Watch():
                client.listens = True
            case wire.Signal():
                self._signal(message.number)
            case wire.Taken() if self._exit:
                self._taken = True
            case _:
                pass

    def _take_input(self, client: _Client, message: wire.Input) -> None:
        if self._exit:
            return
        if message.id in self._ids:
            if self._ids[message.id]:
                self._tell(client, wire.Written(message.id))
            return
        if message.id:
            self._ids[message.id] = False
            while len(self._ids) > _IDS:
                del self._ids[next(iter(self._ids))]
        self._input.append((message.id, message.keys, client))
        self._input_size += len(message.keys)
        self._type()

    def _attach(self, client: _Client, message: wire.Attach) -> None:
        if 0 <= message.offset <= self._ring.end:
            client.offset = message.offset
        else:
            client.offset = 0
        client.listens = True
        self._resize(message.rows, message.columns)

    def _signal(self, number: int) -> None:
        # The PID cannot be another's: it is ours to bury until ``_ended``.
        if self._exit is None and number in _SIGNALS:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child, number)

    def _resize(self, rows: int, columns: int) -> None:
        if rows <= 0 or columns <= 0 or self._terminal < 0:
            return
        if self._nudge_ends is not None:
            self._size_after_nudge = (rows, columns)
        else:
            posix.resize(self._terminal, rows, columns)

    def _nudge(self) -> None:
        """Make the program paint its screen anew, for somebody who has not got all that made it.

        Many do so only when its size has changed. Whoever got all of it has the same screen already.
        """
        if self._terminal < 0 or self._nudge_ends is not None:
            return
        rows, columns = self._size_after_nudge = posix.size(self._terminal)
        posix.resize(self._terminal, max(rows - 1, 1), columns)
        self._nudge_ends = time.monotonic() + _NUDGE

    def _tell(self, client: _Client, message: wire.Message) -> None:
        if client in self._clients:
            client.pending += wire.encode(message)

    def _send(self, client: _Client) -> None:
        """Send what can be sent now."""
        try:
            while client.pending or self._next(client):
                count = client.connection.send(client.pending)
                if count == len(client.pending):
                    client.pending = bytearray()
                else:
                    del client.pending[:count]
                    return
        except BlockingIOError:
            return
        except OSError:
            self._part(client)
            return
        if client.told_exit and self._goes_at is not None:
            self._goes_at = min(self._goes_at, time.monotonic() + _LINGER_SEEN)

    def _next(self, client: _Client) -> bool:
        """Put the next frame into the empty *pending*; whether there is one."""
        ring = self._ring
        if client.offset is not None and client.offset < ring.begin:
            client.pending += wire.encode(wire.Gap(client.offset, ring.begin, ring.modes.restored()))
            client.offset = ring.begin
            client.repaint = True
        elif client.offset is not None and client.offset < ring.end:
            text = ring.read(client.offset)
            client.pending += wire.encode(wire.Output(client.offset, text))
            client.offset += len(text)
        elif self._exit and client.listens and not client.told_exit:
            client.told_exit = True
            client.pending += wire.encode(self._exit)
        else:
            self._caught_up(client)
        return bool(client.pending)

    def _caught_up(self, client: _Client) -> None:
        client.slow = False
        if client.repaint:
            client.repaint = False
            self._nudge()

    def _part(self, client: _Client) -> None:
        if client in self._clients:
            self._clients.remove(client)
            self._wait_for(client.connection, 0, self._accept)
            client.connection.close()

    # -- what is waited for -----------------------------------------------------------------------

    def _rewatch(self) -> None:
        """Wait for what can be done now, and for nothing else: what is full must not be polled."""
        crowded = self._input_size >= _INPUT_LIMIT
        for client in self._clients:
            wanted = (0 if crowded else selectors.EVENT_READ) | (
                selectors.EVENT_WRITE if client.pending else 0
            )
            self._wait_for(client.connection, wanted, partial(self._client_ready, client))
        if self._terminal >= 0:
            reading = 0 if self._patience_ends is not None else selectors.EVENT_READ
            wanted = reading | (selectors.EVENT_WRITE if self._input else 0)
            self._wait_for(self._terminal, wanted, self._terminal_ready)

    def _wait_for(self, what: socket.socket | int, wanted: int, act: Callable[[int], None]) -> None:
        number = what if isinstance(what, int) else what.fileno()
        before = self._waited.get(number, _NOTHING)[1]
        if wanted == before:
            return
        if not wanted:
            self._selector.unregister(what)
            del self._waited[number]
            return
        change = self._selector.modify if before else self._selector.register
        self._waited[number] = (change(what, wanted, act).fileobj, wanted)


def hold(connection: socket.socket, own_id: str) -> None:
    """Be the holder of what the client at *connection* orders, until it is over.

    The current folder must be that of the sockets.
    """
    frames = wire.Frames()
    order = _ordered(connection, frames)
    if order is None:
        return
    place = f"{own_id}.sock"
    folder = os.open(".", os.O_RDONLY)
    try:
        listening = posix.listen(place)
        os.chdir("/")
        holder = Holder(order, own_id.encode(), listening)
    except OSError as trouble:
        what = trouble.filename if isinstance(trouble.filename, bytes) else place.encode()
        connection.sendall(wire.encode(wire.Failure(trouble.errno or errno.EIO, what)))
    else:
        holder.admit(connection, frames)
        holder.run()
    finally:
        with contextlib.suppress(OSError):
            os.unlink(place, dir_fd=folder)


def _ordered(connection: socket.socket, frames: wire.Frames) -> wire.Start | None:
    """What is to be held; ``None`` when that is not said in time, or makes no sense."""
    connection.settimeout(_ORDER_WITHIN)
    try:
        while heard := connection.recv(_CHUNK):
            for message in frames.feed(heard):
                return message if isinstance(message, wire.Start) and message.argv else None
    except (OSError, wire.Broken):
        pass
    return None
