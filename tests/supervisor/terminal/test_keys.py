"""The key that leaves: twice in a row, however it is spelt, and never in the way of others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.errors import WrongUse
from supervisor.terminal.keys import Leaving

KEY = "ctrl-\\"


@pytest.mark.parametrize(
    "press", [b"\x1c", b"\x1b[92;5u", b"\x1b[92;5:1u\x1b[92;5:3u", b"\x1b[27;5;92~"], ids=repr
)
def test_twice_leaves_in_one_write_or_in_two(press: bytes) -> None:
    """Plain, kitty's protocol with and without releases, and xterm's other keys."""
    together, apart = Leaving(KEY), Leaving(KEY)

    assert together.feed(b"ab" + press + press) == b"ab"
    assert apart.feed(press) == b""
    assert not apart.left
    apart.feed(press)

    assert (together.left, apart.left) == (True, True)


def test_once_is_a_key_like_any_other() -> None:
    """It reaches the program with the next key, or when none comes."""
    leaving = Leaving(KEY)

    assert leaving.feed(b"\x1c") == b""
    assert leaving.waits
    assert leaving.feed(b"x") == b"\x1cx"
    assert leaving.feed(b"\x1c") == b""
    assert leaving.give_up() == b"\x1c"
    assert not leaving.waits
    assert not leaving.left


@given(pieces=st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\x1c", b"")), max_size=10))
def test_all_other_keys_pass_untouched(pieces: list[bytes]) -> None:
    """Nothing is swallowed, nothing is reordered."""
    leaving = Leaving(KEY)

    passed = b"".join(leaving.feed(piece) for piece in pieces) + leaving.give_up()

    assert leaving.left or passed == b"".join(pieces)


def test_without_a_key_nothing_leaves() -> None:
    """An empty setting switches it off."""
    leaving = Leaving("")

    assert leaving.feed(b"\x1c\x1c") == b"\x1c\x1c"
    assert not leaving.left


@pytest.mark.parametrize("key", ["f1", "ctrl-", "ctrl-ab", "alt-x", "ctrl-1"])
def test_a_key_that_cannot_be_is_named(key: str) -> None:
    """The setting is refused before anything is started."""
    with pytest.raises(WrongUse):
        Leaving(key)
