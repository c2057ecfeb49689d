"""Bytes in, whole records out."""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.transcripts.lines import Lines, Skipped, Whole, Why, foreign_encoding

RECORDED = sorted((Path(__file__).parents[2] / "data/claude/transcripts").glob("*.jsonl"))

SHORT = 64


def found(blocks: Iterable[bytes], longest: int = SHORT * 1024) -> list[Whole | Skipped]:
    """Feed all blocks to fresh lines."""
    lines = Lines(longest=longest)
    return [item for block in blocks for item in lines.feed(block)]


def fields(items: Sequence[Whole | Skipped]) -> list[Any]:
    """Give what the whole records say."""
    return [dict(item.fields) for item in items if isinstance(item, Whole)]


def gaps(items: Sequence[Whole | Skipped]) -> list[tuple[int, int]]:
    """Give offset and size of each skipped range."""
    return [(item.at, item.size) for item in items if isinstance(item, Skipped)]


def record(value: Any) -> bytes:
    """Write a record as agents do."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, values, min_size=1, max_size=4)
dirt = st.sampled_from(
    [
        b"\0",
        b"\0\0\0\0",
        b"{",
        b'{"',
        b'{"a":',
        b'{"a":1}',
        b"}",
        b"[]",
        b"\xff\xfe",
        b"\r",
        b" ",
        b"\xef\xbb\xbf",
    ]
)
messes = st.lists(objects.map(record) | dirt | st.just(b"\n") | st.binary(max_size=8), max_size=20).map(
    b"".join
)


@given(messes, st.lists(st.integers(0, 400), max_size=8), st.sampled_from([16, SHORT, SHORT * 1024]))
def test_cutting_the_bytes_anywhere_changes_nothing(mess: bytes, cuts: list[int], longest: int) -> None:
    """However a file's bytes arrive, the same records and gaps are found."""
    edges = [0, *sorted(min(cut, len(mess)) for cut in cuts), len(mess)]

    in_portions = found((mess[a:b] for a, b in pairwise(edges)), longest)

    assert in_portions == found([mess], longest)


@given(messes)
def test_every_byte_of_ended_lines_is_found_skipped_or_blank(mess: bytes) -> None:
    """No byte of a line is left out without a word, and none is told twice."""
    text = mess + b"\n"
    rest = bytearray(text)
    reached = 0

    for item in found([text]):
        assert item.at >= reached
        size = item.size if isinstance(item, Skipped) else _size(text, item.at)
        rest[item.at : item.at + size] = b" " * size
        reached = item.at + size

    assert not rest.replace(b"\xef\xbb\xbf", b"").strip(b" \t\r\n")


def _size(text: bytes, at: int) -> int:
    """Measure the record at this place by a way of its own: the shortest that parses."""
    for end in range(at + 2, len(text) + 1):
        try:
            json.loads(text[at:end].decode(errors="replace"), strict=False)
        except ValueError:
            continue
        return end - at
    raise AssertionError(text[at:])


@given(st.lists(objects, min_size=1, max_size=5), st.lists(st.binary(max_size=10), min_size=5, max_size=5))
def test_bad_lines_between_records_cost_no_record(records: list[Any], rubbish: list[bytes]) -> None:
    """A line that is nonsense takes no other line with it."""
    lines = [
        part
        for r, bad in zip(records, rubbish, strict=False)
        for part in (record(r), bad.replace(b"{", b"("))
    ]

    assert fields(found([b"\n".join(lines) + b"\n"])) == records


@given(objects, objects, st.data())
def test_a_record_after_a_cut_one_on_the_same_line_is_found(
    cut: Any, whole: Any, data: st.DataObject
) -> None:
    """Wherever a record was cut off, the next one on its line is not lost."""
    broken = record(cut)[: data.draw(st.integers(1, len(record(cut)) - 1))]

    items = found([broken + record(whole) + b"\n"])

    assert fields(items)[-1] == whole


