"""Frames between holders and clients: whatever is said arrives, whatever comes does no harm."""

import contextlib
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.terminal import wire

numbers = st.integers(-(2**63), 2**63 - 1)
texts = st.binary(max_size=200)
lists = st.lists(texts, max_size=5).map(tuple)
messages = st.one_of(
    st.builds(wire.Start, numbers, texts, texts, numbers, numbers, numbers, lists, lists),
    st.builds(wire.Attach, numbers, numbers, numbers, numbers),
    st.builds(wire.Watch, numbers),
    st.builds(wire.Input, texts, texts),
    st.builds(wire.View, numbers, numbers),
    st.builds(wire.Report, texts),
    st.builds(wire.Take),
    st.builds(wire.Give),
    st.builds(wire.Remote, texts, numbers, texts),
    st.builds(wire.Ask),
    st.builds(wire.Pause),
    st.builds(wire.Continue),
    st.builds(wire.Nudge),
    st.builds(wire.Fit, numbers, numbers),
    st.builds(wire.Resize, numbers, numbers),
    st.builds(wire.Signal, numbers),
    st.builds(wire.Taken),
    st.builds(
        wire.Hello, numbers, texts, numbers, numbers, st.floats(allow_nan=False), texts, texts, numbers, lists
    ),
    st.builds(wire.Output, numbers, texts),
    st.builds(wire.Gap, numbers, numbers, texts),
    st.builds(wire.Written, texts),
    st.builds(wire.Refused, texts),
    st.builds(wire.Turn, numbers, st.booleans(), st.booleans()),
    st.builds(
        wire.State,
        *(numbers, numbers, texts, numbers, numbers),
        *(st.booleans(), st.booleans(), st.booleans(), st.floats(allow_nan=False)),
    ),
    st.builds(wire.Stopped, numbers),
    st.builds(wire.Paused, st.booleans()),
    st.builds(wire.Sized, numbers, numbers),
    st.builds(wire.Exit, numbers, numbers),
    st.builds(wire.Failure, numbers, texts),
)


@given(said=st.lists(messages, max_size=6), size=st.integers(1, 40))
def test_what_is_said_arrives_in_any_pieces(said: list[wire.Message], size: int) -> None:
    """Messages survive being cut anywhere on their way."""
    stream = b"".join(map(wire.encode, said))
    frames = wire.Frames()

    heard = [m for at in range(0, len(stream), size) for m in frames.feed(stream[at : at + size])]

    assert heard == said


@given(noise=st.binary(max_size=300))
def test_noise_is_refused_or_waited_for(noise: bytes) -> None:
    """Nothing but Broken comes of bytes that nobody of ours sent."""
    frames = wire.Frames()

    try:
        heard = list(frames.feed(noise))
    except wire.Broken:
        return

    assert len(heard) <= len(noise)


def test_an_endless_frame_is_refused_at_its_head() -> None:
    """Whoever announces gigabytes does not get us to wait for them."""
    with pytest.raises(wire.Broken):
        list(wire.Frames().feed(b"\x7f\xff\xff\xff\x12"))


def test_a_text_longer_than_its_frame_is_refused() -> None:
    """A length inside a frame is not believed either."""
    frame = b"\0\0\0\x09\x14\0\0\1\0abcd"

    with pytest.raises(wire.Broken):
        list(wire.Frames().feed(frame))


def test_a_kind_of_a_later_version_is_passed_over() -> None:
    """An old holder goes on understanding what it knows."""
    unknown = b"\0\0\0\x03\x63ab"

    assert list(wire.Frames().feed(unknown + wire.encode(wire.Watch(1)))) == [wire.Watch(1)]


def test_what_the_first_version_said_is_understood() -> None:
    """Bytes of a screen and a holder from before there were turns."""
    screen = bytes.fromhex(
        "0000002102" + "0000000000000001" + "ffffffffffffffff" + "0000000000000018" + "0000000000000050"
        "0000000704" + "00000000" + "6869"
    )
    holder = bytes.fromhex("0000000b12" + "0000000000000005" + "6869" + "0000000915" + "0000000000000014")

    assert list(wire.Frames().feed(screen)) == [wire.Attach(1, -1, 24, 80), wire.Input(b"", b"hi")]
    assert list(wire.Frames().feed(holder)) == [wire.Output(5, b"hi"), wire.Stopped(20)]


def test_all_that_can_be_said_has_a_kind_of_its_own() -> None:
    """No message is forgotten in the table."""
    assert set(wire._KINDS) == set(get_args(wire.Message))


@given(texts.filter(bool), numbers)
def test_the_short_ways_say_the_same(text: bytes, offset: int) -> None:
    """A key and a little output, made and understood without tables."""
    key, printed = wire.Input(b"", text), wire.Output(offset, text)

    assert wire.pressed(text) == wire.encode(key)
    assert wire.output(offset, text) == wire.encode(printed)
    assert wire.keys_in(wire.encode(key)) == wire.text_in(wire.encode(printed)) == text


@given(st.lists(messages, min_size=1, max_size=3), st.integers(0, 40))
def test_the_short_ways_understand_nothing_else(said: list[wire.Message], cut: int) -> None:
    """Two frames, half a frame, an input with an id: the long way."""
    chunk = b"".join(map(wire.encode, said))[cut:]
    heard: list[wire.Message] = []
    with contextlib.suppress(wire.Broken):
        heard = list(wire.Frames().feed(chunk))

    if keys := wire.keys_in(chunk):
        assert heard == [wire.Input(b"", keys)]
    if text := wire.text_in(chunk):
        assert len(heard) == 1
        assert isinstance(heard[0], wire.Output)
        assert heard[0].text == text
