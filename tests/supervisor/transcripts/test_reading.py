"""Pages of a transcript, read backwards."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.core.model import Entry, EntryKind, Facts, Record, Sign
from supervisor.transcripts.lines import LONGEST_LINE, Lines
from supervisor.transcripts.reading import NEAR, Reader, folded, meaning
from supervisor.transcripts.tail import LineFile


def line(*says: str, **more: Any) -> bytes:
    """Write a record that says these."""
    return json.dumps({"says": says, **more}).encode() + b"\n"


def forwards(content: bytes, echo: Callable[[], Reader]) -> list[Entry]:
    """All entries of a file, as they are read from its beginning on."""
    reader = echo()
    return [entry for item in Lines().feed(content) for entry in meaning(item, reader).entries]


def backwards(file: LineFile, limit: int) -> Iterator[Sequence[Entry]]:
    """All pages of a file, the newest first."""
    before: int | None = None
    while True:
        page = file.page(before, limit)
        yield page.entries
        if page.before is None:
            return
        assert before is None or page.before < before
        before = page.before


def texts(entries: Sequence[Entry]) -> list[str]:
    """What they say."""
    return [entry.text for entry in entries]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.text("abc", max_size=3), max_size=3).map(lambda says: line(*says))
        | st.sampled_from([b"\n", b"junk\n", b'{"cut', b"\0\0\0", b"\r\n"])
        | st.integers(1, 3).map(lambda n: line("x" * (n * NEAR // 2))),
        max_size=12,
    ).map(b"".join),
    st.integers(1, 7),
)
def test_pages_backwards_hold_what_reading_forwards_gives(
    tmp_path: Path, echo: Callable[[], Reader], content: bytes, limit: int
) -> None:
    """Nothing is left out between two pages, nothing is on both, and numbers are the same."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)

    pages = list(backwards(LineFile(path, echo), limit))

    entries = [entry for page in reversed(pages) for entry in page]
    expected = forwards(content, echo)
    assert [(e.seq, e.text) for e in entries] == [(e.seq, e.text) for e in expected]
    assert all(len(page) <= limit for page in pages)


def test_a_page_may_begin_within_a_record(tmp_path: Path, echo: Callable[[], Reader]) -> None:
    """A record with more entries than fit on a page is divided."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line("a", "b", "c", "d"))
    file = LineFile(path, echo)

    newest = file.page(None, 3)

    assert texts(newest.entries) == ["b", "c", "d"]
    assert texts(file.page(newest.before, 3).entries) == ["a"]


def test_a_reader_is_given_the_first_record_first(tmp_path: Path, echo: Callable[[], Reader]) -> None:
    """What the beginning says is known on every page, and not shown there."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line("first") + line("x" * NEAR) + line("last"))

    (last,) = LineFile(path, echo).page(None, 1).entries

    assert (last.text, last.id) == ("last", "2")


def test_a_torn_line_is_on_no_page(tmp_path: Path, echo: Callable[[], Reader]) -> None:
    """What is still being written is not shown half."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line("a") + line("b")[:-3])

    assert texts(LineFile(path, echo).page(None, 9).entries) == ["a"]


def test_an_empty_page_is_the_last(tmp_path: Path, echo: Callable[[], Reader]) -> None:
    """Before the first entry there is nothing, and a page of nothing asks for no other."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line("a"))
    file = LineFile(path, echo)

    assert file.page(0, 9).before is None
    assert file.page(-1, 9).entries == ()
    assert file.page(5, 0).before == 5


def test_a_long_line_is_one_notice_on_its_page(tmp_path: Path, echo: Callable[[], Reader]) -> None:
    """A line of 50 MB says how large it is; the entries around it are there."""
    path = tmp_path / "a.jsonl"
    start, size = line("a"), 50_000_000
    path.write_bytes(start + b"x" * size + b"\n" + line("b"))

    entries = [entry for page in backwards(LineFile(path, echo), 2) for entry in reversed(page)]

    assert [entry.kind for entry in entries] == [EntryKind.TEXT, EntryKind.NOTICE, EntryKind.TEXT]
    assert "50,000,000 bytes" in entries[1].text
    assert entries[1].seq == len(start)


def test_few_entries_in_much_text_come_in_smaller_pages(tmp_path: Path, echo: Callable[[], Reader]) -> None:
    """A page that would have to read very far back is cut short, and the next one goes on."""
    path = tmp_path / "a.jsonl"
    long = LONGEST_LINE - 100
    path.write_bytes(b"".join(line(str(n), pad="x" * long) for n in range(4)))

    pages = [texts(page) for page in backwards(LineFile(path, echo), 50)]

    assert len(pages) > 1
    assert [text for page in reversed(pages) for text in page] == ["0", "1", "2", "3"]


def test_a_huge_hole_is_paged_in_bounded_steps(tmp_path: Path, echo: Callable[[], Reader]) -> None:
    """A sparse file of a terabyte gives a page at once, and a notice of what it left out."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line("a"))
    with path.open("r+b") as file:
        file.truncate(1 << 40)
        file.seek(0, 2)
        file.write(line("b"))

    newest = LineFile(path, echo).page(None, 10)
    older = LineFile(path, echo).page(newest.before, 10)

    assert [entry.kind for entry in newest.entries] == [EntryKind.NOTICE, EntryKind.TEXT]
    assert [entry.kind for entry in older.entries] == [EntryKind.NOTICE]
    assert older.before is not None


def test_folding_keeps_the_last_of_everything() -> None:
    """Later facts win, unknown ones do not; the last entry and sign stay."""
    records = [
        Record(facts=Facts(title="a", cwd="/x"), sign=Sign.WORKING, at=1.0),
        Record(facts=Facts(title="b"), at=2.0),
        Record(sign=Sign.IDLE),
        Record(),
    ]

    assert folded(records) == Record(facts=Facts(title="b", cwd="/x"), sign=Sign.IDLE, at=2.0)


@pytest.mark.parametrize("size", [0, 1])
def test_a_file_with_nothing_in_it_has_an_empty_page(
    tmp_path: Path, echo: Callable[[], Reader], size: int
) -> None:
    """An empty file and one with a line feed have no entries."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n" * size)

    assert LineFile(path, echo).page(None, 9).entries in ((), [])
