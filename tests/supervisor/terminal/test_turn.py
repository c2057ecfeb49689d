"""Whose turn it is, and whether a line has been begun."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.terminal.turn import Draft, Turns


def begun(*pressed: bytes) -> bool:
    """Whether a line is begun after these."""
    draft = Draft()
    for keys in pressed:
        draft.feed(keys)
    return draft.begun


@pytest.mark.parametrize(
    "keys",
    [
        b"h",
        "ä".encode(),
        b"sent\rnext",
        b"/",
        b"\x1b[A",
        b"\x1bOA",
        b"\x10",
        b"\x1b[97u",
        b"\x1b[97;2:1u",
        b"\x1b[200~two\rlines\x1b[201~",
        b"text\x1b\r",
        b"text\x1b[13;2u",
        b"text\x1b[D\x1b[C",
        b"text\x1b[<64;10;10M",
    ],
    ids=repr,
)
def test_a_line_is_begun(keys: bytes) -> None:
    """Letters, an older line, a paste; a new line within it and moves do not end it."""
    assert begun(keys)


@pytest.mark.parametrize("keys", [b"\r", b"\x03", b"\x15", b"\x1b", b"\x1b[13u", b"\x1b[27u", b"\x1b[99;5u"])
def test_a_line_is_sent_or_thrown_away(keys: bytes) -> None:
    """Enter, Ctrl-C, Ctrl-U, Esc, as terminals spell them; together with the text or alone."""
    assert not begun(b"text" + keys)
    assert not begun(b"text", keys)


@pytest.mark.parametrize(
    "keys",
    [b"", b"\x1b[<64;10;10M", b"\x1b[B", b"\x1b[5~", b"\x7f", b"\x0c", b"\x1b[57441u", b"\x1b[97;1:3u"],
    ids=repr,
)
def test_looking_around_begins_no_line(keys: bytes) -> None:
    """Wheel, pages, a key that is let go."""
    assert not begun(keys)


def test_a_paste_in_pieces_is_one() -> None:
    """An Enter within it sends nothing, one after it does."""
    assert begun(b"\x1b[200~a", b"b\r", b"c\x1b[201~")
    assert not begun(b"\x1b[200~a", b"b\r", b"c\x1b[201~\r")


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_noise_is_taken_in(pressed: list[bytes]) -> None:
    """Whatever is pressed, it is one or the other."""
    assert begun(*pressed, b"\x1b[201~", b"\x03") is False


def test_a_key_takes_the_turn_back() -> None:
    """It is counted and told; one more key changes nothing."""
    turns, phone = Turns(), object()
    turns.take(phone)
    assert turns.is_now(1)

    assert turns.pressed(b"\x1b[B", 5.0)

    assert (turns.number, turns.remote, turns.pressed_at) == (2, False, 5.0)
    assert not turns.is_now(1)
    assert not turns.is_now(2)
    assert not turns.pressed(b"\x1b[B", 6.0)


def test_only_who_has_the_turn_gives_it_back() -> None:
    """Whoever had it before cannot."""
    turns, first, second = Turns(), object(), object()
    turns.take(first)
    turns.take(second)

    assert not turns.give(first)
    assert turns.remote
    assert turns.give(second)
    assert not turns.remote
