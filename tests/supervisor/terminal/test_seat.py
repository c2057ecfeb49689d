"""Terminals that screens lend to a holder: it types and prints there itself, and gives them back."""

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

assert sys.platform != "win32"

import tty

from supervisor.terminal import posix, wire
from tests.lab import homes
from tests.lab.held import ROOT, Caller, Held
from tests.lab.terminal import Terminal
from tests.lab.waiting import until

InTerminal = Callable[[homes.Launch], Terminal]

ATTACH = (
    "import sys; from pathlib import Path; from supervisor import terminal; "
    "sys.exit(terminal.attach(Path(sys.argv[1]), sys.argv[2], detach_key='ctrl-\\\\').code)"
)
#: Says every key back, and nothing by itself.
ECHO = (
    "import os, tty; tty.setraw(0); os.write(1, b'ready'); "
    "[os.write(1, os.read(0, 99)) for _ in iter(int, 1)]"
)
KEY = b"ctrl-\\"


class Lent:
    """A terminal of our own, and what is seen on it. Owner: the test."""

    def __init__(self) -> None:
        """Nobody has it."""
        self.person, self.theirs = os.openpty()
        tty.setraw(self.theirs)
        self.seen = b""

    def lend(self, caller: Caller, offset: int, key: bytes = KEY) -> None:
        """To that holder."""
        number = os.open(os.ttyname(self.theirs), os.O_RDWR | os.O_NOCTTY)
        posix.send_descriptor(caller.line.connection, wire.encode(wire.Lend(offset, key)), number)
        os.close(number)

    def press(self, keys: bytes) -> None:
        """As a person does."""
        os.write(self.person, keys)

    def see(self, words: bytes) -> None:
        """Until that was printed."""
        deadline = time.monotonic() + 60
        while words not in self.seen:
            assert select.select([self.person], [], [], deadline - time.monotonic())[0], self.seen[-500:]
            self.seen += os.read(self.person, 65536)

    def look(self) -> bytes:
        """All that was printed, with what is there to see now."""
        while select.select([self.person], [], [], 0)[0]:
            self.seen += os.read(self.person, 65536)
        return self.seen

    def close(self) -> None:
        """It has gone, as when its window is closed."""
        for number in (self.person, self.theirs):
            with contextlib.suppress(OSError):
                os.close(number)


@pytest.fixture
def lent() -> Iterator[Lent]:
    """One that can be lent."""
    with contextlib.closing(Lent()) as mine:
        yield mine


@pytest.fixture
def caller(held: Held) -> Caller:
    """A screen of a program that says every key back."""
    return held.run(sys.executable, "-I", "-S", "-c", ECHO).wait_for(b"ready")


@pytest.fixture
def attach(held: Held, in_terminal: InTerminal) -> Callable[[Caller], Terminal]:
    """Opens a real screen in a terminal of its own."""

    def screen(caller: Caller) -> Terminal:
        argv = (sys.executable, "-c", ATTACH, str(held.folder), caller.hello.id.decode())
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return in_terminal(homes.Launch(argv=argv, env=environment, cwd=held.folder))

    return screen


def descriptors(caller: Caller) -> int:
    """How many the holder has open."""
    return psutil.Process(caller.hello.holder).num_fds()


def test_no_process_stands_between_a_key_and_its_echo(
    held: Held, attach: Callable[[Caller], Terminal]
) -> None:
    """Letters, keys that do something, and their echo pass while the screen itself does nothing."""
    caller = held.run(sys.executable, "-I", "-S", "-c", ECHO)
    phone = held.watch(caller)
    before = descriptors(caller)
    screen = attach(caller)
    screen.wait_for("ready")
    until(lambda: descriptors(caller) == before + 2)
    psutil.Process(screen.pid).suspend()

    screen.press("a")
    screen.wait_for("readya")
    screen.press("bc\x1b[Ad")

    caller.wait_for(b"readyabc\x1b[Ad")
    screen.wait_for("readyabcd")
    assert phone.state().draft
    psutil.Process(screen.pid).resume()
    screen.press("\x1c\x1c")
    assert screen.wait() == 0


