"""A terminal of ours: its size, and what is printed in it."""

import os
import select
import sys
import tty
from collections.abc import Iterator

import pytest

assert sys.platform != "win32"

from supervisor.terminal import posix
from supervisor.terminal.pane import Pane


@pytest.fixture
def pane() -> Iterator[Pane]:
    """One of the usual size."""
    opened = Pane()
    tty.setraw(opened.theirs)
    opened.resize(24, 80)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("asked", "given"), [((50, 132), (50, 132)), ((0, -1), (1, 1)), ((65_535, 70_000), (1000, 1000))]
)
def test_a_size_is_one_that_a_terminal_can_have(
    pane: Pane, asked: tuple[int, int], given: tuple[int, int]
) -> None:
    """From 1 to 1000."""
    assert pane.size() == (24, 80)

    pane.resize(*asked)

    assert pane.size() == posix.size(pane.theirs) == given


def test_a_nudge_is_a_row_less_and_then_as_before(pane: Pane) -> None:
    """A size that comes meanwhile is the one that it ends with."""
    assert pane.nudge()
    assert not pane.nudge()
    assert posix.size(pane.theirs) == (23, 80)
    assert pane.size() == (24, 80)

    pane.resize(50, 132)
    assert posix.size(pane.theirs) == (23, 80)
    pane.end_nudge()

    assert posix.size(pane.theirs) == (50, 132)
    pane.end_nudge()
    assert posix.size(pane.theirs) == (50, 132)


def test_what_is_printed_is_read_in_large_pieces(pane: Pane) -> None:
    """As much as there is, up to a size; nothing when there is nothing."""
    assert pane.read() == b""
    text = b"x" * 3000

    os.write(pane.theirs, text)

    read = bytearray()
    while len(read) < len(text):
        # The system hands them on in its own time, and in its own pieces.
        select.select([pane.number], [], [], 60)
        read += pane.read()
    assert read == text
    assert pane.read() == b""


def test_every_size_is_told() -> None:
    """Those of a nudge too: what a program prints meanwhile is meant for them."""
    told: list[tuple[int, int]] = []
    opened = Pane()
    opened.resize(24, 80)
    opened.resized = lambda *size: told.append(size)

    opened.resize(40, 120)
    opened.nudge()
    opened.end_nudge()
    opened.close()

    assert told == [(40, 120), (39, 120), (40, 120)]
