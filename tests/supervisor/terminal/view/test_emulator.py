"""The emulator: rows, lines above them, sizes, and programs that mean harm."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("nothing is held here", allow_module_level=True)

import json
from collections.abc import Callable, Sequence
from typing import Any

import psutil
from hypothesis import given
from hypothesis import strategies as st

from supervisor.terminal.view import emulator
from supervisor.terminal.view.emulator import Emulator
from tests.supervisor.terminal.view import hostile

MEGABYTE = 2**20


def texts(said: Sequence[str]) -> list[str]:
    """The text of these rows."""
    return ["".join(run[0] for run in json.loads(f"[{row}]")[0]) for row in said]


def screen(subject: Emulator) -> list[str]:
    """All rows that changed, as text."""
    return texts(list(subject.changed().values()))


def test_only_rows_that_changed_are_said() -> None:
    """All at first; then those that look different, not those that were painted the same."""
    subject = Emulator(3, 20)

    subject.feed(b"one\r\ntwo\r\nthree")
    first = subject.changed()
    subject.feed(b"\x1b[1;1Hone\x1b[2;1HTWO")
    second = subject.changed()

    assert texts(list(first.values())) == ["one", "two", "three"]
    assert list(second) == [1]
    assert subject.changed() == {}


def test_a_picture_tells_cursor_title_and_modes() -> None:
    """What keys and viewers need to know."""
    subject = Emulator(5, 20)
    subject.feed(b"\x1b]0;a title\x07\x1b[?1049h\x1b[?1h\x1b[?2004h\x1b[?1003h\x1b[?25l\x1b[3;4H")

    picture = subject.picture()

    assert (picture.size, picture.cursor, picture.title) == ((5, 20), (2, 3, False), "a title")
    modes = picture.modes
    assert (modes.alternate, modes.application_cursor, modes.bracketed_paste, modes.mouse) == (True,) * 4


def test_it_is_known_when_a_program_is_painting() -> None:
    """Synchronized output: nothing is shown before it is done."""
    subject = Emulator(5, 20)
    subject.feed(b"\x1b[?2026hhalf")
    assert subject.is_painting

    subject.feed(b" whole\x1b[?2026l")

    assert not subject.is_painting


def test_a_soft_wrapped_line_is_one_line() -> None:
    """The row says that it goes on."""
    subject = Emulator(3, 5)

    subject.feed(b"abcdefg")

    assert subject.changed()[0] == '[["abcde"]],true'


@pytest.mark.parametrize("columns", [20, 80, 240, emulator.COLUMNS])
def test_the_last_lines_above_the_screen_are_kept(columns: int) -> None:
    """At least two thousand, whatever the width; each keeps its number."""
    subject = Emulator(10, columns)
    for number in range(0, 6000, 5):
        subject.feed(b"".join(b"line %d\r\n" % (number + each) for each in range(5)))
        subject.picture()

    begin, end = subject.picture().history
    first, lines = subject.lines(end, emulator.LINES)

    assert end == 6000 - 9
    assert end - begin >= emulator.LINES
    assert (first, texts(lines)) == (end - emulator.LINES, [f"line {n}" for n in range(first, end)])


def test_lines_are_paged_by_their_numbers_while_more_come() -> None:
    """A page follows the one before, though the screen has moved on meanwhile."""
    subject = Emulator(10, 80)
    subject.feed(b"".join(b"line %d\r\n" % number for number in range(100)))
    first, one = subject.lines(subject.picture().history[1], 20)

    subject.feed(b"".join(b"line %d\r\n" % number for number in range(100, 200)))
    earlier, two = subject.lines(first, 20)

    assert texts([*two, *one]) == [f"line {number}" for number in range(earlier, earlier + 40)]
    assert subject.lines(0, 10) == (0, ())
    assert subject.lines(-5, -5)[1] == ()


def test_the_screen_is_said_right_after_a_page_of_lines() -> None:
    """Looking back loses nothing of what is printed meanwhile."""
    subject = Emulator(4, 20)
    subject.feed(b"".join(b"line %d\r\n" % number for number in range(50)))
    subject.changed()

    subject.feed(b"new")
    subject.lines(subject.picture().history[1], 10)

    assert screen(subject) == ["new"]


def test_numbers_of_lines_are_not_used_twice() -> None:
    """After another width, a cleared history or a reset, old numbers mean nothing."""
    subject = Emulator(4, 20)
    deeds: list[Callable[[], object]] = [
        lambda: subject.resize(4, 30),
        lambda: subject.start_again(b""),
        lambda: subject.feed(b"\x1bc"),
    ]
    for deed in deeds:
        subject.feed(b"".join(b"line %d\r\n" % number for number in range(50)))
        end = subject.picture().history[1]

        deed()
        subject.feed(b"".join(b"line %d\r\n" % number for number in range(50)))

        assert subject.picture().history[0] >= end


def test_a_full_screen_program_has_no_lines_above() -> None:
    """Those below it come back with its end, under their numbers."""
    subject = Emulator(4, 20)
    subject.feed(b"".join(b"line %d\r\n" % number for number in range(50)))
    before = subject.picture().history

    subject.feed(b"\x1b[?1049h" + b"x\r\n" * 50)
    during = subject.picture().history
    subject.feed(b"\x1b[?1049l")

    assert during == (before[1], before[1])
    assert subject.picture().history == before


def test_after_a_gap_it_begins_anew_in_the_right_modes() -> None:
    """What was before is void; what the program had asked for holds."""
    subject = Emulator(4, 20)
    subject.feed(b"old \x1b]0;")

    subject.start_again(b"\x1b[?1049h\x1b[?2004h")
    subject.feed(b"new")

    assert screen(subject)[0] == "new"
    assert subject.picture().modes.alternate
    assert subject.picture().modes.bracketed_paste


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (65535, 65535), (1, 65535), (-1, -5)])
def test_any_size_is_made_a_bearable_one(size: tuple[int, int]) -> None:
    """A program can claim what it likes."""
    subject = Emulator(*size)
    subject.resize(*size)
    subject.feed("text 日本\r\n".encode() * 3)

    rows, columns = subject.picture().size

    assert 1 <= rows <= emulator.ROWS
    assert 1 <= columns <= emulator.COLUMNS
    assert len(subject.changed()) == rows


@given(pieces=st.lists(st.binary(max_size=60), max_size=10))
def test_noise_in_any_pieces_gives_one_picture(pieces: list[bytes]) -> None:
    """Where output is cut on its way makes no difference, and what is said can be read."""
    whole, parts = Emulator(6, 20), Emulator(6, 20)

    whole.feed(b"".join(pieces))
    for piece in pieces:
        parts.feed(piece)

    assert whole.changed() == parts.changed()
    assert whole.picture() == parts.picture()


@pytest.mark.parametrize("name", hostile.streams())
def test_hostile_output_stays_small(name: str) -> None:
    """Not much memory, a short title, rows that can be read; and the next program is shown as ever."""
    subject, us = Emulator(24, 80), psutil.Process()
    subject.changed()
    before = us.memory_info().rss

    subject.feed(hostile.streams()[name])
    picture, rows = subject.picture(), subject.changed()
    subject.lines(picture.history[1], 200)
    subject.feed(b"\x18\x1b\\\x1bcstill here")

    assert us.memory_info().rss - before < 80 * MEGABYTE
    assert len(picture.title) <= 200
    assert all(readable(said) for said in rows.values())
    assert "still here" in screen(subject)


def readable(said: str) -> Any:
    """It is the end of a row's JSON."""
    runs, *wraps = json.loads(f"[{said}]")
    return isinstance(runs, list) and wraps in ([], [True]) and len(said) < 20_000
