"""Texts that become prompts of the same words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.claude.pasting import as_text, pastes


@pytest.mark.parametrize(
    ("text", "pasted"),
    [
        ("hello", "hello"),
        ("a /command within", "a /command within"),
        ("/clear", "\\/clear"),
        (" \n\u00a0/clear all", "\\/clear all"),
        ("/mcp__x__y now", "\\/mcp__x__y now"),
        ("/ that", "\\/ that"),
        ("/tmp is full", "\\/tmp is full"),
        ("/tmp/x is full", "/tmp/x is full"),
        ("!ls", " !ls"),
        (" !ls", " !ls"),
        ("#1 is done", " #1 is done"),
        ("@a.txt says", "@a.txt says"),
        ("exit", "\\exit"),
        (" quit\n", "\\quit\n"),
        (":wq!", "\\:wq!"),
        ("exit now", "exit now"),
        ("", ""),
    ],
)
def test_words_stay_words(text: str, pasted: str) -> None:
    """What would be an order to the program itself gets something before it."""
    assert as_text(text) == pasted


@given(st.text())
def test_no_word_is_lost(text: str) -> None:
    """Something may come before it; blanks at its beginning may go."""
    assert as_text(text).endswith(text.lstrip())


@given(st.text(alphabet="ab \n€😀", max_size=4000))
def test_the_pieces_are_the_text(text: str) -> None:
    """Each is short enough to be taken as typed."""
    pieces = pastes(text)

    assert "".join(pieces) == text
    assert all(len(piece) <= 400 and piece.count("\n") <= 2 for piece in pieces) or pieces == [text]


@pytest.mark.parametrize(
    ("text", "number"),
    [("", 1), ("a", 1), ("a\nb\nc", 1), ("a\nb\nc\nd", 2), ("x" * 400, 1), ("x" * 401, 2), ("\n" * 6, 3)],
)
def test_short_texts_are_few_pieces(text: str, number: int) -> None:
    """As few as can be."""
    assert len(pastes(text)) == number


def test_a_very_long_text_is_one_piece() -> None:
    """The program would still be busy with the others when Enter comes."""
    text = "line\n" * 2000

    assert pastes(text) == [text]
    assert len(pastes("x" * 30_000)) == 75
