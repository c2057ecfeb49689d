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
import signal
import socket
import time
from typing import Final

from supervisor.terminal import posix, wire
from supervisor.terminal.clients import Client, Clients
from supervisor.terminal.ready import READ, WRITE, Ready
from supervisor.terminal.ring import Ring
from supervisor.terminal.turn import Turns
from supervisor.terminal.typist import Typist

#: Names the terminal to all that runs in it; by this, what leaves its tree is found.
MARK: Final = b"WAKELINE_TERMINAL="
#: Bytes read from a terminal at once; larger ones are paid for in every holder's memory.
_CHUNK: Final = 16 * 1024
#: A read that brings so much may have left more.
_FULL: Final = 4000
#: Seconds in which a client says what is to be held.
_ORDER_WITHIN: Final = 5.0
#: A screen that is so many bytes behind holds the command up …
_BEHIND: Final = 1024 * 1024
#: … for so many seconds, in which it must get to half of that; else it is slow, and gets gaps.
_PATIENCE: Final = 0.5
#: Between the two sizes that make a program paint its screen anew: less, and it sees one of them only.
_NUDGE: Final = 0.06
#: No screen has more rows or columns; a program would take its memory by them.
_LARGEST: Final = 1000
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


class Holder:
    """Owns the terminal and the command; its parts own ring, input, turn and clients. One loop."""

    def __init__(self, order: wire.Start, own_id: bytes, listening: socket.socket) -> None:
        """Start the command. Raises ``OSError`` when it cannot be started."""
        self._signals = posix.wake_by_signals(signal.SIGCHLD)
        self._terminal, self._theirs = posix.open_terminal(
            min(order.rows, _LARGEST), min(order.columns, _LARGEST)
        )
        self._child = posix.spawn(
            order.argv,
            (*order.environment, MARK + own_id),
            cwd=order.cwd,
            umask=order.umask,
            terminal=self._theirs,
        )
        hello = wire.Hello(
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
        self._ready = Ready()
        self._ring = Ring()
        self._ring.resized(*posix.size(self._terminal))
        self._turns = Turns()
        self._clients = Clients(self, self._ready, self._ring, hello, listening)
        self._typist = Typist(self._terminal, self._written)
        self._paused = False
        self._patience_ends: float | None = None
        self._nudge_ends: float | None = None
        self._size_after_nudge = (0, 0)
        self._goes_at: float | None = None
        self._taken = False
        self._ready.want(self._signals, READ, self._child_changed)
        self._rewatch()

    def admit(self, connection: socket.socket, frames: wire.Frames) -> None:
        """The first client: it ordered the command."""
        self._clients.admit(connection, frames)

    def run(self) -> None:
        """Hold until the exit status is known to whom it concerns."""
        while not self._is_over():
            self._ready.wait(self._until_next())
            self._in_time()

    def _is_over(self) -> bool:
        if self._goes_at is None:
            return False
        return (self._taken and self._clients.all_told()) or time.monotonic() >= self._goes_at

    # -- time -----------------------------------------------------------------------------------

    def _until_next(self) -> float | None:
        ends = [e for e in (self._patience_ends, self._nudge_ends, self._goes_at) if e is not None]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _in_time(self) -> None:
        if self._patience_ends is not None:
            self._hold_up(time.monotonic())
        if self._nudge_ends is not None and time.monotonic() >= self._nudge_ends:
            self._nudge_ends = None
            self._set_size(*self._size_after_nudge)
        if self._goes_at is not None and self._clients.exit_is_seen:
            self._goes_at = min(self._goes_at, time.monotonic() + _LINGER_SEEN)

    def _hold_up(self, now: float) -> None:
        """Somebody is behind: read on when all have got on, or their time is over."""
        behind = self._clients.are_behind(_BEHIND // 2)
        if self._patience_ends is not None and now >= self._patience_ends:
            for client in behind:
                client.slow = True
            behind = []
        if not behind:
            self._patience_ends = None
            self._rewatch()

    # -- the terminal ---------------------------------------------------------------------------

    def _rewatch(self) -> None:
        if self._terminal >= 0:
            reading = 0 if self._patience_ends is not None else READ
            writing = WRITE if self._typist.waits else 0
            self._ready.want(self._terminal, reading | writing, self._terminal_ready)

    def _terminal_ready(self, ready: int) -> None:
        if ready & WRITE:
            self._typist.go_on()
            for client in self._clients:
                self._clients.rewatch(client)
            self._rewatch()
        if ready & READ:
            self._print()

    def _print(self) -> None:
        """Take over some of what the command has printed, and pass it on."""
        limit = self._ring.end + _CHUNK
        while self._ring.end < limit and self._take_output() >= _FULL:
            pass
        self._clients.pass_on()
        if self._patience_ends is None and self._clients.are_behind(_BEHIND):
            self._patience_ends = time.monotonic() + _PATIENCE
            self._rewatch()

    def _take_output(self) -> int:
        try:
            text = os.read(self._terminal, _CHUNK)
        except OSError:
            return 0
        if text:
            self._ring.append(text)
        return len(text)

    def _resize(self, rows: int, columns: int) -> None:
        if rows <= 0 or columns <= 0 or self._terminal < 0:
            return
        size = min(rows, _LARGEST), min(columns, _LARGEST)
        if self._nudge_ends is not None:
            self._size_after_nudge = size
        else:
            self._set_size(*size)

    def _set_size(self, rows: int, columns: int) -> None:
        posix.resize(self._terminal, rows, columns)
        self._ring.resized(rows, columns)
        self._clients.pass_on()

    def nudge(self) -> None:
        """Make the program paint its screen anew, for somebody who has not got all that made it.

        Many do so only when its size has changed. Whoever got all of it has the same screen already.
        """
        if self._terminal < 0 or self._nudge_ends is not None:
            return
        rows, columns = self._size_after_nudge = posix.size(self._terminal)
        self._set_size(rows - 1 or 2, columns)
        self._nudge_ends = time.monotonic() + _NUDGE

    # -- the command ----------------------------------------------------------------------------

    def _child_changed(self, _ready: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._signals.recv(_CHUNK)
        while self._clients.exit is None:
            pid, status = os.waitpid(self._child, os.WNOHANG | os.WUNTRACED)
            if pid == 0:
                return
            if not os.WIFSTOPPED(status):
                self._ended(os.waitstatus_to_exitcode(status))
            elif not self._paused:
                self._clients.tell_all(wire.Stopped(os.WSTOPSIG(status)), looking=True)

    def _ended(self, code: int) -> None:
        limit = self._ring.end + _LAST_WORDS
        while self._ring.end < limit and self._take_output():
            pass
        self._ready.want(self._terminal, 0, self._terminal_ready)
        os.close(self._theirs)
        os.close(self._terminal)
        self._terminal = -1
        self._nudge_ends = None
        self._typist.clear()
        self._clients.exit = wire.Exit(code, self._ring.end)
        self._goes_at = time.monotonic() + _LINGER
        self._patience_ends = None
        for client in self._clients:
            self._clients.send(client)

    def _signal(self, number: int) -> None:
        # The PID cannot be another's: it is ours to bury until ``_ended``.
        if self._clients.exit is None and number in _SIGNALS:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child, number)

    # -- what clients want ------------------------------------------------------------------------

    def obey(self, client: Client, message: wire.Message) -> None:
        """A client said this."""
        match message:
            case wire.Input():
                self._pressed(client, message)
            case wire.Report():
                self._take_keys(client, b"", message.keys)
            case wire.Remote():
                self._typed_from_afar(client, message)
            case wire.Resize():
                self._resize(message.rows, message.columns)
            case wire.Attach() | wire.View():
                self._show(client, message)
            case wire.Watch():
                self._listens(client)
            case wire.Signal():
                self._signal(message.number)
            case wire.Taken() if self._clients.exit:
                self._taken = True
            case _:
                self._asked(client, message)

    def _asked(self, client: Client, message: wire.Message) -> None:
        match message:
            case wire.Take():
                self._turns.take(client)
                self._tell_turn()
            case wire.Give() if self._turns.give(client):
                self._tell_turn()
            case wire.Ask():
                self._clients.tell(client, self._state())
            case wire.Pause() | wire.Continue():
                self._paused = isinstance(message, wire.Pause)
                self._clients.tell_all(wire.Paused(self._paused))
            case wire.Nudge():
                self.nudge()
            case wire.Fit() if self._clients.screens == 0:
                self._resize(max(message.rows, 1), max(message.columns, 1))
            case _:
                pass

    def _show(self, client: Client, message: wire.Attach | wire.View) -> None:
        client.offset = message.offset if 0 <= message.offset <= self._ring.end else 0
        if isinstance(message, wire.Attach):
            client.is_screen = True
            self._resize(message.rows, message.columns)
        else:
            client.slow = True
        self._listens(client)

    def _listens(self, client: Client) -> None:
        client.listens = True
        self._clients.tell(client, self._turn())
        if self._paused:
            self._clients.tell(client, wire.Paused(paused=True))

    def parted(self, client: Client) -> None:
        """A client has gone, and its turn with it."""
        if self._turns.give(client):
            self._tell_turn()

    def _state(self) -> wire.State:
        pressed_at = self._turns.pressed_at
        return wire.State(
            *(self._size_now()),
            modes=self._ring.modes_at_end().restored(),
            screens=self._clients.screens,
            turn=self._turns.number,
            remote=self._turns.remote,
            draft=self._turns.draft,
            paused=self._paused,
            idle=-1.0 if pressed_at is None else time.monotonic() - pressed_at,
        )

    def _size_now(self) -> tuple[int, int]:
        if self._terminal < 0 or self._nudge_ends is not None:
            return self._size_after_nudge
        return posix.size(self._terminal)

    # -- keys -------------------------------------------------------------------------------------

    def _pressed(self, client: Client, message: wire.Input) -> None:
        """Whoever sits there wins: what waits from afar is not typed any more."""
        if self._clients.exit or (message.id and self._typist.knows(client, message.id)):
            return
        was_remote = self._turns.remote
        changed = self._turns.pressed(message.keys, time.monotonic())
        if was_remote:
            for other, dropped in self._typist.drop_remote():
                self._clients.tell(other, wire.Refused(dropped))
        if changed:
            self._tell_turn()
        self._take_keys(client, message.id, message.keys)

    def _typed_from_afar(self, client: Client, message: wire.Remote) -> None:
        if self._clients.exit or (message.id and self._typist.knows(client, message.id)):
            return
        if self._turns.is_now(message.turn):
            self._take_keys(client, message.id, message.keys, remote=True)
        else:
            self._clients.tell(client, wire.Refused(message.id))

    def _take_keys(self, client: Client, own_id: bytes, keys: bytes, *, remote: bool = False) -> None:
        if self._clients.exit is None:
            self._typist.take(client, own_id, keys, remote=remote)
            self._clients.rewatch(client)
            self._rewatch()

    def _written(self, client: Client, own_id: bytes) -> None:
        self._clients.tell(client, wire.Written(own_id))

    def _turn(self) -> wire.Turn:
        return wire.Turn(self._turns.number, self._turns.remote, self._turns.draft)

    def _tell_turn(self) -> None:
        self._clients.tell_all(self._turn())


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