def test_what_is_lent_is_printed_on_from_its_offset(caller: Caller, lent: Lent) -> None:
    """Not a byte is missing or doubled, and nothing of it comes by the line meanwhile."""
    caller.type(b"one")
    caller.wait_for(b"one")

    lent.lend(caller, len(b"ready"))
    lent.see(b"one")
    lent.press(b"two")
    lent.see(b"two")
    back = caller.answer(wire.Reclaim(), wire.Returned)

    assert lent.seen == b"onetwo"
    assert (back.offset, back.left) == (len(b"readyonetwo"), False)
    caller.type(b"three")
    caller.wait_for(b"three")
    assert lent.seen == b"onetwo"


def test_the_key_that_leaves_gives_it_back(caller: Caller, lent: Lent) -> None:
    """Both presses are kept from the program; one alone is passed on after a while."""
    lent.lend(caller, len(b"ready"))
    lent.press(b"a\x1c")
    lent.see(b"a\x1c")

    lent.press(b"b\x1c\x1cc")

    caller.hear(lambda: caller.told(wire.Returned))
    assert caller.told(wire.Returned)[-1].left
    caller.type(b"z")
    caller.wait_for(b"z")
    lent.look()
    assert lent.seen + bytes(caller.output[5:]) == b"a\x1cbz"


def test_a_first_press_of_that_key_is_not_lost(caller: Caller, lent: Lent) -> None:
    """When the terminal is reclaimed before it is known what follows."""
    lent.lend(caller, len(b"ready"))

    lent.press(b"b\x1c")
    lent.see(b"b")
    caller.say(wire.Reclaim())
    caller.hear(lambda: caller.told(wire.Returned))
    caller.type(b"c")
    caller.wait_for(b"c")

    lent.look()
    assert lent.seen + bytes(caller.output[5:]) == b"b\x1cc"


def test_a_key_takes_the_turn_back_from_afar(held: Held, caller: Caller, lent: Lent) -> None:
    """At a terminal that is lent as at any other; what the terminal says by itself does not."""
    phone = held.watch(caller)
    lent.lend(caller, len(b"ready"))
    turn = phone.take()

    lent.press(b"\x1b[I")
    lent.see(b"\x1b[I")
    assert phone.state().remote
    lent.press(b"k")

    phone.hear(lambda: not phone.told(wire.Turn)[-1].remote)
    assert phone.state().turn == turn + 1


def test_its_screen_knows_the_modes_it_is_in(held: Held, lent: Lent) -> None:
    """Soon after they are set, so that it can undo them should the holder die."""
    caller = held.run("sh", "-c", r"read x; printf '\033[?1049h\033[?1000h'; read x")
    lent.lend(caller, 0)

    lent.press(b"go\r")
    lent.see(b"\x1b[?1000h")

    caller.hear(lambda: b"\x1b[?1049h\x1b[?1000h" in {told.modes for told in caller.told(wire.InModes)})
    assert caller.answer(wire.Reclaim(), wire.Returned).modes == b"\x1b[?1049h\x1b[?1000h"


def test_the_title_that_was_set_meanwhile_is_told(held: Held, lent: Lent) -> None:
    """It is the last one, though more was printed after it."""
    script = r"read x; printf '\033]0;other\007\033]0;its own\007'; echo some more; echo the-end; read x"
    caller = held.run("sh", "-c", script)
    lent.lend(caller, 0)

    lent.press(b"go\r")
    lent.see(b"the-end")

    recent = caller.answer(wire.Reclaim(), wire.Returned).recent
    assert recent.startswith(b"\x1b]2;its own\x07")
    assert recent.endswith(b"the-end\r\n")


