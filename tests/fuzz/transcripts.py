"""Malformed conversations: lines for every agent's reader, files that are broken while they are followed."""

import contextlib
import dataclasses
import json
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from supervisor.agents.base import Agent, History
from supervisor.agents.catalog import AGENTS
from supervisor.agents.opencode.history import Conversation
from supervisor.core.model import Page, Record, Transcript
from supervisor.remote import wire
from supervisor.transcripts.lines import Lines
from supervisor.transcripts.reading import Reader, meaning
from supervisor.transcripts.tail import LineFile
from tests.fuzz import malform

RECORDED: Final = Path(__file__).parents[1] / "data"
SESSION: Final = "11111111-2222-4333-8444-555555555555"
#: Characters; no line of a recording has so many in one entry.
_LONGEST_TEXT: Final = 9 * 2**20
#: Bytes after which a file is begun anew.
_LARGEST_FILE: Final = 512 * 1024
#: By agents whose conversations are files of lines.
LINES: Final[Mapping[str, str]] = {
    "claude": "claude/transcripts/*.jsonl",
    "codex": "codex/*.jsonl",
    "copilot": "copilot/*.jsonl",
    "gemini": "gemini/*.jsonl",
    "qwen": "qwen/*.jsonl",
}


def recorded(pattern: str) -> Sequence[bytes]:
    """All lines of these recordings that are not out of all measure."""
    found = (line for path in sorted(RECORDED.glob(pattern)) for line in path.read_bytes().splitlines())
    return [line for line in found if line.startswith(b"{") and len(line) < 64 * 1024]


def reader_of(agent: Agent) -> Callable[[], Reader]:
    """How this agent reads the lines of a conversation."""
    kept: list[Callable[[], Reader]] = []

    def lines(path: Path, reader: Callable[[], Reader]) -> History:
        kept.append(reader)
        return LineFile(path, reader)

    where = f"/nowhere/{SESSION}.jsonl"
    agent.open(Transcript(agent=agent.name, session_id=SESSION, where=where, size=0, changed_at=0.0), lines)
    return kept[0]


def check(record: Record) -> None:
    """What was read can be sent to every screen: text that is text, numbers that are numbers."""
    for entry in record.entries:
        assert len(entry.text) < _LONGEST_TEXT
        entry.text.encode()
        wire.encode(wire.entry(entry, wire.PAGE_TEXT))
    if record.facts:
        wire.encode(dataclasses.asdict(record.facts))
    wire.encode(wire.time(record.at))


def conversation(name: str) -> Callable[[Path], Callable[[Random], None]]:
    """Lines of one agent, one after the other, through cutter and reader."""
    agent, known = AGENTS[name], recorded(LINES[name])

    def begin(_folder: Path) -> Callable[[Random], None]:
        lines, reader = Lines(longest=256 * 1024), reader_of(agent)()

        def take(dice: Random) -> None:
            made = malform.line(dice, dice.choice(known))
            for piece in malform.pieces(dice, made):
                for item in lines.feed(piece):
                    check(meaning(item, reader))

        return take

    return begin


def files(folder: Path) -> Callable[[Random], None]:
    """A conversation that is followed and paged while its file is broken in every way."""
    known, path = recorded(LINES["claude"]), folder / f"{SESSION}.jsonl"
    history = LineFile(path, reader_of(AGENTS["claude"]), root=folder)
    calls: Sequence[Callable[[Random], object]] = (
        lambda _: check(history.recent()),
        lambda _: _check_all(history.more()),
        lambda _: _check_all(history.more()),
        lambda dice: _check_page(
            history.page(dice.choice((None, 0, 1, 999, 10**18)), dice.choice((0, 1, 50)))
        ),
        lambda _: history.replaced(),
    )

    def take(dice: Random) -> None:
        dice.choice(_BREAKS)(dice, path, malform.line(dice, dice.choice(known)))
        dice.choice(calls)(dice)

    return take


