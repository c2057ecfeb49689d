"""What stands on the screen is what tmux says stands there: for real programs, byte by byte."""

import itertools
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

if sys.platform == "win32":
    pytest.skip("needs tmux", allow_module_level=True)

from supervisor.terminal.modes import Modes
from supervisor.terminal.view.emulator import Emulator
from tests.lab import oracle, recordings
from tests.lab.fixtures import do_without
from tests.lab.oracle import PLAIN, Cell, Oracle, Seen
from tests.lab.recordings import Recording
from tests.supervisor.terminal.view import cases
from tests.supervisor.terminal.view.screen import Screen

CUTS = 25
ROWS, COLUMNS = 24, 80
#: What brings tmux back to where it was, between two cases.
CLEAR = (
    b"\x1b[?1049l\x1b[?25h\x1b[?1003l\x1b[?1006l"
    b"\x1b[?1l\x1b[?6l\x1b[?7h\x1b[4l\x1b(B\x1b)B\x0f\x1b[r\x1b[0m\x1bc\x1b[3J"
)
#: Full-screen programs: after another size they paint all of it anew.
FULL_SCREEN = ("claude", "opencode", "vim", "less", "htop")

#: A line that scrolls in has the background that is set; tmux forgets it when a wrap scrolls. This one
#: goes on for a while after it got a smaller size, with lines that are too long.
FORGOTTEN = ("opencode-120x40",)


@pytest.fixture(scope="module", autouse=True)
def needs_tmux() -> None:
    """The oracle."""
    if not oracle.is_there():
        do_without("install tmux")


@pytest.fixture(scope="module")
def usual() -> Iterator[Oracle]:
    """One tmux for all short cases."""
    with Oracle(ROWS, COLUMNS) as running:
        yield running


def one_size(recording: Recording) -> Iterator[tuple[tuple[int, int], bytes]]:
    """What was printed at each size, to a terminal in the modes that were set before."""
    modes = Modes()
    places = [at for at, _, _ in recording.sizes] + [len(recording.output)]
    for (at, rows, columns), end in zip(recording.sizes, places[1:], strict=True):
        text = recording.output[at:end]
        yield (rows, columns), modes.restored() + text
        modes.feed(text)


def cut(text: bytes, seed: int) -> Sequence[bytes]:
    """The same in pieces that end anywhere."""
    dice = random.Random(seed)
    places = sorted({0, len(text), *(dice.randrange(len(text)) for _ in range(CUTS))})
    return [text[begin:end] for begin, end in itertools.pairwise(places)]


def same(ours: Seen, theirs: Seen, columns: int, blank: Callable[[Cell], Cell] | None = None) -> None:
    """They show the same. What tmux does not tell: backgrounds behind the last character of a row."""
    for number, (mine, yours) in enumerate(zip(ours.rows, theirs.rows, strict=True)):
        assert_same_row(number, mine, yours, blank or plain)
    row, column, visible = theirs.cursor
    # tmux says that the cursor is beyond the edge while a wrap is pending.
    assert ours.cursor == (row, min(column, columns - 1), visible)
    assert ours.alternate == theirs.alternate
    assert ours.application_cursor == theirs.application_cursor


def assert_same_row(number: int, mine: list[Cell], yours: list[Cell], plain: Callable[[Cell], Cell]) -> None:
    told, rest = mine[: len(yours)], mine[len(yours) :]
    # A blank is a blank in any colour of text.
    missing = [(" ", PLAIN)] * (len(yours) - len(told))
    assert list(map(plain, told + missing)) == list(map(plain, yours)), f"row {number}"
    assert {char for char, _ in rest} <= {" "}, f"row {number}"


def plain(cell: Cell) -> Cell:
    """A blank with only what is seen of it."""
    char, (front, back, flags) = cell
    seen = flags & {"underline", "inverse", "strike"}
    return (char, (front if seen else None, back, seen)) if char == " " else cell


def bare(cell: Cell) -> Cell:
    """A blank without its background."""
    return (" ", PLAIN) if cell[0] == " " else cell


@pytest.mark.parametrize("name", recordings.names())
def test_a_real_program_looks_as_in_tmux_at_every_moment(name: str) -> None:
    """Text, looks, cursor and modes, after pieces that were cut anywhere."""
    for (rows, columns), text in one_size(recordings.recording(name)):
        with Oracle(rows, columns) as theirs:
            subject, screen = Emulator(rows, columns), Screen()
            for piece in cut(text, seed=len(text)):
                theirs.feed(piece)
                subject.feed(piece)

                same(screen.take(subject), theirs.seen(), columns, bare if name in FORGOTTEN else plain)
            # One by one, so that a mode may be half off between two pieces.
            assert subject.picture().modes.mouse == theirs.seen().mouse


@pytest.mark.parametrize("size", ["80x24", "120x40"])
@pytest.mark.parametrize("program", FULL_SCREEN)
def test_a_program_that_paints_anew_looks_the_same_in_another_size(program: str, size: str) -> None:
    """The size changes in the midst of the output; when it is painted anew, all is right."""
    recording = recordings.recording(f"{program}-{size}")
    leaves = recording.output.rindex(b"\x1b[?1049l")
    until_then = replace(recording, output=recording.output[:leaves])
    _, rows, columns = recording.sizes[0]

    with Oracle(rows, columns) as theirs:
        subject, screen = Emulator(rows, columns), Screen()
        for step in until_then.steps(()):
            if isinstance(step, tuple):
                theirs.resize(*step)
                subject.resize(*step)
            else:
                theirs.feed(step)
                subject.feed(step)
        same(screen.take(subject), theirs.seen(), recording.sizes[-1][2])


@pytest.mark.parametrize("name", cases.AGREED)
def test_it_does_what_tmux_does(name: str, usual: Oracle) -> None:
    """One thing after another."""
    subject, screen = Emulator(ROWS, COLUMNS), Screen()
    text = cases.AGREED[name].encode()

    usual.feed(CLEAR + text)
    subject.feed(text)

    seen = screen.take(subject)
    same(seen, usual.seen(), COLUMNS)
    assert seen.mouse == usual.seen().mouse


@pytest.mark.parametrize("name", cases.NAMED)
def test_where_tmux_differs_it_does_as_xterm(name: str) -> None:
    """Each difference has a name."""
    text, rows, cursor = cases.NAMED[name]
    subject, screen = Emulator(5, 20), Screen()

    subject.feed(text.encode(errors="surrogateescape"))

    seen = screen.take(subject)
    assert [row for row in seen.text if row] == rows
    assert seen.cursor[:2] == cursor


def test_lines_above_the_screen_are_tmuxs_history(usual: Oracle) -> None:
    """The same lines, in the same order."""
    text = "".join(f"line {number} \x1b[3{number % 8}mcolour\x1b[0m\r\n" for number in range(300)).encode()
    subject = Emulator(ROWS, COLUMNS)

    usual.feed(CLEAR + text)
    subject.feed(text)

    first, lines = subject.lines(subject.picture().history[1], 1000)
    screen = Screen()
    screen.put(lines)
    assert first == 0
    assert screen.texts() == usual.history()[-len(lines) :]