def test_the_end_comes_after_the_last_byte(held: Held, lent: Lent) -> None:
    """It is printed there; then the terminal is back; then the exit status is told."""
    caller = held.run("sh", "-c", "read x; echo last words; exit 7")
    lent.lend(caller, 0)

    lent.press(b"go\r")

    assert caller.code() == 7
    assert [type(m) for m in caller.others[-2:]] == [wire.Returned, wire.Exit]
    lent.see(b"last words\r\n")
    assert caller.told(wire.Returned)[0].offset == caller.told(wire.Exit)[0].offset


def test_a_terminal_that_does_not_take_it_holds_nobody_up(held: Held, lent: Lent) -> None:
    """It is given back, with what was printed there; the rest comes by the line, and a gap."""
    caller = held.run(
        "sh", "-c", "read x; head -c 20000000 /dev/zero | tr '\\0' x; echo end; touch done; cat"
    )
    lent.lend(caller, 0)

    lent.press(b"go\r")

    until((held.folder / "done").exists)
    until(lambda: (lent.look(), caller.listen().told(wire.Gap))[1])
    back, gap = caller.told(wire.Returned)[0], caller.told(wire.Gap)[0]
    assert back.offset <= gap.begin
    lent.look()
    assert len(lent.seen) == back.offset


def test_a_terminal_that_has_gone_is_given_back(caller: Caller, lent: Lent) -> None:
    """Its screen finds out by itself; the program is not harmed."""
    lent.lend(caller, len(b"ready"))
    lent.press(b"a")
    lent.see(b"a")

    lent.close()

    caller.hear(lambda: caller.told(wire.Returned))
    caller.type(b"b")
    caller.wait_for(b"b")


def test_a_screen_that_dies_takes_its_terminal_along(held: Held, caller: Caller, lent: Lent) -> None:
    """Nothing of it stays open, and what is pressed there is typed nowhere."""
    other = held.attach(caller)
    before = descriptors(caller)
    lent.lend(caller, len(b"ready"))
    lent.press(b"a")
    lent.see(b"a")
    assert descriptors(caller) == before + 1

    caller.close()

    until(lambda: descriptors(other) == before - 1)
    lent.press(b"lost")
    other.type(b"z")
    other.wait_for(b"readyaz")


@pytest.mark.parametrize("key", [b"ctrl-\\", b"", b"nonsense", b"\xff" * 99])
def test_what_is_no_terminal_is_not_taken(caller: Caller, key: bytes) -> None:
    """A pipe, nothing at all, a word that is no key: it is given back at once, and nothing stays open."""
    before = descriptors(caller)
    reading, writing = os.pipe()
    frame = wire.encode(wire.Lend(len(b"ready"), key))

    posix.send_descriptor(caller.line.connection, frame, reading)
    caller.line.connection.sendall(frame)

    caller.hear(lambda: len(caller.told(wire.Returned)) == 2)
    caller.state()
    assert descriptors(caller) == before
    os.close(reading)
    os.close(writing)


def test_a_holder_that_is_killed_leaves_the_terminal_as_it_was(
    held: Held, attach: Callable[[Caller], Terminal]
) -> None:
    """Modes that the program set while the holder printed are undone by the screen."""
    caller = held.run(
        "sh", "-c", r"stty -echo; echo ready; read x; printf '\033[?1000h\033[?2004hset'; read x"
    )
    screen = attach(caller)
    screen.wait_for("ready")
    other = held.attach(caller)
    mark = screen.mark()
    screen.press("go\r")
    screen.wait_for("set", since=mark)
    until(lambda: _has_heard(screen, other))

    os.kill(caller.hello.holder, signal.SIGKILL)

    screen.wait()
    printed = bytes(screen._output[mark:])
    assert b"\x1b[?1000l" in printed
    assert b"\x1b[?2004l" in printed


def _has_heard(screen: Terminal, other: Caller) -> bool:
    """The screen has had the time in which it is told: a turn of the holder's own clock."""
    return other.state().idle > 1 and psutil.Process(screen.pid).status() == psutil.STATUS_SLEEPING
