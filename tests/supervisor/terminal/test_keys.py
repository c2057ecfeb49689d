"""The key that leaves: twice in a row, however it is spelt, and never in the way of others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.errors import WrongUse
from supervisor.terminal.keys import Leaving, Sources

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


REPORTS = [
    b"\x1b[I",
    b"\x1b[O",
    b"\x1b[<35;12;7M",
    b"\x1b[<43;12;7M",
    b"\x1b[M\x43!!",
    b"\x1b[35;12;7M",
    b"\x1b[12;40R",
    b"\x1b[?12;40R",
    b"\x1b[?62;22c",
    b"\x1b[>0;276;0c",
    b"\x1b[0n",
    b"\x1b[?997;1n",
    b"\x1b[?2026;2$y",
    b"\x1b[?1u",
    b"\x1b[8;24;80t",
    b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1b]52;c;aGFsbG8=\x07",
    b"\x1b]ltitle\x1b\\",
    b"\x1bP>|xterm(390)\x1b\\",
    b"\x1bP1+r544e=787465726d\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
]
KEYS = [
    b"a",
    "ä".encode(),
    b"\r",
    b"\x1b",
    b"\x1b[A",
    b"\x1bOP",
    b"\x1b[1;5C",
    b"\x1b[15~",
    b"\x1b[97;5u",
    b"\x1b[97;1:3u",
    b"\x1b[<0;12;7M",
    b"\x1b[<0;12;7m",
    b"\x1b[<64;12;7M",
    b"\x1b[<32;12;7M",
    b"\x1b[M !!",
    b"\x1bP",
    b"\x1b]",
    b"\x1bf",
    b"\x1b[c",
    b"\x1b[200~\x1b[I\x1b]11;x\x07\x1b[201~",
    b"\x1b[200~half\x1b[201",
]


@pytest.mark.parametrize("said", REPORTS, ids=repr)
def test_what_a_terminal_says_by_itself_is_no_key(said: bytes) -> None:
    """Focus, the mouse that moves, answers; also between keys."""
    assert Sources().feed(said) == [(False, said)]
    assert Sources().feed(b"x" + said + b"y") == [(True, b"x"), (False, said), (True, b"y")]


@pytest.mark.parametrize("pressed", KEYS, ids=repr)
def test_what_a_person_presses_is_no_report(pressed: bytes) -> None:
    """Keys, clicks, the wheel, drags, pastes with whatever is in them."""
    assert list(Sources().feed(pressed)) == [(True, pressed)]
    assert list(Sources().feed(b"\x1b[I" + pressed)) == [(False, b"\x1b[I"), (True, pressed)]


@pytest.mark.parametrize("said", REPORTS, ids=repr)
def test_a_torn_report_is_one(said: bytes) -> None:
    """But for a lone Esc, or Alt with a key, which has most likely been pressed."""
    for cut in range(1, len(said)):
        sources = Sources()
        first, rest = sources.feed(said[:cut]), sources.feed(said[cut:])

        is_key = said[:cut] in (b"\x1b", b"\x1b]", b"\x1bP", b"\x1b_")
        assert first == [(is_key, said[:cut])]
        assert rest == [(False, said[cut:])]
        assert sources.feed(b"x") == ((True, b"x"),)


@pytest.mark.parametrize("pressed", [b"\x1b[A", b"\x1b[1;5C", b"\x1b[97;5u", b"\x1b[<0;12;7M"], ids=repr)
def test_a_torn_key_is_pressed_when_it_is_whole(pressed: bytes) -> None:
    """Nothing is kept back: its beginning passes before."""
    for cut in range(2, len(pressed)):
        sources = Sources()

        assert sources.feed(pressed[:cut]) == [(False, pressed[:cut])]
        assert sources.waits
        assert sources.feed(pressed[cut:]) == [(True, pressed[cut:])]
        assert not sources.waits


def test_a_paste_in_pieces_is_a_persons() -> None:
    """Its end may be torn, and what looks like a report in it is none."""
    sources = Sources()
    pieces = [b"\x1b[200~one\x1b[", b"I", b"\x1b[2", b"01~", b"\x1b[I"]

    parts = [part for piece in pieces for part in sources.feed(piece)]

    assert [by_person for by_person, _ in parts] == [True, True, True, True, False]


def test_what_does_not_go_on_was_a_key() -> None:
    """Alt and a bracket look like a beginning: after a while it is a person's."""
    sources = Sources()
    sources.feed(b"\x1b[")

    assert sources.give_up()
    assert not sources.waits
    assert sources.feed(b"I") == ((True, b"I"),)


def test_an_escape_is_told_once() -> None:
    """That nothing follows it is no news."""
    sources = Sources()

    assert sources.feed(b"\x1b") == [(True, b"\x1b")]
    assert not sources.give_up()


def test_an_answer_that_never_ends_does_not_swallow_a_person() -> None:
    """The next Enter, Ctrl or arrow key is a person's."""
    for key in (b"\r", b"\x03", b"\x1b[A"):
        sources = Sources()
        sources.feed(b"\x1b]52;c;AAAA")

        assert sources.feed(key)[-1] == (True, key)


@given(st.lists(st.one_of(st.sampled_from(REPORTS + KEYS), st.binary(max_size=4)), max_size=12), st.data())
def test_every_byte_passes_in_order(said: list[bytes], data: st.DataObject) -> None:
    """Whatever comes, in whatever pieces."""
    stream = b"".join(said)
    sources, place, passed = Sources(), 0, b""

    while place < len(stream):
        step = data.draw(st.integers(1, 9))
        passed += b"".join(part for _, part in sources.feed(stream[place : place + step]))
        place += step

    assert passed == stream
