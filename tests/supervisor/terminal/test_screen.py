"""The local screen: what it plays again, and what it must not."""

import sys

import pytest

assert sys.platform != "win32"

from supervisor.terminal.screen import _from_a_whole_place, without_questions
from tests.lab.terminal import ANSWERS


@pytest.mark.parametrize(
    "question",
    [
        *(question if question[1:2] == b"[" else question + b"\x1b\\" for question in ANSWERS),
        b"\x1b[5n",
        b"\x1b[>c",
        b"\x1b[>0q",
        b"\x1b[?u",
        b"\x1b[?2026$p",
        b"\x1b[14t",
        b"\x1b]4;1;?\x07",
        b"\x1bP+q544e\x1b\\",
        b"\x1bP$qm\x1b\\",
        b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
    ],
    ids=repr,
)
def test_an_old_question_is_not_asked_again(question: bytes) -> None:
    """This terminal would answer it, and the answer would be typed into the program."""
    assert without_questions(b"before" + question + b"after") == b"beforeafter"


@pytest.mark.parametrize(
    "painting",
    [
        b"\x1b[31;1mred\x1b[0m",
        b"\x1b[?1049h\x1b[?2004h\x1b[>1u\x1b[<u",
        b"\x1b[2J\x1b[10;20Hthere",
        b"\x1b]0;a title?\x07",
        b"\x1b]8;;http://x/?a=b\x1b\\link\x1b]8;;\x1b\\",
        b"\x1b[2 q",
        b"\x1b[22;0t",
        "äöü?".encode(),
    ],
    ids=repr,
)
def test_all_else_is_played_as_it_was(painting: bytes) -> None:
    """Colours, moves, modes, titles and links are the screen."""
    assert without_questions(painting) == painting


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        (b"9;5Hrest\x1b[0mx", b"\x1b[0mx"),
        (b"\xa4\xc3\xb6\nnext", b"\nnext"),
        (b"plain", b"plain"),
        (b"", b""),
    ],
)
def test_after_a_gap_it_begins_at_a_whole_place(torn: bytes, whole: bytes) -> None:
    """The rest of a sequence is no text."""
    assert _from_a_whole_place(torn) == whole
