"""A transcript that is followed while somebody else writes, breaks and replaces it."""

import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.agents.base import History, OpenLines
from supervisor.core.model import Entry, EntryKind, Facts, Record, Role, Sign
from supervisor.transcripts.reading import NEAR, Reader
from supervisor.transcripts.tail import LineFile
from tests.lab.waiting import until

MiB = 1024 * 1024

# Appends numbered lines: every other one in two writes when *torn*.
WRITER = """
import os, sys
path, name, count, torn = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "torn"
file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
for number in range(count):
    line = b'{"says":["%s-%d"],"pad":"%s"}\\n' % (name.encode(), number, b"x" * (number % 700))
    cut = len(line) // 2 if torn and number % 2 else 0
    os.write(file, line[:cut])
    os.write(file, line[cut:])
"""


def line(*says: str, **more: Any) -> bytes:
    """Write a record that says these."""
    return json.dumps({"says": says, **more}).encode() + b"\n"


def append(path: Path, content: bytes) -> None:
    """Write to the end, as an agent does."""
    with path.open("ab") as file:
        file.write(content)


def entries(records: Sequence[Record]) -> list[Entry]:
    """All entries of these records."""
    return [entry for record in records for entry in record.entries]


def texts(records: Sequence[Record]) -> list[str]:
    """What they say."""
    return [entry.text for entry in entries(records)]


def notices(records: Sequence[Record]) -> list[str]:
    """What is said of the file in them."""
    return [entry.text for entry in entries(records) if entry.kind is EntryKind.NOTICE]


def collect(file: LineFile, seen: list[str]) -> list[str]:
    """Add to *seen* what is new in the file."""
    seen += texts(file.more())
    return seen


def everything(file: LineFile) -> list[Record]:
    """Ask for more until there is nothing."""
    told: list[Record] = []
    while portion := file.more():
        told += portion
    return told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the transcript is, or will be."""
    return tmp_path / "a.jsonl"


@pytest.fixture
def file(path: Path, echo: Callable[[], Reader]) -> LineFile:
    """The transcript, followed."""
    return LineFile(path, echo)


@pytest.fixture
def write(path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start programs that append numbered lines to the transcript."""
    with_them: list[subprocess.Popen[bytes]] = []

    def start(name: str, count: int, torn: str = "whole") -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-c", WRITER, str(path), name, str(count), torn]
        with_them.append(subprocess.Popen(argv))
        return with_them[-1]

    yield start
    for writer in with_them:
        writer.kill()
        writer.wait()


def test_it_is_what_agents_need(path: Path, echo: Callable[[], Reader]) -> None:
    """It opens files of lines for the agents' modules, and is the history that they hand on."""
    open_lines: OpenLines = LineFile

    history: History = open_lines(path, echo)

    history.close()


def test_recent_tells_the_beginning_and_the_end(path: Path, file: LineFile) -> None:
    """The first record's facts, the last facts, the last sign and the last entry."""
    path.write_bytes(
        line("first", title="a", cwd="/x")
        + line("middle", sign="working", at=5.0)
        + line("x" * 5 * NEAR)
        + line("last", title="b")
        + line(sign="idle")
    )

    recent = file.recent()

    assert recent.facts == Facts(title="b", cwd="/x")
    assert recent.sign is Sign.IDLE
    assert [entry.text for entry in recent.entries] == ["last"]
    assert file.more() == []


def test_recent_looks_further_back_until_something_is_said(path: Path, file: LineFile) -> None:
    """Records without entries at the end do not hide the last entry."""
    path.write_bytes(line("first") + line("last") + line(pad="x" * 20 * NEAR))

    assert [entry.text for entry in file.recent().entries] == ["last"]


def test_what_is_appended_is_told_once(path: Path, file: LineFile) -> None:
    """Each entry comes once, with the number that a page gives it."""
    path.write_bytes(line("a"))
    file.recent()

    append(path, line("b", "c"))
    told = entries(file.more())

    assert [entry.text for entry in told] == ["b", "c"]
    assert [entry.seq for entry in told] == [entry.seq for entry in file.page(None, 2).entries]
    assert file.more() == []
    assert not file.replaced()


