"""The local screen of a held terminal: every key goes there, all that is printed comes here."""

import sys

assert sys.platform != "win32"

import contextlib
import errno
import os
import re
import signal
import termios
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from supervisor.core.errors import Failed, Refused
from supervisor.terminal import Order, Parted, calling, posix, wire
from supervisor.terminal.keys import FIRST_LETTER, Leaving, Sources
from supervisor.terminal.modes import Modes
from supervisor.terminal.ready import Ready
from supervisor.terminal.titles import Titles

#: Larger ones are mapped and unmapped again for each key.
_CHUNK: Final = 64 * 1024
#: Seconds in which the key that leaves is pressed again.
_AGAIN_WITHIN: Final = 0.5
#: What the window's title says: nothing of ours is drawn into the program's screen.
_REMOTE: Final = "⌨ typed from a phone; any key takes it back"
_PAUSED: Final = "⏸ paused"
_END_OF_INPUT: Final = b"\x04"
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
    line, hello = calling.hold(folder, nursery, calling.start(order, *_size()), looks)
    if detached:
        return Parted(hello.id.decode(), 0, left=True)
    return Screen(line, hello, leaving).run()


def attach(folder: Path, terminal: str, *, detach_key: str) -> Parted:
    """See ``terminal.attach``."""
    leaving = Leaving(detach_key)
    line = calling.holder(folder, terminal)
    line.say(wire.Attach(wire.VERSION, -1, *_size()))
    hello = line.greeted()
    if os.getsid(0) == hello.child:
        raise Refused("This is that terminal itself.", "Attach it from another one.")
    return Screen(line, hello, leaving).run()


