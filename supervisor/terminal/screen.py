"""The local screen of a held terminal: every key goes there, all that is printed comes here."""

import contextlib
import errno
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from supervisor.core.errors import Failed, Refused
from supervisor.terminal import Order, Parted, calling, wire
from supervisor.terminal.console import Console, size
from supervisor.terminal.keys import AGAIN_WITHIN, Leaving, Typing
from supervisor.terminal.modes import Modes
from supervisor.terminal.ready import Ready
from supervisor.terminal.titles import Titles

#: Larger ones are mapped and unmapped again for each key.
_CHUNK: Final = 64 * 1024
#: Seconds in which a holder gives this terminal back, before it is taken.
_BACK_WITHIN: Final = 2.0
#: Seconds in which nothing was printed, before the holder has it again.
_QUIET: Final = 0.2
#: What is done here when this terminal has gone: that of a hang-up.
_HUNG_UP: Final = 128 + 1
#: What the window's title says: nothing of ours is drawn into the program's screen.
_REMOTE: Final = "⌨ typed from a phone; any key takes it back"
_PAUSED: Final = "⏸ paused"
#: Questions that a program asked a terminal long ago: played again, they would be answered by this
#: terminal, and the answers typed into the program.
_QUESTIONS: Final = (
    rb"\x1b\[[?>=]?[0-9;]*(?:[cn]|\$p)|\x1b\[>[0-9]*q|\x1b\[\?u|\x1b\[1[1-9]t|\x1b\[2[01]t"
    rb"|\x1b\][0-9;]+\?(?:\x07|\x1b\\)|\x1bP[+$]q[^\x1b]*\x1b\\|\x1b_G[^\x1b]*\x1b\\|\x1bZ"
)


def start(
    folder: Path, nursery: Callable[[int], object], order: Order, *, detach_key: str, detached: bool
) -> Parted:
    """See ``terminal.start``."""
    leaving = Leaving(detach_key)
    looks = wire.Watch(wire.VERSION) if detached else wire.Attach(wire.VERSION, -1, 0, 0)
    line, hello = calling.hold(folder, nursery, calling.start(order, *size()), looks)
    if detached:
        return Parted(hello.id.decode(), 0, left=True)
    return Screen(line, hello, leaving, Console()).run()


def attach(folder: Path, terminal: str, *, detach_key: str) -> Parted:
    """See ``terminal.attach``."""
    leaving = Leaving(detach_key)
    line = calling.holder(folder, terminal)
    line.say(wire.Attach(wire.VERSION, -1, *size()))
    hello = line.greeted()
    console = Console()
    if console.is_inside(hello):
        raise Refused("This is that terminal itself.", "Attach it from another one.")
    return Screen(line, hello, leaving, console).run()


