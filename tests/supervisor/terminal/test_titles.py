"""The window's title: ours for a while, then the program's own again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.terminal.titles import Titles

OURS = b"\x1b]2;ours\x07"
KEEP, BACK, NONE = b"\x1b[22;2t", b"\x1b[23;2t", b"\x1b]2;\x07"


def test_ours_is_shown_and_the_programs_comes_back() -> None:
    """Kept by the terminal where it can, and said again where it cannot."""
    titles = Titles()
    titles.feed(b"\x1b]0;its own\x1b\\")

    shown, gone = titles.say("ours"), titles.say("")

    assert shown == KEEP + OURS
    assert gone == NONE + BACK + b"\x1b]2;its own\x07"
    assert titles.say("") == b""


def test_a_title_that_the_program_sets_meanwhile_is_for_later() -> None:
    """Ours stays; its newest comes back."""
    titles = Titles()
    titles.say("ours")

    printed = titles.feed(b"a\x1b]2;new\x07b")

    assert printed == b"a\x1b]2;new\x07b" + OURS
    assert titles.feed(b"text") == b"text"
    assert titles.say("").endswith(b"\x1b]2;new\x07")


@pytest.mark.parametrize(
    ("begun", "rest"),
    [
        (b"\x1b", b"[31m"),
        (b"\x1b[38;5", b";1m"),
        (b"\x1b]8;;http://x", b"/\x1b\\"),
        (b"\x1b]8;;http://x\x1b", b"\\"),
        (b"\x1bP1$r0m" + b"x" * 9000, b"\x1b\\"),
        ("ä".encode()[:1], "ä".encode()[1:]),
        ("⌨".encode()[:2], "⌨".encode()[2:]),
    ],
    ids=repr,
)
def test_nothing_is_put_into_a_sequence_that_has_begun(begun: bytes, rest: bytes) -> None:
    """Ours waits for its end, and goes only after the end of another."""
    titles = Titles()
    titles.feed(begun)

    assert titles.say("ours") == b""
    assert titles.feed(rest) == rest + KEEP + OURS
    titles.feed(begun)
    assert titles.say("") == b""
    assert titles.feed(rest) == rest + NONE + BACK


def test_leaving_does_not_wait() -> None:
    """Whoever leaves this terminal leaves nothing of ours in it."""
    titles = Titles()
    titles.say("ours")
    titles.feed(b"\x1b[3")

    assert titles.undone() == NONE + BACK
    assert titles.undone() == b""


@given(pieces=st.lists(st.sampled_from([b"\x1b]", b"2;", b"t\x07", b"\x1b\\", b"\x1b[", b"m", b"xy"])))
def test_a_title_is_found_in_any_pieces(pieces: list[bytes]) -> None:
    """Where the output was cut makes no difference."""
    torn, whole = Titles(), Titles()
    for piece in pieces:
        torn.feed(piece)
    whole.feed(b"".join(pieces))

    assert torn._own == whole._own
    assert torn._is_whole() == whole._is_whole()
