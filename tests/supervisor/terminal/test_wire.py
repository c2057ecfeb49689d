"""Frames between holders and clients: whatever is said arrives, whatever comes does no harm."""

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
    st.builds(wire.Resize, numbers, numbers),
    st.builds(wire.Signal, numbers),
    st.builds(wire.Taken),
    st.builds(
        wire.Hello, numbers, texts, numbers, numbers, st.floats(allow_nan=False), texts, texts, numbers, lists
    ),
    st.builds(wire.Output, numbers, texts),
    st.builds(wire.Gap, numbers, numbers, texts),
    st.builds(wire.Written, texts),
    st.builds(wire.Stopped, numbers),
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