def test_a_cut_record_makes_one_gap_where_it_stood() -> None:
    """The gap says how many bytes were skipped, and where."""
    before, broken, after = record({"n": 1}), b'{"n":2,"text":"and th', record({"n": 3, "in": {"x": 1}})

    items = found([before + b"\n" + broken + after + b"\n"])

    assert fields(items) == [{"n": 1}, {"n": 3, "in": {"x": 1}}]
    assert gaps(items) == [(len(before) + 1, len(broken))]


def test_parts_of_a_cut_record_are_no_records() -> None:
    """What stood inside a record that was cut off does not come up as a record of its own."""
    broken = b'{"message":{"usage":{"in":1},"content":[{"type":"text","text":"hi"},"'

    items = found([broken + b"\n"])

    assert items == [Skipped(0, len(broken), Why.UNREADABLE)]


def test_two_objects_on_one_line_are_two_records() -> None:
    """A missing line feed between two records loses neither."""
    items = found([b'{"n":1}{"n":2} {"n":3}\n'])

    assert items == [Whole(0, {"n": 1}), Whole(7, {"n": 2}), Whole(15, {"n": 3})]


def test_a_torn_line_waits_for_its_end() -> None:
    """Half a line is neither shown nor reported; it is told when it is whole."""
    lines = Lines()

    assert lines.feed(b'{"n":1}\n{"n"') == [Whole(0, {"n": 1})]
    assert lines.line_at == 8
    assert lines.feed(b":2}") == []
    assert lines.feed(b"\n") == [Whole(8, {"n": 2})]


def test_a_run_of_zero_bytes_makes_one_gap() -> None:
    """What a crash leaves in a file hides nothing behind it."""
    items = found([b'{"n":1}\n' + bytes(5000) + b'{"n":2}\n{"n":3}\n'])

    assert items == [
        Whole(0, {"n": 1}),
        Skipped(8, 5000, Why.ZEROS),
        Whole(5008, {"n": 2}),
        Whole(5016, {"n": 3}),
    ]


def test_a_record_behind_more_zero_bytes_than_a_line_may_have_is_found() -> None:
    """A hole in a file is no long line, however long it is."""
    items = found([b'{"cut', bytes(500), bytes(500), b'{"n":2}\n'], longest=SHORT)

    assert items == [Skipped(0, 1005, Why.UNREADABLE), Whole(1005, {"n": 2})]


def test_a_line_that_is_too_long_is_skipped_in_little_memory() -> None:
    """Only its size and place are kept of a line over the limit, and the next line is read."""
    lines = Lines(longest=SHORT)

    told = [item for _ in range(100) for item in lines.feed(b"x" * SHORT)]
    held = sum(len(piece) for piece in lines._piece)
    told += lines.feed(b'\n{"n":1}\n')

    assert held <= SHORT
    assert told == [Skipped(0, 100 * SHORT, Why.TOO_LONG), Whole(100 * SHORT + 1, {"n": 1})]