def test_without_a_first_look_everything_is_told(path: Path, file: LineFile) -> None:
    """Who only asks for more gets it from the beginning."""
    path.write_bytes(line("a") + line("b"))

    assert texts(file.more()) == ["a", "b"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.lists(st.integers(0, 200), max_size=5), st.integers(0, 3))
def test_growing_in_any_steps_changes_nothing(
    tmp_path: Path, echo: Callable[[], Reader], mess: bytes, cuts: list[int], at: int
) -> None:
    """However a file grows, the same is told as if it had been there at once."""
    parts = [line("a"), mess + b"\n", line("b", "c"), line("d")]
    content = b"".join([*parts[at:], *parts[:at]])
    edges = sorted({0, *(min(cut, len(content)) for cut in cuts), len(content)})
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"")
    file = LineFile(path, echo)

    grown: list[Record] = []
    for begin, end in pairwise(edges):
        append(path, content[begin:end])
        grown += file.more()

    assert grown == LineFile(path, echo).more()


def test_a_file_may_come_later(path: Path, file: LineFile) -> None:
    """Agents make the transcript at the first prompt; until then there is nothing, and no notice."""
    assert file.recent() == Record()
    assert file.more() == []
    assert file.page(None, 9).entries == ()

    path.write_bytes(line("a"))

    assert texts(file.more()) == ["a"]
    assert not file.replaced()


def test_a_torn_line_may_be_taken_back(path: Path, file: LineFile) -> None:
    """An agent that repairs the end of its file loses and doubles nothing."""
    path.write_bytes(line("a") + b'{"says":["to')
    file.recent()

    with path.open("r+b") as torn:
        torn.truncate(len(line("a")))
    append(path, line("b"))

    assert texts(file.more()) == ["b"]
    assert not file.replaced()


def test_zero_bytes_written_ahead_are_written_over(path: Path, file: LineFile) -> None:
    """Space that was reserved at the end of a file is no gap when records take its place."""
    path.write_bytes(line("a") + bytes(4096))
    file.recent()

    with path.open("r+b") as reserved:
        reserved.seek(len(line("a")))
        reserved.write(line("b"))

    assert texts(file.more()) == ["b"]
    assert not file.replaced()


@pytest.mark.parametrize("size", ["shorter", "longer"])
def test_a_file_written_anew_in_place_is_told(path: Path, file: LineFile, size: str) -> None:
    """Truncated and grown again: the numbers have lost their meaning, and what is new is told."""
    path.write_bytes(line("a") + line("b"))
    file.recent()
    again = [line("c")] if size == "shorter" else [line("c"), line("d"), line("e" * 100)]

    path.write_bytes(b"".join(again))
    told = file.more()

    assert len(notices(told)) == 1
    assert texts(told)[1:] == ["c", "d", "e" * 100][: len(again)]
    assert file.replaced()
    assert not file.replaced()


def test_a_changed_middle_is_noticed_by_what_follows_it(path: Path, file: LineFile) -> None:
    """The same beginning with another continuation is another file."""
    path.write_bytes(line("a" * 2000) + line("b"))
    file.recent()

    path.write_bytes(line("a" * 2000) + line("c") + line("d"))

    assert texts(file.more())[1:] == ["a" * 2000, "c", "d"]
    assert file.replaced()


def test_a_file_replaced_by_another_is_told(path: Path, file: LineFile) -> None:
    """Renaming another file over it starts over, even if that one begins the same."""
    path.write_bytes(line("a"))
    file.recent()
    other = path.with_name("new")
    other.write_bytes(line("a") + line("b"))

    other.rename(path)
    told = file.more()

    assert "replaced" in notices(told)[0]
    assert texts(told)[1:] == ["a", "b"]
    assert file.replaced()


def test_a_rotated_file_goes_on_in_the_new_one(path: Path, file: LineFile) -> None:
    """The old file's name is gone, and the new file is followed from its beginning."""
    path.write_bytes(line("a"))
    file.recent()

    path.rename(path.with_name("a.jsonl.1"))
    path.write_bytes(line("b"))

    assert texts(file.more())[1:] == ["b"]
    assert file.replaced()


