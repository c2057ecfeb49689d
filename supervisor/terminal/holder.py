"""Owns one terminal and the command in it, and outlives everybody who looks at it.

It always reads what the command prints. A screen that is only a little behind may hold the
command up, as any terminal does; one that does not keep up gets a gap. Loaded into memory once
for each hosted command, so it imports next to nothing.
"""

import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from supervisor.terminal import wire
from supervisor.terminal.clients import Client, Clients, LetIn, Receive, without_descriptors
from supervisor.terminal.keyboard import Keyboard
from supervisor.terminal.ready import Ready
from supervisor.terminal.ring import Ring
from supervisor.terminal.seat import Seats

if TYPE_CHECKING:
    from supervisor.terminal.command import Child, Pane

#: A screen that is so many bytes behind holds the command up …
_BEHIND: Final = 1024 * 1024
#: … for so many seconds, in which it must get to half of that; else it is slow, and gets gaps.
_PATIENCE: Final = 0.5
#: Between the two sizes that make a program paint its screen anew: less, and it sees one of them only.
_NUDGE: Final = 0.06
#: How long the exit status waits: for the supervisor when somebody has seen it, and for anybody.
_LINGER_SEEN: Final = 60.0
_LINGER: Final = 86_400.0
#: What is still read when the command has ended and others go on printing into its terminal.
_LAST_WORDS: Final = 4 * 2**20


