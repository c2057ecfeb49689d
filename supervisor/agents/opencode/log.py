"""OpenCode's log file: which run serves which session, and which permission it asked for.

Nothing else tells a waiting permission without a port. All processes write into one file; each
line names its run, a random word that stands for one process.
"""

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

#: As much as is read of a log that we see for the first time: weeks of work.
_MOST_BYTES = 8 * 1024 * 1024
_MOST_RUNS = 500
_MOST_ASKED = 50
_FIELD = re.compile(r'([\w.]+)=("(?:[^"\\]|\\.)*"|\S*)')
_RUN = re.compile(r"^timestamp=(\S+) .*?\brun=(\w+) ")
#: Only lines with one of these are taken apart further.
_TELLING = ("message=asking ", 'message="creating instance" ', "message=loop ", "message=created ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A permission that OpenCode asked for; the log does not tell when it was answered."""

    at: float
    permission: str
    patterns: str

    @property
    def words(self) -> str:
        """What it waits for, as it would say it."""
        return f"{self.permission}: {self.patterns}" if self.patterns else self.permission


@dataclass(slots=True)
class LoggedRun:
    """What one process wrote about itself. Owner: the log that it stands in."""

    began_at: float
    directories: set[str] = field(default_factory=set)
    #: Sessions that it worked on, the last one last.
    sessions: dict[str, float] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)


class Log:
    """The log of one home, read on from where the last look ended."""

    def __init__(self, path: Path) -> None:
        """Nothing is read yet."""
        self._path = path
        self._file: tuple[int, int] | None = None
        self._offset = 0
        self._torn = b""
        self.runs: dict[str, LoggedRun] = {}

    def read(self) -> Mapping[str, LoggedRun]:
        """All runs, as the log tells of them by now; a log that is gone or was begun anew forgets them."""
        try:
            self._read()
        except (OSError, ValueError):
            self._forget(None)
        return self.runs

    def _read(self) -> None:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(self._path, flags), "rb") as file:  # noqa: PTH123 (a path would follow links)
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                return
            if (found.st_dev, found.st_ino) != self._file or found.st_size < self._offset:
                self._forget((found.st_dev, found.st_ino))
                self._offset = max(0, found.st_size - _MOST_BYTES)
            file.seek(self._offset)
            for line in self._lines(file.read(_MOST_BYTES)):
                self._take(line)

    def _forget(self, file: tuple[int, int] | None) -> None:
        self._file, self._offset, self._torn = file, 0, b""
        self.runs.clear()

    def _lines(self, chunk: bytes) -> Iterator[str]:
        self._offset += len(chunk)
        *whole, torn = (self._torn + chunk).split(b"\n")
        self._torn = torn[-65536:]
        return (line.decode("utf-8", "replace") for line in whole)

    def _take(self, line: str) -> None:
        if not (begun := _RUN.match(line)):
            return
        name = begun[2]
        if name not in self.runs:
            if (began_at := _time(begun[1])) is None:
                return
            self.runs[name] = LoggedRun(began_at)
            if len(self.runs) > _MOST_RUNS:
                del self.runs[next(iter(self.runs))]
        if any(words in line for words in _TELLING):
            fields = {name: _unquoted(value) for name, value in _FIELD.findall(line[:16384])}
            _learn(self.runs[name], fields, _time(begun[1]) or 0.0)


def _learn(run: LoggedRun, fields: Mapping[str, str], at: float) -> None:
    match fields.get("message"):
        case "creating instance":
            run.directories.add(fields.get("directory", ""))
        case "loop" | "created":
            session = fields.get("session.id") or fields.get("id") or ""
            run.sessions.pop(session, None)
            run.sessions[session] = at
        case "asking" if fields.get("permission"):
            patterns = _listed(fields.get("patterns", ""))
            run.asked.append(Asked(at=at, permission=fields["permission"], patterns=patterns))
            del run.asked[:-_MOST_ASKED]


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value.strip('"')


def _listed(patterns: str) -> str:
    try:
        found = json.loads(patterns)
    except (ValueError, RecursionError):
        return patterns
    return ", ".join(str(each) for each in found) if isinstance(found, list) else patterns


def _time(value: str | None) -> float | None:
    try:
        return datetime.fromisoformat(value or "").timestamp()
    except (ValueError, OverflowError):
        return None
