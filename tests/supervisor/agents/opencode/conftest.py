"""Homes of OpenCode, made again from what the real program wrote (1.18.33)."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(__file__).parents[3] / "data" / "opencode"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty data folder of OpenCode."""
    folder = tmp_path / "opencode"
    (folder / "log").mkdir(parents=True)
    return folder


@pytest.fixture
def recorded(home: Path) -> Iterator[Callable[[str], sqlite3.Connection]]:
    """Fills the home from a recording by its name, and gives the writer's connection to it."""
    writers = []

    def fill(name: str) -> sqlite3.Connection:
        recording = json.loads((RECORDED / f"{name}.json").read_text())
        writer = sqlite3.connect(home / "opencode.db", isolation_level=None)
        writer.execute("PRAGMA journal_mode = WAL")
        for statement in recording.get("schema") or _schema():
            writer.execute(statement)
        for table, rows in recording.get("rows", recording).items():
            for row in rows:
                insert(writer, table, row)
        writers.append(writer)
        return writer

    yield fill
    for writer in writers:
        writer.close()


@pytest.fixture
def logged(home: Path) -> Path:
    """The recorded log, in place."""
    return Path(shutil.copy(RECORDED / "opencode.log", home / "log" / "opencode.log"))


def _schema() -> list[str]:
    name = "tools-denied-interrupted-failed.json"
    return list(json.loads((RECORDED / name).read_text())["schema"])


def insert(writer: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    """Write a row by the names of its columns."""
    columns, places = ", ".join(row), ", ".join("?" for _ in row)
    writer.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", tuple(row.values()))


class Replay:
    """The recorded session, written again event by event as OpenCode does, tables and all."""

    def __init__(self, writer: sqlite3.Connection, recording: dict[str, Any]) -> None:
        """An empty session to begin with."""
        self.writer = writer
        self.events: list[dict[str, Any]] = sorted(recording["rows"]["event"], key=lambda event: event["seq"])
        self.written = 0
        for table in ("session", "event_sequence"):
            for row in recording["rows"][table]:
                insert(writer, table, row)

    def write(self, count: int = 1) -> None:
        """The next events, each in a transaction of its own."""
        for event in self.events[self.written : self.written + count]:
            self.writer.execute("BEGIN")
            insert(self.writer, "event", event)
            self._apply(json.loads(event["data"]), event["type"])
            self.writer.execute("COMMIT")
            self.written += 1

    def _apply(self, data: dict[str, Any], kind: str) -> None:
        if kind.startswith("message.part.updated."):
            self._upsert("part", data["part"], data["time"], {"message_id": data["part"]["messageID"]})
        elif kind.startswith("message.updated."):
            times = data["info"]["time"]
            self._upsert("message", data["info"], times.get("completed", times["created"]), {})

    def _upsert(self, table: str, found: dict[str, Any], at: int, more: dict[str, Any]) -> None:
        stored = {key: value for key, value in found.items() if key not in ("id", "sessionID", "messageID")}
        row = {"id": found["id"], "session_id": found["sessionID"], **more}
        row |= {"time_created": at, "time_updated": at, "data": json.dumps(stored)}
        known = self.writer.execute(f"SELECT 1 FROM {table} WHERE id = ?", (found["id"],)).fetchone()
        if known:
            change = f"UPDATE {table} SET data = ?, time_updated = ? WHERE id = ?"
            self.writer.execute(change, (row["data"], at, found["id"]))
        else:
            insert(self.writer, table, row)


@pytest.fixture
def replay(home: Path) -> Iterator[Replay]:
    """The recorded session, not yet written."""
    recording = json.loads((RECORDED / "tools-denied-interrupted-failed.json").read_text())
    writer = sqlite3.connect(home / "opencode.db", isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    for statement in recording["schema"]:
        writer.execute(statement)
    yield Replay(writer, recording)
    writer.close()