def test_a_deleted_file_is_told_once_and_may_come_back(path: Path, file: LineFile) -> None:
    """Deletion is a notice; what is made in its place is read from the beginning."""
    path.write_bytes(line("a"))
    file.recent()

    path.unlink()
    assert "deleted" in notices(file.more())[0]
    assert file.replaced()
    assert file.more() == []

    path.write_bytes(line("b"))
    assert texts(file.more()) == ["b"]


def test_a_deleted_folder_is_a_deleted_file(path: Path, echo: Callable[[], Reader]) -> None:
    """Whatever vanishes on the way, and whatever comes in its place."""
    nested = path.parent / "project" / "a.jsonl"
    nested.parent.mkdir()
    nested.write_bytes(line("a"))
    file = LineFile(nested, echo)
    file.recent()

    nested.unlink()
    nested.parent.rmdir()
    nested.parent.write_bytes(b"a file now")

    assert "deleted" in notices(file.more())[0]
    assert file.more() == []


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX'")
def test_a_file_made_unreadable_goes_on_when_it_is_readable_again(
    ordinary_user: Path, echo: Callable[[], Reader]
) -> None:
    """Nothing is lost while the permission is away, and it is said once that it is."""
    path = ordinary_user / "a.jsonl"
    path.write_bytes(line("a"))
    file = LineFile(path, echo)
    file.recent()

    append(path, line("b"))
    path.chmod(0)
    away = [file.more(), file.more()]
    path.chmod(0o600)

    assert "Permission denied" in notices(away[0])[0]
    assert away[1] == []
    assert texts(file.more()) == ["b"]
    assert not file.replaced()


@pytest.mark.parametrize("kind", ["fifo", "link", "second name"])
def test_what_is_no_transcript_is_a_notice(path: Path, file: LineFile, kind: str) -> None:
    """A FIFO, a link to a secret or a hard link blocks nothing and shows nothing."""
    if sys.platform == "win32":
        pytest.skip("FIFOs and links are POSIX'")
    secret = path.with_name("secret")
    secret.write_bytes(line("secret"))
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(secret)
    else:
        path.hardlink_to(secret)

    told = [*file.recent().entries, *file.page(None, 9).entries, *entries(file.more())]

    assert [entry.kind for entry in told] == [EntryKind.NOTICE] * 2
    assert "secret" not in "".join(entry.text for entry in told)


def test_a_file_in_another_encoding_is_a_notice(path: Path, file: LineFile) -> None:
    """UTF-16 is named, once, and nothing crashes."""
    path.write_bytes(('{"says":["a"]}\n' * 100).encode("utf-16"))

    assert "UTF-16" in file.recent().entries[0].text
    assert file.more() == []
    assert "UTF-16" in file.page(None, 9).entries[0].text


def test_a_record_that_was_cut_and_the_next_one(path: Path, file: LineFile) -> None:
    """The record after a cut one on its line is told, and the gap before it, in order."""
    path.write_bytes(line("a"))
    file.recent()

    append(path, line("cut")[:-6] + line("b") + line("c"))
    told = entries(file.more())

    assert [entry.kind for entry in told] == [EntryKind.NOTICE, EntryKind.TEXT, EntryKind.TEXT]
    assert [entry.seq for entry in told] == sorted(entry.seq for entry in told)


