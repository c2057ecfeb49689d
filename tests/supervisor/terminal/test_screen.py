"""The local screen: what it plays again, what it must not, and what it says of others who type."""

import os
import sys
from collections.abc import Callable

import psutil
import pytest

assert sys.platform != "win32"

from supervisor.terminal import wire
from supervisor.terminal.screen import _from_a_whole_place, without_questions
from tests.lab import homes
from tests.lab.held import ROOT, Caller, Held
from tests.lab.terminal import ANSWERS, Terminal
from tests.lab.waiting import until

InTerminal = Callable[[homes.Launch], Terminal]

ATTACH = (
    "import sys; from pathlib import Path; from supervisor import terminal; "
    "sys.exit(terminal.attach(Path(sys.argv[1]), sys.argv[2], detach_key='ctrl-\\\\').code)"
)
REMOTE = "\x1b]2;⌨ typed from a phone; any key takes it back\x07".encode()
PAUSED = "\x1b]2;⏸ paused\x07".encode()


@pytest.mark.parametrize(
    "question",
    [
        *(question if question[1:2] == b"[" else question + b"\x1b\\" for question in ANSWERS),
        b"\x1b[5n",
        b"\x1b[>c",
        b"\x1b[>0q",
        b"\x1b[?u",
        b"\x1b[?2026$p",
        b"\x1b[14t",
        b"\x1b]4;1;?\x07",
        b"\x1bP+q544e\x1b\\",
        b"\x1bP$qm\x1b\\",
        b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
    ],
    ids=repr,
)
def test_an_old_question_is_not_asked_again(question: bytes) -> None:
    """This terminal would answer it, and the answer would be typed into the program."""
    assert without_questions(b"before" + question + b"after") == b"beforeafter"


@pytest.mark.parametrize(
    "painting",
    [
        b"\x1b[31;1mred\x1b[0m",
        b"\x1b[?1049h\x1b[?2004h\x1b[>1u\x1b[<u",
        b"\x1b[2J\x1b[10;20Hthere",
        b"\x1b]0;a title?\x07",
        b"\x1b]8;;http://x/?a=b\x1b\\link\x1b]8;;\x1b\\",
        b"\x1b[2 q",
        b"\x1b[22;0t",
        "äöü?".encode(),
    ],
    ids=repr,
)
def test_all_else_is_played_as_it_was(painting: bytes) -> None:
    """Colours, moves, modes, titles and links are the screen."""
    assert without_questions(painting) == painting


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        (b"9;5Hrest\x1b[0mx", b"\x1b[0mx"),
        (b"\xa4\xc3\xb6\nnext", b"\nnext"),
        (b"plain", b"plain"),
        (b"", b""),
    ],
)
def test_after_a_gap_it_begins_at_a_whole_place(torn: bytes, whole: bytes) -> None:
    """The rest of a sequence is no text."""
    assert _from_a_whole_place(torn) == whole


@pytest.fixture
def attach(held: Held, in_terminal: InTerminal) -> Callable[[Caller], Terminal]:
    """Opens a real screen in a terminal of its own."""

    def screen(caller: Caller) -> Terminal:
        argv = (sys.executable, "-c", ATTACH, str(held.folder), caller.hello.id.decode())
        return in_terminal(
            homes.Launch(argv=argv, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=held.folder)
        )

    return screen


def raw(terminal: Terminal) -> bytes:
    """All that was printed on it."""
    return bytes(terminal._output)


def test_the_title_says_that_it_is_typed_from_afar(held: Held, attach: Callable[[Caller], Terminal]) -> None:
    """Until a key takes it back; then the program's own title is there again."""
    caller = held.run("sh", "-c", r"printf '\033]0;its own\007ready'; exec cat")
    terminal = attach(caller)
    terminal.wait_for("ready")
    phone = held.watch(caller)
    taken = phone.take()
    until(lambda: raw(terminal).endswith(b"\x1b[22;2t" + REMOTE))

    terminal.press("\x1b[I\x1b[<35;1;1M\x1b[1;1R")
    caller.hear(lambda: b"1;1R" in caller.output)
    assert phone.state()[4:6] == (taken, True)
    terminal.press("k")

    until(lambda: b"\x1b]2;\x07\x1b[23;2t\x1b]2;its own\x07" in raw(terminal))
    assert phone.state()[4:7] == (taken + 1, False, True)
    assert raw(terminal).count(REMOTE) == 1


def test_a_pause_from_outside_is_said_and_suspends_nothing(
    held: Held, attach: Callable[[Caller], Terminal]
) -> None:
    """The screen stays; leaving it leaves no title of ours."""
    caller = held.run("sh", "-c", "echo ready; exec cat")
    terminal = attach(caller)
    terminal.wait_for("ready")
    phone = held.watch(caller)
    child = psutil.Process(caller.hello.child)

    phone.say(wire.Pause())
    until(lambda: PAUSED in raw(terminal))
    child.suspend()
    until(lambda: child.status() == psutil.STATUS_STOPPED)
    phone.state()

    assert psutil.Process(terminal.pid).status() != psutil.STATUS_STOPPED
    terminal.press("\x1c\x1c")
    assert terminal.wait() == 0
    assert raw(terminal).endswith(b"\x1b]2;\x07\x1b[23;2t")
    child.resume()


def test_alt_and_a_bracket_is_a_key(held: Held, attach: Callable[[Caller], Terminal]) -> None:
    """Nothing follows what looks like the beginning of a report: a person has pressed it."""
    caller = held.run("sh", "-c", "stty raw -echo; echo ready; exec cat")
    terminal = attach(caller)
    terminal.wait_for("ready")
    phone = held.watch(caller)
    phone.take()

    terminal.press("\x1b[")

    phone.hear(lambda: not phone.told(wire.Turn)[-1].remote)
    caller.wait_for(b"\x1b[")