class Screen:
    """Owns this terminal's modes while it shows the other one."""

    def __init__(self, line: calling.Line, hello: wire.Hello, leaving: Leaving) -> None:
        """*hello*: what the holder at the other end of *line* said of itself."""
        self._line = line
        self._hello = hello
        self._leaving = leaving
        self._sources = Sources()
        #: Something of a key or a report has begun, and may go on.
        self._has_begun = False
        self._modes = Modes()
        self._titles = Titles() if os.isatty(1) else None
        self._remote = False
        self._paused = False
        self._replay: bytearray | None = bytearray() if hello.end else None
        self._torn = False
        #: Nothing is played again, or torn.
        self._is_live = False
        self._code: int | None = None
        self._usual = termios.tcgetattr(0) if os.isatty(0) else None
        self._ready = Ready()
        #: What the holder has not taken yet; then nothing more is read here.
        self._unsaid = b""
        self._is_at_end = False

    def run(self) -> Parted:
        """Show it until it ends, its user leaves, or this terminal goes."""
        signals = posix.wake_by_signals(
            signal.SIGWINCH, signal.SIGTERM, signal.SIGHUP, signal.SIGCONT, signal.SIGINT, signal.SIGQUIT
        )
        self._ready.to_read[signals] = lambda: self._signalled(os.read(signals, _CHUNK))
        self._ready.to_read[self._line.connection.fileno()] = self._told
        self._ready.to_read[0] = self._pressed
        self._line.connection.setblocking(False)
        with self._raw():
            try:
                self._show()
            except OSError:  # this terminal has gone; nobody is left to tell
                self._code = 128 + signal.SIGHUP
        return Parted(self._hello.id.decode(), self._code or 0, self._leaving.left)

    def _show(self) -> None:
        self._obey(self._line.early())
        while self._code is None:
            self._ready.wait()

    @contextlib.contextmanager
    def _raw(self) -> Iterator[None]:
        self._enter()
        try:
            yield
        finally:
            with contextlib.suppress(OSError, termios.error):
                self._leave()

    def _enter(self) -> None:
        if self._usual:
            tty.setraw(0, termios.TCSANOW)

    def _leave(self) -> None:
        """This terminal as it was before, whatever the program did to it."""
        _write((self._titles.undone() if self._titles else b"") + self._modes.undone())
        if self._usual:
            termios.tcsetattr(0, termios.TCSADRAIN, self._usual)

    # -- keys -----------------------------------------------------------------------------------

    def _pressed(self) -> None:
        if self._code is not None:
            return  # it is over: these are for whoever started us
        keys = os.read(0, _CHUNK)
        if keys and self._usual and min(keys) >= FIRST_LETTER and not self._has_begun:
            self._send(wire.pressed(keys))
        elif keys:
            self._type(self._leaving.feed(keys) if self._usual else keys)
            self._code = 0 if self._leaving.left else self._code
        elif self._usual:
            raise OSError(errno.EIO, "this terminal has gone")
        else:
            del self._ready.to_read[0]
            self._is_at_end = True
            self._type(_END_OF_INPUT)

    def _type(self, keys: bytes) -> None:
        if not keys:
            pass
        elif self._usual and self._hello.version >= wire.TURNS:
            for by_person, part in self._sources.feed(keys):
                self._say(wire.Input(b"", part) if by_person else wire.Report(part))
        else:
            self._say(wire.Input(b"", keys))
        self._has_begun = self._leaving.waits or self._sources.waits
        if self._has_begun:
            self._ready.later(self._give_up, _AGAIN_WITHIN)

    def _give_up(self) -> None:
        """Nothing more of what had begun was pressed."""
        if self._leaving.waits:
            self._type(self._leaving.give_up())
        elif self._sources.give_up():
            self._say(wire.Input(b"", b""))
        self._has_begun = self._leaving.waits or self._sources.waits

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
            self._ready.to_read.pop(0, None)
            self._ready.to_write[self._line.connection.fileno()] = self._send_on

    def _send_on(self) -> None:
        """The holder takes more: its command reads again, and so do we."""
        del self._ready.to_write[self._line.connection.fileno()]
        if not self._is_at_end:
            self._ready.to_read[0] = self._pressed
        self._send(b"")

    # -- signals --------------------------------------------------------------------------------

    def _signalled(self, numbers: bytes) -> None:
        for number in numbers:
            match number:
                case signal.SIGWINCH:
                    self._say(wire.Resize(*_size()))
                case signal.SIGCONT:
                    self._enter()
                    self._say(wire.Resize(*_size()))
                case signal.SIGINT | signal.SIGQUIT:
                    self._say(wire.Signal(number))
                case _:
                    self._code = 128 + number

    def _suspend(self) -> None:
        """The program was suspended: so are we, as far as our shell can see."""
        self._leave()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})
        os.kill(0, signal.SIGTSTP)
        # Here again: somebody has continued us, or there was no shell to suspend us.
        self._enter()
        _write(self._modes.restored())
        self._entitle()
        self._say(wire.Signal(signal.SIGCONT))

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
        if self._is_live and not self._line.frames.rest and (text := wire.text_in(heard)):
            self._put(text)
            return
        try:
            self._obey(self._line.understand(heard))
        except wire.Broken as trouble:
            raise _gone() from trouble

    def _obey(self, heard: Sequence[wire.Message]) -> None:
        for message in heard:
            match message:
                case wire.Output():
                    self._print(message)
                case wire.Gap():
                    self._torn, self._is_live = True, False
                    self._put(message.modes)
                case wire.Stopped():
                    self._suspend()
                case wire.Turn():
                    self._remote = message.remote
                    self._entitle()
                case wire.Paused():
                    self._paused = message.paused
                    self._entitle()
                case wire.Exit():
                    self._end_replay()
                    self._code = message.code if message.code >= 0 else 128 - message.code
                case _:
                    pass

    def _entitle(self) -> None:
        """Say in the title what is to be known of this terminal."""
        words = _PAUSED if self._paused else _REMOTE if self._remote else ""
        if self._titles:
            _write(self._titles.say(words))

    def _print(self, output: wire.Output) -> None:
        text = _from_a_whole_place(output.text) if self._torn else output.text
        self._torn = False
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
        _write(self._titles.feed(text) if self._titles else text)


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


def _write(text: bytes) -> None:
    count = os.write(1, text)
    while count < len(text):
        count += os.write(1, memoryview(text)[count:])


def _size() -> tuple[int, int]:
    """Rows and columns of this terminal; zeros where there is none."""
    for number in (1, 0, 2):
        with contextlib.suppress(OSError):
            return posix.size(number)
    return 0, 0