class Screen:
    """Owns this terminal's modes while it shows the other one."""

    def __init__(self, line: calling.Line, hello: wire.Hello, leaving: Leaving, console: Console) -> None:
        """*hello*: what the holder at the other end of *line* said of itself."""
        self._line = line
        self._console = console
        self._hello = hello
        self._typing = Typing(leaving)
        self._modes = Modes()
        self._titles = Titles() if console.is_shown else None
        self._remote = False
        self._paused = False
        self._words = ""
        self._replay: bytearray | None = bytearray() if hello.end else None
        self._torn = False
        #: Nothing is played again, or torn.
        self._is_live = False
        self._code: int | None = None
        self._ready = Ready()
        #: What the holder has not taken yet; then nothing more is read here.
        self._unsaid = b""
        self._is_at_end = False
        #: What is printed here begins at that offset next.
        self._offset = 0
        self._quiet_since = 0
        #: The holder has this terminal; it is not to have it again yet.
        self._is_lent = False
        self._was_returned = False
        #: What the holder sent before it knew that it has this terminal: it prints that once more.
        self._crossed: list[wire.Message] = []
        #: What is to be done when this terminal is ours again.
        self._when_back: list[Callable[[], object]] = []

    def run(self) -> Parted:
        """Show it until it ends, its user leaves, or this terminal goes."""
        self._console.open()
        self._ready.to_read[self._console.news] = self._hear_news
        self._ready.to_read[self._line.connection.fileno()] = self._told
        self._ready.to_read[self._console.keys] = self._pressed
        self._line.connection.setblocking(False)
        with self._raw():
            try:
                self._show()
            except OSError:  # this terminal has gone; nobody is left to tell
                self._code = _HUNG_UP
        return Parted(self._hello.id.decode(), self._code or 0, self._typing.leaving.left)

    def _show(self) -> None:
        self._obey(self._line.early())
        self._lend()
        while self._code is None:
            self._ready.wait()

    @contextlib.contextmanager
    def _raw(self) -> Iterator[None]:
        self._console.enter()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                self._leave()

    def _leave(self) -> None:
        """This terminal as it was before, whatever the program did to it."""
        self._console.write((self._titles.undone() if self._titles else b"") + self._modes.undone())
        self._console.leave()

    # -- keys -----------------------------------------------------------------------------------

    def _pressed(self) -> None:
        if self._code is not None:
            return  # it is over: these are for whoever started us
        keys = self._console.read()
        if keys and not self._console.is_terminal:
            self._say(wire.Input(b"", keys))
        elif keys and self._typing.is_plain(keys):
            self._send(wire.pressed(keys))
        elif keys:
            self._type(self._typing.feed(keys))
            self._code = 0 if self._typing.leaving.left else self._code
        elif self._console.is_terminal:
            raise OSError(errno.EIO, "this terminal has gone")
        else:
            del self._ready.to_read[self._console.keys]
            self._is_at_end = True
            self._say(wire.Input(b"", self._console.end_of_input))

    def _type(self, parts: Sequence[tuple[bool, bytes]]) -> None:
        for by_person, keys in parts:
            is_input = by_person or self._hello.version < wire.TURNS
            self._say(wire.Input(b"", keys) if is_input else wire.Report(keys))
        if self._typing.has_begun:
            self._ready.later(self._give_up, AGAIN_WITHIN)

    def _give_up(self) -> None:
        """Nothing more of what had begun was pressed."""
        self._type(self._typing.give_up())
        self._lend()

    def _say(self, message: wire.Message) -> None:
        self._send(wire.encode(message))

    def _send(self, frames: bytes) -> None:
        frames = self._unsaid + frames
        try:
            count = self._line.connection.send(frames)
        except BlockingIOError:
            count = 0
        except OSError:  # that the holder has gone is found by hearing it, after its last words
            count = len(frames)
        self._unsaid = frames[count:]
        if count < len(frames):
            self._ready.to_read.pop(self._console.keys, None)
            self._ready.to_write[self._line.connection.fileno()] = self._send_on

    def _send_on(self) -> None:
        """The holder takes more: its command reads again, and so do we."""
        del self._ready.to_write[self._line.connection.fileno()]
        if not self._is_at_end and not self._is_lent:
            self._ready.to_read[self._console.keys] = self._pressed
        self._send(b"")

    # -- lending --------------------------------------------------------------------------------

    def _lend(self) -> None:
        """Let the holder type and print here, where nothing is to be done in between."""
        if self._hello.version < wire.LOANS or self._is_lent or self._was_returned or not self._is_calm():
            return
        number = self._console.another()
        if number < 0:
            self._was_returned = True
            return
        self._is_lent = True
        self._ready.to_read.pop(self._console.keys, None)
        frame = wire.encode(wire.Lend(self._offset, self._typing.leaving.key.encode()))
        with contextlib.suppress(OSError):  # that the holder has gone is found by hearing it
            self._unsaid = frame[self._console.lend(self._line.connection, frame, number) :]

    def _lend_again(self) -> None:
        """When nothing more was printed for a while: much of it goes faster by the line."""
        if self._offset == self._quiet_since:
            self._was_returned = False
            self._lend()
        else:
            self._quiet_since = self._offset
            self._ready.later(self._lend_again, _QUIET)

    def _is_calm(self) -> bool:
        """Nothing is played again, torn, begun, or ours in the title; all is said."""
        waits = self._torn or self._unsaid or self._typing.has_begun or self._is_at_end
        is_whole = self._replay is None and self._code is None and not waits
        return is_whole and not self._remote and not self._paused and not self._when_back

    def _back(self, act: Callable[[], object]) -> None:
        """Do this when this terminal is ours."""
        if not self._is_lent:
            act()
            return
        if not self._when_back:
            self._say(wire.Reclaim())
        self._when_back.append(act)

    def _returned(self, message: wire.Returned) -> None:
        self._is_lent, self._was_returned = False, True
        self._crossed.clear()
        self._ready.later(self._lend_again, _QUIET)
        self._offset = message.offset
        self._modes = Modes()
        self._modes.feed(message.modes)
        if self._titles and message.recent:
            self._titles.feed(message.recent)
        self._ready.to_read[self._console.keys] = self._pressed
        acts, self._when_back = self._when_back, []
        for act in acts:
            act()
        if message.left:
            self._typing.leaving.left, self._code = True, 0

    # -- news of this terminal ------------------------------------------------------------------

    def _hear_news(self) -> None:
        for news, number in self._console.hear():
            match news:
                case "resized":
                    self._say(wire.Resize(*size()))
                case "continued":
                    self._console.enter()
                    self._say(wire.Resize(*size()))
                case "pass on":
                    self._say(wire.Signal(number))
                case "over":
                    end = partial(self._end, number)
                    self._back(end)
                    self._ready.later(end, _BACK_WITHIN)

    def _end(self, code: int) -> None:
        self._code = code

    def _suspend(self) -> None:
        """The program was suspended: so are we, as far as our shell can see."""
        self._leave()
        again = self._console.suspend()
        # Here again: somebody has continued us, or there was no shell to suspend us.
        self._console.enter()
        self._console.write(self._modes.restored())
        self._entitle()
        self._say(wire.Signal(again))

    # -- what the holder says -------------------------------------------------------------------

    def _told(self) -> None:
        try:
            heard = self._line.connection.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if not heard:
            raise _gone()
        is_live = self._is_live and not self._is_lent
        if is_live and not self._line.frames.rest and (text := wire.text_in(heard)):
            self._offset += len(text)
            self._put(text)
            return
        try:
            self._obey(self._line.understand(heard))
        except wire.Broken as trouble:
            raise _gone() from trouble
        self._lend()

    def _obey(self, heard: Sequence[wire.Message]) -> None:
        for message in heard:
            match message:
                case wire.Output() | wire.Gap() if self._is_lent:
                    self._crossed.append(message)
                case wire.Output():
                    self._print(message)
                case wire.Gap():
                    self._torn, self._is_live = True, False
                    self._offset = message.end
                    self._put(message.modes)
                case wire.Returned():
                    self._returned(message)
                case wire.InModes():
                    self._modes = Modes()
                    self._modes.feed(message.modes)
                case wire.Stopped():
                    self._back(self._suspend)
                case wire.Turn():
                    self._remote = message.remote
                    self._tell()
                case wire.Paused():
                    self._paused = message.paused
                    self._tell()
                case wire.Exit():
                    self._print_crossed()
                    self._end_replay()
                    self._code = message.code if message.code >= 0 else 128 - message.code
                    return  # what follows was shown already
                case _:
                    pass

    def _print_crossed(self) -> None:
        """It ended before it knew that it has this terminal; else it would have given it back first."""
        if self._is_lent:
            self._is_lent = False
            self._obey(self._crossed)

    def _tell(self) -> None:
        """Say in the title what is to be known of this terminal."""
        words = _PAUSED if self._paused else _REMOTE if self._remote else ""
        if words != self._words:
            self._words, self._was_returned = words, False
            self._back(self._entitle)

    def _entitle(self) -> None:
        if self._titles:
            self._console.write(self._titles.say(self._words))

    def _print(self, output: wire.Output) -> None:
        text = _from_a_whole_place(output.text) if self._torn else output.text
        self._torn = False
        self._offset = output.offset + len(output.text)
        self._is_live = self._replay is None
        if self._replay is None:
            self._put(text)
            return
        self._replay += text
        if output.offset + len(output.text) >= self._hello.end:
            self._end_replay()

    def _end_replay(self) -> None:
        """All questions at once: one of them may be torn into two messages."""
        if self._replay:
            self._put(without_questions(bytes(self._replay)))
        self._replay = None

    def _put(self, text: bytes) -> None:
        self._modes.feed(text)
        self._console.write(self._titles.feed(text) if self._titles else text)


def _gone() -> Failed:
    return Failed(
        "The holder of this terminal has died.", "The agent in it has most likely gone too: wakeline ls"
    )


def without_questions(text: bytes) -> bytes:
    """What is to be played again."""
    return re.sub(_QUESTIONS, b"", text)


def _from_a_whole_place(text: bytes) -> bytes:
    """Without the rest of a character or sequence at its beginning."""
    places = [place for place in (text.find(b"\x1b", 0, 4096), text.find(b"\n", 0, 4096)) if place >= 0]
    return text[min(places, default=0) :]