def test_a_writer_that_tears_its_lines_is_followed(
    file: LineFile, write: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """Every line of a real program that writes half lines comes once, in order."""
    write("w", 2000, "torn")
    seen: list[str] = []

    until(lambda: len(collect(file, seen)) >= 2000)

    assert seen == [f"w-{number}" for number in range(2000)]


def test_two_writers_at_once_lose_nothing(
    file: LineFile, write: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """Two programs that append whole lines to one file: every line once, each one's in order."""
    write("one", 1500)
    write("two", 1500)
    seen: list[str] = []

    until(lambda: len(collect(file, seen)) >= 3000)

    for name in ("one", "two"):
        assert [text for text in seen if text.startswith(name)] == [f"{name}-{n}" for n in range(1500)]


def test_a_writer_killed_while_it_writes_leaves_what_was_whole(
    path: Path, file: LineFile, write: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """After kill -9 all whole lines are there, and the next program's lines are not lost."""
    seen: list[str] = []
    writer = write("w", 10_000_000, "torn")
    until(lambda: len(collect(file, seen)) >= 100)

    writer.kill()
    writer.wait()
    seen += texts(everything(file))
    append(path, line("after"))
    last = entries(file.more())

    lines = path.read_bytes().split(b"\n")
    whole = [one for one in lines if one.startswith(b'{"says":["w') and one.endswith(b'"}')]
    assert seen == [json.loads(one)["says"][0] for one in whole]
    assert last[-1].text == "after"
    assert len(last) <= 2


def test_a_line_of_200_mb_takes_little_memory(path: Path, file: LineFile) -> None:
    """One line of any length is one notice, and costs at most 64 MiB."""
    with path.open("wb") as large:
        large.write(line("a"))
        for _ in range(200):
            large.write(b"x" * MiB)
        large.write(b"\n" + line("b"))
    tracemalloc.start()

    told = entries(everything(file))
    newest = file.page(None, 10)
    older = file.page(newest.before, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 64 * MiB
    assert [entry.kind for entry in told] == [EntryKind.TEXT, EntryKind.NOTICE, EntryKind.TEXT]
    assert [e.seq for e in (*older.entries, *newest.entries)] == [e.seq for e in told]


def test_a_large_record_below_the_limit_is_read(path: Path, file: LineFile) -> None:
    """A picture of some megabytes in a record is no reason to skip it."""
    path.write_bytes(line("a") + line("picture", pad="x" * 7 * MiB))

    assert [entry.text for entry in file.recent().entries] == ["picture"]


def test_much_at_once_comes_in_portions(path: Path, file: LineFile) -> None:
    """Asked again and again, it gives all, without having all in memory at once."""
    path.write_bytes(b"".join(line(str(n), pad="x" * 1000) for n in range(30_000)))

    portions = []
    while portion := file.more():
        portions.append(texts(portion))

    assert len(portions) > 1
    assert [text for portion in portions for text in portion] == [str(n) for n in range(30_000)]


def test_a_terabyte_of_hole_is_left_out(path: Path, file: LineFile) -> None:
    """A sparse file is not read to its end; it is said what was left out, and it is followed on."""
    path.write_bytes(line("a"))
    file.recent()
    with path.open("r+b") as sparse:
        sparse.truncate(1 << 40)
    append(path, b"\n" + line("b"))

    told = entries(everything(file))

    assert told[0].kind is EntryKind.NOTICE
    assert told[-1].text == "b"
    append(path, line("c"))
    assert texts(file.more()) == ["c"]


def test_closing_forgets_the_place(path: Path, file: LineFile) -> None:
    """A closed history begins anew if it is asked again, and holds no descriptor."""
    path.write_bytes(line("a"))
    file.more()

    file.close()

    assert texts(file.more()) == ["a"]


def test_what_has_no_title_is_called_by_its_first_prompt(tmp_path: Path) -> None:
    """Also when the conversation has gone on for long since, and only its end is read."""

    def reader() -> Callable[[Mapping[str, Any]], Record]:
        return lambda fields: Record(
            entries=(
                Entry(
                    seq=0, id="", at=None, role=Role(fields["role"]), kind=EntryKind.TEXT, text=fields["text"]
                ),
            )
        )

    path = tmp_path / "t.jsonl"
    said = [("system", "you are"), ("user", "\nmend the tests\n"), *[("assistant", "x" * 2000)] * 500]
    path.write_text("".join(json.dumps({"role": role, "text": text}) + "\n" for role, text in said))

    recent = LineFile(path, reader).recent()

    assert recent.facts is not None
    assert recent.facts.title == "mend the tests"
    assert recent.entries[-1].text == "x" * 2000
