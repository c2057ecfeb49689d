"""Modes of a terminal: noted in any pieces, restored and undone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.terminal.modes import Modes

sequences = st.one_of(
    st.builds(lambda n, on: b"\x1b[?%d%s" % (n, b"h" if on else b"l"), st.integers(1, 2100), st.booleans()),
    st.just(b"\x1b[?1000;1006h"),
    st.just(b"\x1b[>1u"),
    st.just(b"\x1b[<u"),
    st.just(b"\x1b[31;1m"),
    st.just(b"\x1b[2J\x1b[H"),
    st.text(max_size=5).map(str.encode),
)


def after(*texts: bytes) -> Modes:
    """The modes when these were printed."""
    modes = Modes()
    for text in texts:
        modes.feed(text)
    return modes


@given(printed=st.lists(sequences, max_size=20), size=st.integers(1, 20))
def test_modes_are_noted_in_any_pieces(printed: list[bytes], size: int) -> None:
    """Where the output was cut makes no difference."""
    stream = b"".join(printed)

    pieces = after(*(stream[at : at + size] for at in range(0, len(stream), size)))

    assert pieces.restored() == after(stream).restored()


@given(printed=st.lists(sequences, max_size=20))
def test_restoring_brings_a_fresh_terminal_there_and_undoing_back(printed: list[bytes]) -> None:
    """restored and undone cancel each other out."""
    modes = after(b"".join(printed))

    assert after(modes.restored()).restored() == modes.restored()
    assert after(modes.restored(), modes.undone()).restored() == b""


def test_a_program_that_cleaned_up_leaves_nothing_to_undo() -> None:
    """The cursor is back, the other screen is left: nothing more is printed."""
    modes = after(b"\x1b[?1049h\x1b[?25l\x1b[?2004h", b"work", b"\x1b[?2004l\x1b[?25h\x1b[?1049l")

    assert modes.undone() == b""


def test_the_other_screen_is_left_last() -> None:
    """What was set in it is undone in it."""
    modes = after(b"\x1b[?1049h\x1b[?1000h\x1b[>1u")

    assert modes.undone() == b"\x1b[<1u\x1b[?1000l\x1b[?1049l"


@given(noise=st.binary(max_size=400))
def test_noise_is_no_mode(noise: bytes) -> None:
    """Binary output never raises."""
    after(noise, noise).undone()


def test_a_reset_forgets() -> None:
    """The whole terminal, or its arrow keys and cursor; as the program orders it."""
    modes = after(b"\x1b[?2004h\x1b[?1h\x1b[?25l\x1b[>1u")

    modes.feed(b"\x1b[!p")
    assert modes.restored() == b"\x1b[?2004h\x1b[>1u"
    modes.feed(b"x\x1bc\x1b[?1h")

    assert modes.restored() == b"\x1b[?1h"
    assert (modes.is_on(1), modes.is_on(2004), modes.is_on(25)) == (True, False, True)


def test_a_copy_goes_its_own_way() -> None:
    """What is fed to it is not known to the other."""
    modes = after(b"\x1b[?1h\x1b[?20")

    copy = modes.copy()
    copy.feed(b"04h")

    assert copy.is_on(2004)
    assert modes.restored() == b"\x1b[?1h"


@pytest.mark.parametrize("sequence", [b"\x1b[?%bh", b"\x1b[<%bu", b"\x1b[>%bu"])
def test_an_endless_number_is_no_mode(sequence: bytes) -> None:
    """Python itself refuses to read such a number."""
    modes = after(sequence % (b"9" * 5000))

    assert len(modes.restored()) < 20


def test_a_flood_of_modes_is_bounded() -> None:
    """A program that does nothing but set them does not fill our memory."""
    modes = after(*(b"\x1b[?%dh\x1b[>%du" % (number, number) for number in range(30_000)))

    assert len(modes.restored()) < 120_000