def _check_all(records: Sequence[Record]) -> None:
    for record in records:
        check(record)


def _check_page(page: Page) -> None:
    numbers = [entry.seq for entry in page.entries]
    assert numbers == sorted(numbers)
    wire.encode(wire.page(page))


def _append(_dice: Random, path: Path, made: bytes) -> None:
    if not path.is_file() or path.is_symlink() or path.stat().st_size > _LARGEST_FILE:
        _remove(_dice, path, made)
    with path.open("ab") as file:
        file.write(made)


def _cut_short(dice: Random, path: Path, _made: bytes) -> None:
    if path.is_file() and not path.is_symlink():
        os.truncate(path, dice.randrange(path.stat().st_size + 2))


def _write_over(dice: Random, path: Path, made: bytes) -> None:
    if not path.is_file() or path.is_symlink():
        return
    with path.open("r+b") as file:
        file.seek(dice.randrange(path.stat().st_size + 2))
        file.write(made)


def _replace(dice: Random, path: Path, made: bytes) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(made * dice.choice((1, 3)))
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    other.replace(path)


def _remove(_dice: Random, path: Path, _made: bytes) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    path.unlink(missing_ok=True)


def _be_something_else(dice: Random, path: Path, made: bytes) -> None:
    _remove(dice, path, made)
    ways: Sequence[Callable[[], object]] = (
        path.mkdir,
        lambda: path.symlink_to("/dev/zero"),
        lambda: path.symlink_to(path),
        lambda: os.mkfifo(path),
    )
    dice.choice(ways)()


_BREAKS: Final = (
    *(_append, _append, _append, _append, _append, _append),
    *(_cut_short, _write_over, _replace, _remove, _be_something_else),
)


def database(folder: Path) -> Callable[[Random], None]:
    """OpenCode's conversation, with wrong values in its database."""
    recording = json.loads((RECORDED / "opencode" / "tools-denied-interrupted-failed.json").read_text())
    writer = sqlite3.connect(folder / "opencode.db", isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA synchronous = OFF")
    for statement in recording["schema"]:
        writer.execute(statement)
    for table, rows in recording["rows"].items():
        for row in rows:
            places = ", ".join("?" for _ in row)
            writer.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values()))
    opened = Conversation(folder / "opencode.db", recording["rows"]["session"][0]["id"])
    opened.recent()

    def take(dice: Random) -> None:
        table = dice.choice([name for name, rows in recording["rows"].items() if rows])
        row = dice.choice(recording["rows"][table])
        _spoil(dice, writer, table, row)
        _look(dice, opened)
        _mend(writer, table, row)

    return take


def _spoil(dice: Random, writer: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    key, *columns = row
    column = dice.choice(columns)
    known = row[column]
    is_json = isinstance(known, str) and known.startswith(("{", "["))
    odd = dice.choice(
        (None, -1, 2**62, 1e308, float("inf"), "", "\0", b"\xff\0", "x" * 5000, "{", "[" * 9999)
    )
    made: Any = malform.document(dice, known) if is_json and dice.random() < 0.8 else odd
    if isinstance(made, bytes) and dice.random() < 0.9:
        made = made.decode("utf-8", "replace")
    with contextlib.suppress(sqlite3.Error):
        writer.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (made, row[key]))


def _mend(writer: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    key, places = next(iter(row)), ", ".join(f"{name} = ?" for name in row)
    writer.execute(f"UPDATE {table} SET {places} WHERE {key} = ?", (*row.values(), row[key]))


def _look(dice: Random, opened: Conversation) -> None:
    if dice.random() < 0.4:
        check(opened.recent())
    for record in opened.more():
        check(record)
    if dice.random() < 0.4:
        wire.encode(wire.page(opened.page(dice.choice((None, 0, 5, 2**44 + 9, 2**62)), 20)))
    opened.replaced()