class Holder:
    """Owns the command and the loop; its parts own terminal, ring, keyboard and clients."""

    def __init__(self, let_in: LetIn, receive: Receive = without_descriptors) -> None:
        """Made before a fork: what is not written to is in memory once for all of them."""
        self._pane: Pane | None = None
        self._child: Child | None = None
        self._ready = Ready()
        self._ring = Ring()
        self._clients = Clients(self, self._ready, self._ring, let_in, receive)
        self._seats = Seats(self, self._ready, self._ring, self._clients)
        self._keyboard = Keyboard(self._ready, self._clients)
        self._paused = False
        #: A screen is behind, and waited for.
        self._is_held_up = False
        #: The exit status is told, known to the supervisor, or has waited long enough.
        self._was_seen = False
        self._taken = False
        self._goes = False

    def hold(
        self,
        hello: wire.Hello,
        pane: "Pane",
        child: "Child",
        listening: socket.socket,
        first: socket.socket,
    ) -> None:
        """Hold the command that *hello* introduces until its exit status is known to whom it concerns.

        *first*: who ordered it.
        """
        self.begin(hello, pane, child, listening, first)
        while not (self._clients.exit and self._is_over()):
            self.step()

    def begin(
        self,
        hello: wire.Hello,
        pane: "Pane",
        child: "Child",
        listening: socket.socket,
        first: socket.socket,
    ) -> None:
        """Begin to hold it; see ``hold``."""
        self._pane, self._child = pane, child
        pane.resized = self._resized
        self._ring.resized(*pane.size())
        self._keyboard.open(pane.number, pane.write)
        self._clients.open(hello, listening)
        self._clients.admit(first)
        self._ready.to_read[child.number] = self._child_changed
        self._ready.to_read[pane.number] = self._print

    def step(self, seconds: float | None = None) -> None:
        """Wait for the next thing to do, at most so long, and do it."""
        self._ready.wait(seconds)
        if self._is_held_up:
            self._hold_up()

    def _is_over(self) -> bool:
        if self._clients.exit_is_seen and not self._was_seen:
            self._was_seen = True
            self._ready.later(self._go, _LINGER_SEEN)
        return self._goes or (self._taken and self._clients.all_told())

    def _go(self) -> None:
        self._goes = True

    # -- what is printed --------------------------------------------------------------------------

    def _print(self) -> None:
        """Take over some of what the command has printed, and pass it on."""
        if self._pane is None or not (text := self._pane.read()):
            return
        self._ring.append(text)
        if self._clients.pass_on(text) and self._clients.are_behind(_BEHIND):
            self._is_held_up = True
            self._ready.to_read.pop(self._pane.number, None)
            self._ready.later(self._lose_patience, _PATIENCE)

    def _hold_up(self) -> None:
        """Somebody is behind: read on when all have got on."""
        if not self._clients.are_behind(_BEHIND // 2):
            self._is_held_up = False
            self._ready.never(self._lose_patience)
            if self._pane:
                self._ready.to_read[self._pane.number] = self._print

    def _lose_patience(self) -> None:
        for client in self._clients.are_behind(_BEHIND // 2):
            client.slow = True

    def _resized(self, rows: int, columns: int) -> None:
        """What is printed from now on is meant for that size: viewers know before it comes."""
        self._ring.resized(rows, columns)
        self._clients.pass_on_size()

    def nudge(self) -> None:
        """Make the program paint its screen anew, for somebody who has not got all that made it.

        Whoever got all of it has the same screen already.
        """
        if self._pane and self._pane.nudge():
            self._ready.later(self._pane.end_nudge, _NUDGE)

    # -- the command ----------------------------------------------------------------------------

    def _child_changed(self) -> None:
        while self._child and self._clients.exit is None and (change := self._child.change()):
            has_ended, number = change
            if has_ended:
                self._ended(number)
            elif not self._paused:
                self._print()  # what it said before comes before
                self._give_all_back()
                self._clients.tell_all(wire.Stopped(number), looking=True)

    def _ended(self, code: int) -> None:
        if self._pane:
            self._hear_out(self._pane)
        self._keyboard.close()
        self._clients.exit = wire.Exit(code, self._ring.end)
        self._ready.later(self._go, _LINGER)
        for client in self._clients:
            self._clients.send(client)

    def _hear_out(self, pane: "Pane") -> None:
        """Its last words; then nobody has this terminal any more."""
        limit = self._ring.end + _LAST_WORDS
        while self._ring.end < limit and (text := pane.read()):
            self._ring.append(text)
        self._ready.forget(pane.number)
        self._ready.never(pane.end_nudge)
        pane.close()
        self._pane = None

    def _signal(self, _client: Client, message: wire.Signal) -> None:
        # The PID cannot be another's: it is not buried before ``_ended``.
        if self._child and self._clients.exit is None:
            self._child.signal(message.number)

    # -- what clients say -------------------------------------------------------------------------

    def obey(self, client: Client, message: wire.Message) -> None:
        """A client said this."""
        if not self._keyboard.obey(client, message) and (act := self._ACTS.get(type(message))):
            act(self, client, message)

    def parted(self, client: Client) -> None:
        """A client has gone, and its turn with it."""
        self._keyboard.parted(client)
        self._seats.drop(client)

    def give_back(self, client: Client) -> None:
        """What it has lent is its own again."""
        self._seats.give_back(client)

    def _give_all_back(self) -> None:
        for client in self._clients:
            self._seats.give_back(client)

    def _lend(self, client: Client, message: wire.Lend) -> None:
        self._seats.lend(client, message)

    def _reclaim(self, client: Client, _message: wire.Reclaim) -> None:
        self._seats.give_back(client)

    def _attach(self, client: Client, message: wire.Attach) -> None:
        client.is_screen = True
        self._show(client, message.offset)
        self._resize(client, message)

    def _view(self, client: Client, message: wire.View) -> None:
        client.slow = True
        self._show(client, message.offset)

    def _show(self, client: Client, offset: int) -> None:
        client.offset = offset if 0 <= offset <= self._ring.end else 0
        self._introduce(client)

    def _watch(self, client: Client, _message: wire.Watch) -> None:
        self._introduce(client)

    def _introduce(self, client: Client) -> None:
        """It listens from now on: tell it what the others know."""
        client.listens = True
        self._clients.tell(client, self._keyboard.turn)
        if self._paused:
            self._clients.tell(client, wire.Paused(paused=True))
        self._clients.send(client)

    def _resize(self, _client: Client, message: wire.Attach | wire.Resize) -> None:
        if self._pane and message.rows and message.columns:
            self._pane.resize(message.rows, message.columns)

    def _fit(self, _client: Client, message: wire.Fit) -> None:
        if self._pane and not self._clients.screens:
            self._pane.resize(message.rows, message.columns)

    def _nudge(self, _client: Client, _message: wire.Nudge) -> None:
        self.nudge()

    def _pause(self, _client: Client, message: wire.Pause | wire.Continue) -> None:
        self._paused = isinstance(message, wire.Pause)
        self._clients.tell_all(wire.Paused(self._paused))

    def _note_taken(self, _client: Client, _message: wire.Taken) -> None:
        self._taken = self._clients.exit is not None

    def _answer(self, client: Client, _message: wire.Ask) -> None:
        turn = self._keyboard.turn
        rows, columns = self._pane.size() if self._pane else (0, 0)
        state = wire.State(
            rows=rows,
            columns=columns,
            modes=self._ring.modes_at_end().restored(),
            screens=self._clients.screens,
            turn=turn.turn,
            remote=turn.remote,
            draft=turn.draft,
            paused=self._paused,
            idle=self._keyboard.idle,
        )
        self._clients.tell(client, state)

    #: A table, because asking for one kind after the other would bring all of them into the memory of
    #: every holder. Each is given its own kind of message.
    _ACTS: ClassVar[Mapping[type[wire.Message], Callable[["Holder", Client, Any], None]]] = {
        wire.Attach: _attach,
        wire.View: _view,
        wire.Watch: _watch,
        wire.Ask: _answer,
        wire.Lend: _lend,
        wire.Reclaim: _reclaim,
        wire.Resize: _resize,
        wire.Fit: _fit,
        wire.Nudge: _nudge,
        wire.Pause: _pause,
        wire.Continue: _pause,
        wire.Signal: _signal,
        wire.Taken: _note_taken,
    }
