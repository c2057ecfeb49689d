"""Rows as runs of text of one look."""

import json

from supervisor.terminal.view import runs
from supervisor.terminal.view.runs import PLAIN, Run

RED = runs.style([("fg", 1), ("bg", None)], ["bold"], hidden=False)
SECRET = runs.style([], [], hidden=True)


def said(*row: Run, wraps: bool = False) -> object:
    """A row as who gets it reads it: runs, and perhaps that it wraps."""
    return json.loads(f"[{runs.encoded(row, wraps=wraps)}]")


def test_only_what_is_unusual_is_said() -> None:
    """Plain text is a text; colours and flags follow it; a width is told where it is not sure."""
    row = (
        Run("plain ", PLAIN, 6, sure=True),
        Run("red", RED, 3, sure=True),
        Run("日本", PLAIN, 4, sure=False),
        Run("日", RED, 2, sure=False),
    )

    assert said(*row) == [
        [["plain "], ["red", {"fg": 1, "bold": True}], ["日本", None, 4], ["日", RED_JSON, 2]]
    ]


RED_JSON = {"fg": 1, "bold": True}


def test_blanks_at_the_right_are_not_said() -> None:
    """An empty row is nothing; blanks of a colour stay."""
    assert said(Run("  ", PLAIN, 2, sure=True)) == [[]]
    assert said(Run("a  ", PLAIN, 3, sure=True)) == [[["a"]]]
    assert said(Run("a ", RED, 2, sure=True), Run("  ", PLAIN, 2, sure=True)) == [[["a ", RED_JSON]]]


def test_hidden_text_is_blank() -> None:
    """What the terminal does not show, such as a password, is not sent."""
    assert said(Run("pass", SECRET, 4, sure=True), Run("!", PLAIN, 1, sure=True)) == [[["    "], ["!"]]]


def test_a_row_says_that_it_goes_on() -> None:
    """Whoever copies text needs to know where a line was only broken by the screen's edge."""
    assert said(Run("abc", PLAIN, 3, sure=True), wraps=True) == [[["abc"]], True]


def test_documents_are_ascii_of_one_line() -> None:
    """Whatever is in a cell, the stream that carries it cannot be broken by it."""
    text = runs.encoded([Run('"\\\u2028\n日\x7f', PLAIN, 6, sure=False)], wraps=False)

    assert text.isascii()
    assert text.isprintable()


def test_a_row_of_a_thousand_looks_is_bounded() -> None:
    """It is passed on without them."""
    rainbow = [
        Run("x", runs.style([("fg", f"#{n:06x}"), ("bg", n % 256)], [], hidden=False), 1, sure=True)
        for n in range(1000)
    ]

    assert said(*rainbow) == [[["x" * 1000, None, 1000]]]


def test_what_fonts_disagree_on_has_a_width() -> None:
    """Letters are one cell wide; symbols, boxes, other scripts and accents put above need a width."""
    assert [runs.shown(char)[1] for char in "aé—Ж…"] == [True] * 5
    assert [runs.shown(char)[1] for char in ("─", "✻", "日", "e\u0301", "\u202e", "\x85")][:4] == [False] * 4
    assert runs.shown("\x85")[0] == runs.shown("\u202e")[0] == " "
