"""Frames: what brings a viewer from what it has to what is."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.terminal.view import picture
from supervisor.terminal.view.picture import EMPTY, Frame, Modes, Page, Picture

PICTURE = Picture(size=(3, 10), cursor=(1, 2, True), title="tïtle", history=(0, 5))
ROWS = [b'[["one"]]', EMPTY, b'[["three"]],true']
#: Few, so that they repeat.
row = st.sampled_from([EMPTY, b'[["a"]]', b'[["b"]]', b'[["c"]],true'])


class Phone:
    """Does with frames what the page's author was told to do."""

    def __init__(self) -> None:
        """Nothing was shown."""
        self.rows: list[Any] = []

    def take(self, frame: Frame) -> None:
        """Put it in its place."""
        said = json.loads(frame.encoded())
        count = said["size"][0]
        if said["whole"]:
            self.rows = [[[]] for _ in range(count)]
        self.rows = self.rows[said["scrolled"] :] + [[[]] for _ in range(said["scrolled"])]
        for number, *rest in said["rows"]:
            self.rows[number] = rest


def as_shown(rows: Sequence[bytes]) -> list[Any]:
    """Rows, as the phone has them."""
    return [json.loads(b"[%b]" % each) for each in rows]


def test_the_first_frame_is_the_whole_picture() -> None:
    """All rows but empty ones, and all that is known beside them."""
    said = json.loads(picture.frame(PICTURE, ROWS, None, ()).encoded())

    assert said == {
        "whole": True,
        "size": [3, 10],
        "cursor": [1, 2, True],
        "title": "tïtle",
        "modes": {"alternate": False, "application_cursor": False, "bracketed_paste": False, "mouse": False},
        "history": [0, 5],
        "ended": None,
        "scrolled": 0,
        "rows": [[0, [["one"]]], [2, [["three"]], True]],
    }


def test_another_size_makes_everything_void() -> None:
    """Rows of another width are not these rows."""
    smaller = replace(PICTURE, size=(3, 9))

    assert picture.frame(PICTURE, ROWS, smaller, ROWS).whole


@given(steps=st.lists(st.tuples(st.lists(row, min_size=4, max_size=4), st.integers(0, 6)), max_size=8))
def test_a_viewer_has_what_there_is_whatever_it_missed(steps: list[tuple[list[bytes], int]]) -> None:
    """After each frame the same rows are on the phone as here, scrolled or not."""
    phone = Phone()
    before: Picture | None = None
    shown: Sequence[bytes] = ()
    for rows, moved in steps:
        top = (before.history[1] if before else 0) + moved
        now = Picture(size=(4, 10), cursor=(0, 0, True), history=(0, top))
        phone.take(picture.frame(now, rows, before, shown))
        before, shown = now, tuple(rows)

        assert phone.rows == as_shown(rows)


def test_a_scrolled_screen_costs_one_row() -> None:
    """Output that runs through does not send every row again."""
    shown = [b'[["%d"]]' % number for number in range(3)]
    rows = [*shown[1:], b'[["3"]]']

    frame = picture.frame(replace(PICTURE, history=(0, 6)), rows, PICTURE, shown)

    assert (frame.scrolled, dict(frame.rows)) == (1, {2: b'[["3"]]'})


def test_lines_from_above_are_a_document() -> None:
    """They carry the number of the first, and what there is."""
    page = Page(first=7, history=(2, 9), rows=[b'[["x"]]', b'[["y"]],true'])

    assert json.loads(page.encoded()) == {"first": 7, "history": [2, 9], "rows": [[[["x"]]], [[["y"]], True]]}


def test_a_picture_survives_its_way() -> None:
    """What the painter writes is what the supervisor reads."""
    full = replace(PICTURE, modes=Modes(alternate=True, mouse=True), ended=-9)

    assert picture.understood(picture.noted(full)) == full


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"[]", b"{}", b'{"size":[1]}', b"\xff", b'{"modes":{"x":1}}', b'{"modes":[]}', b"[" * 9999),
        picture.noted(PICTURE).replace(b'"size":[3', b'"size":[1e999'),
    ],
)
def test_what_is_no_picture_is_refused(text: bytes) -> None:
    """A painter that has gone mad is noticed."""
    with pytest.raises(ValueError):  # noqa: PT011 -- of any kind
        picture.understood(text)
