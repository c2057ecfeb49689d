"""The kept part of the output: exact by its offsets, and bounded."""

from hypothesis import given
from hypothesis import strategies as st

from supervisor.terminal.modes import Modes
from supervisor.terminal.ring import Ring

LIMIT = 1000


def kept(ring: Ring) -> bytes:
    """All of it, as a reader gets it."""
    found, offset = b"", ring.begin
    while part := ring.read(offset):
        found += part
        offset += len(part)
    return found


@given(pieces=st.lists(st.binary(max_size=700), max_size=20))
def test_the_end_of_the_output_is_kept_exactly(pieces: list[bytes]) -> None:
    """From begin to end there is no byte missing, and the last LIMIT bytes are there."""
    ring, all_of_it = Ring(LIMIT), b"".join(pieces)

    for piece in pieces:
        ring.append(piece)

    assert ring.end == len(all_of_it)
    assert kept(ring) == all_of_it[ring.begin :]
    assert ring.end - ring.begin >= min(LIMIT, len(all_of_it))


@given(pieces=st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=10), data=st.data())
def test_reading_may_begin_anywhere(pieces: list[bytes], data: st.DataObject) -> None:
    """A client that was cut off continues at its own byte."""
    ring = Ring()
    for piece in pieces:
        ring.append(piece)
    offset = data.draw(st.integers(0, ring.end))

    part = ring.read(offset)

    assert b"".join(pieces)[offset:].startswith(part)
    assert bool(part) == (offset < ring.end)


def test_a_flood_of_keys_keeps_memory_bounded() -> None:
    """Ten million single bytes leave two megabytes, and what was forgotten is known."""
    ring = Ring()
    for _ in range(100):
        ring.append(b"x" * 65_536)
        ring.append(b"y")

    assert ring.end - ring.begin <= 2 * 2**20 + 2 * 65_536
    assert ring.begin > 0


def test_modes_that_were_forgotten_are_known() -> None:
    """Who comes late to a full-screen program gets its other screen and its mouse."""
    ring = Ring(LIMIT)
    ring.append(b"\x1b[?1049h\x1b[?1000h\x1b[?25l")

    for _ in range(3):
        ring.append(b"z" * 70_000)

    assert ring.modes.restored() == b"\x1b[?1049h\x1b[?1000h\x1b[?25l"
    assert ring.modes_at_end().restored() == ring.modes.restored()


def test_modes_at_the_end_are_known() -> None:
    """Also of a sequence that is torn between two blocks; the ring itself stays as it is."""
    ring = Ring(LIMIT)
    for piece in (b"\x1b[?1049h", b"z" * 70_000, b"\x1b[?20", b"04h" + b"z" * 65_534, b"\x1b[?1h\x1b[?1049l"):
        ring.append(piece)

    assert ring.modes_at_end().restored() == b"\x1b[?2004h\x1b[?1h"
    assert ring.modes.restored() == b"\x1b[?1049h"


@given(pieces=st.lists(st.sampled_from([b"\x1b[?1", b"h", b"l", b"z" * 40_000]), max_size=60), data=st.data())
def test_modes_at_the_end_are_right_however_often_they_are_asked(
    pieces: list[bytes], data: st.DataObject
) -> None:
    """Each time, and whatever was forgotten meanwhile."""
    ring, modes = Ring(LIMIT), Modes()

    for piece in pieces:
        ring.append(piece)
        modes.feed(piece)
        if data.draw(st.booleans()):
            assert ring.modes_at_end().restored() == modes.restored()

    assert ring.modes_at_end().restored() == modes.restored()


def test_each_byte_knows_the_size_it_was_meant_for() -> None:
    """Old output is painted on a screen as large as the one that it was printed to."""
    ring = Ring()
    ring.resized(24, 80)
    ring.append(b"small")
    ring.resized(40, 100)
    ring.resized(40, 120)
    ring.append(b"large")

    assert [ring.size_at(offset) for offset in (0, 4, 5, 10)] == [(24, 80), (24, 80), (40, 120), (40, 120)]
    assert [ring.resized_after(offset) for offset in (0, 4, 5)] == [5, 5, 10]


def test_sizes_are_forgotten_too() -> None:
    """A window that is drawn larger and smaller for hours costs nothing; the newest size is known."""
    ring = Ring()
    for number in range(1000):
        ring.resized(10, number)
        ring.append(b"x")

    assert len(ring._sizes) <= 64
    assert ring.size_at(ring.end) == (10, 999)
    assert ring.size_at(0)[0] == 10


def test_the_modes_of_every_place_that_is_kept_are_known() -> None:
    """Whether or not somebody has asked for those at the end before."""
    ring = Ring()
    for text in (b"\x1b[?1000h", b"plain", b"\x1b[?2004h", b"more", b"\x1b[?1000l"):
        ring.append(text)

    assert ring.modes_at(13).restored() == b"\x1b[?1000h"
    ring.modes_at_end()
    ring.append(b"\x1b[?1004h!")

    assert ring.modes_at(ring.end - 1).restored() == b"\x1b[?2004h\x1b[?1004h"
    assert ring.modes_at(21).restored() == b"\x1b[?1000h\x1b[?2004h"
    assert ring.modes_at(ring.end).restored() == b"\x1b[?2004h\x1b[?1004h"


def test_what_is_kept_is_read_backwards_from_the_end_to_an_offset() -> None:
    """In pieces, the newest first."""
    ring = Ring()
    for number in range(3):
        ring.append(b"%d" % number * 65536)

    pieces = list(ring.backwards(65536 + 10))

    assert pieces == [b"2" * 65536, b"1" * 65526]