def test_a_line_given_up_is_told_as_skipped() -> None:
    """Who stops in the middle of a line can say what was left out."""
    lines = Lines(longest=SHORT)
    lines.feed(b'{"n":1}\n' + b"x" * 100)

    assert lines.give_up() == [Skipped(8, 100, Why.TOO_LONG)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(b'\xef\xbb\xbf{"n":1}', {"n": 1}, id="byte-order mark"),
        pytest.param(b'{"n":1}\r', {"n": 1}, id="CRLF"),
        pytest.param(b'{"n":"a\xffb\xc3"}', {"n": "a\ufffdb\ufffd"}, id="bad UTF-8"),
        pytest.param(b'{"n":"\xe2\x80\xa8"}', {"n": "\u2028"}, id="line separator"),
        pytest.param(rb'{"n":"\ud83d","\udc00":1}', {"n": "\ufffd", "\ufffd": 1}, id="lone surrogates"),
        pytest.param(rb'{"n":"\ud83d\ude00"}', {"n": "😀"}, id="surrogate pair"),
        pytest.param(b'{"n":"a\tb\x1bc"}', {"n": "a\tb\x1bc"}, id="raw control characters"),
        pytest.param(b'{"n":' + b"9" * 5000 + b"}", {"n": None}, id="integer of 5,000 digits"),
        pytest.param(
            b'{"n":1e999,"m":NaN,"o":-Infinity}', {"n": None, "m": None, "o": None}, id="no numbers"
        ),
        pytest.param(b'{"n":1.5}', {"n": 1.5}, id="float"),
    ],
)
def test_strange_but_readable_records_are_read(line: bytes, expected: Any) -> None:
    """What can be read is read, and can be passed on as strict JSON in UTF-8."""
    (item,) = found([line + b"\n"])

    assert isinstance(item, Whole)
    assert item.fields == expected
    json.dumps(item.fields, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"a":' * 200 + b"1" + b"}" * 200, id="deep"),
        pytest.param(b'{"a":' * 3000, id="deeper than the interpreter goes"),
        pytest.param(b'{"a":' + b"[" * 3000, id="deep list"),
        pytest.param(b"[1,2]", id="list"),
        pytest.param(b'"text"', id="text"),
        pytest.param(b"nonsense", id="nonsense"),
        pytest.param(b"}", id="brace"),
        pytest.param('{"n":1}'.encode("utf-16-le"), id="UTF-16"),
    ],
)
def test_what_is_no_record_is_told_once(line: bytes) -> None:
    """A line without a record makes one gap, and the lines around it are read."""
    items = found([b'{"n":1}\n' + line + b'\n{"n":2}\n'])

    assert fields(items) == [{"n": 1}, {"n": 2}]
    assert gaps(items) == [(8, len(line))]


def test_blank_lines_are_nothing() -> None:
    """Empty lines are no gaps."""
    assert found([b"\n\r\n  \t\n\n"]) == []


def test_a_hostile_line_takes_bounded_time() -> None:
    """A long line full of beginnings is given up instead of being tried at each of them."""
    line = b'{"a":[' * 300_000

    items = found([line + b'\n{"n":1}\n'], longest=len(line))

    assert fields(items) == [{"n": 1}]
    assert gaps(items) == [(0, len(line))]


@pytest.mark.parametrize("rubbish", [b"x\n", b"{\n", b"\0\n", b"\0x", b"{\0", b'{"\0', b"\0" * 3 + b"\r\n"])
def test_a_million_unreadable_pieces_are_few_gaps(rubbish: bytes) -> None:
    """The first ones are told each, the others as one; what comes after them is found."""
    count = 2**20 // len(rubbish)

    items = found([rubbish * count, b'\n{"a":1}\n{"b":'])

    assert fields(items) == [{"a": 1}]
    assert len(gaps(items)) <= 101
    first, last = gaps(items)[0], gaps(items)[-1]
    assert first[0] <= 2
    assert len(rubbish) * count - 2 <= last[0] + last[1] <= len(rubbish) * count + 1


def test_after_a_record_unreadable_lines_are_told_one_by_one_again() -> None:
    """Each damage of its own is told where it is."""
    items = found([b"x\n" * 500 + b'{"a":1}\n' + b"y\nz\n"])

    assert [size for _, size in gaps(items)[-3:]] == [2 * 399 + 1, 1, 1]
    assert len(gaps(items)) == 103


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_transcripts_are_read_whole(path: Path) -> None:
    """Every line that Claude Code has written is a record at its place."""
    text = path.read_bytes()

    items = found([text], longest=len(text))

    assert fields(items) == [json.loads(line) for line in text.splitlines()]
    assert all(text[item.at : item.at + 1] == b"{" for item in items)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('{"'.encode("utf-16"), "UTF-16"),
        ('{"'.encode("utf-16-be"), "UTF-16"),
        ('{"'.encode("utf-16-le"), "UTF-16"),
        ('{"'.encode("utf-32"), "UTF-32"),
        (b'\xef\xbb\xbf{"', None),
        (b'{"a"', None),
        (b"", None),
        (b"{\0\0\0", None),
    ],
)
def test_files_in_another_encoding_are_recognised(head: bytes, expected: str | None) -> None:
    """UTF-16 and UTF-32 are told by the first bytes; zero bytes alone are no encoding."""
    assert foreign_encoding(head) == expected
