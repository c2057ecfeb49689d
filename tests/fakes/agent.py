"""An agent as small as one can be: a file for each live session, and a file of lines for its words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from supervisor.agents.base import Concern, History, OpenLines, Processes, Reader, Watched
from supervisor.agents.steering import Ear, Line, Steering
from supervisor.core.model import (
    Entry,
    EntryKind,
    Facts,
    Record,
    Resume,
    Role,
    Run,
    Sighting,
    Sign,
    Transcript,
)


class SmallAgent:
    """Fits ``Agent``. What its feed says, and what goes wrong in it, is up to the test."""

    def __init__(self, name: str = "small") -> None:
        self.name = name
        self.title = name.capitalize()
        self.says: list[tuple[str, Sign, str | None]] = []
        self.steering = _Steering(self)
        self.fault: Exception | None = None

    def home(self, environment: Mapping[str, str], user_home: Path) -> Path:
        """Below the user's home."""
        del environment
        return user_home / self.name

    def watched(self, home: Path) -> Sequence[Watched]:
        """Both folders."""
        return (Watched(home / "alive"), Watched(home / "words"))

    def concern(self, home: Path, changed: Path) -> tuple[Concern, str | None]:
        """By the folder."""
        if changed.parent == home / "alive":
            return Concern.LIVE, None
        if changed.parent == home / "words":
            return Concern.TRANSCRIPT, changed.stem
        return Concern.NOTHING, None

    def look(self, home: Path, processes: Processes) -> Sequence[Sighting]:
        """Every file in ``alive`` is a session; its text is the PID."""
        del processes
        if self.fault:
            raise self.fault
        return tuple(
            Sighting(
                agent=self.name,
                session_id=file.stem,
                run=Run(int(file.read_text()), 1.0),
                alive=True,
                transcript=str(words_of(home, file.stem)),
            )
            for file in sorted((home / "alive").glob("*"))
        )

    def transcripts(self, home: Path) -> Iterator[Transcript]:
        """Every file in ``words``; ``a-of-b`` is a side conversation of ``b``."""
        for file in (home / "words").glob("*.jsonl"):
            _, _, parent = file.stem.partition("-of-")
            seen = file.stat()
            yield Transcript(
                agent=self.name,
                session_id=file.stem,
                where=str(file),
                changed_at=seen.st_mtime,
                size=seen.st_size,
                parent_id=parent or None,
            )

    def find(self, home: Path, session_id: str) -> Transcript | None:
        """By its name."""
        return next((t for t in self.transcripts(home) if t.session_id == session_id), None)

    def open(self, transcript: Transcript, lines: OpenLines) -> History:
        """A file of lines."""
        return lines(Path(transcript.where), self._reader)

    def resume(self, session_id: str, cwd: str | None) -> Resume | None:
        """Its command."""
        return Resume(argv=(self.name, "--resume", session_id), cwd=cwd)

    def _reader(self) -> Reader:
        return _meaning


def _meaning(line: Mapping[str, Any]) -> Record:
    text = str(line.get("text"))
    entry = Entry(seq=0, id=text, at=None, role=Role.USER, kind=EntryKind.TEXT, text=text)
    return Record(entries=(entry,), facts=Facts(cwd=line.get("cwd")), at=line.get("at"))


def words_of(home: Path, session_id: str) -> Path:
    """The transcript of a session."""
    return home / "words" / f"{session_id}.jsonl"


def lives(home: Path, session_id: str, pid: int = 1) -> Path:
    """A process serves this session now."""
    file = home / "alive" / session_id
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(pid))
    return file


def write(home: Path, session_id: str, *texts: str, **fields: Any) -> Path:
    """Append a line for each of *texts*."""
    file = words_of(home, session_id)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        out.writelines(json.dumps({"text": text, **fields}) + "\n" for text in texts)
    return file


class _Steering(Steering):
    """Its feed says what the test wants, and hangs up."""

    def __init__(self, agent: SmallAgent) -> None:
        self._agent = agent

    def line(self, home: Path, processes: Processes) -> Line:
        """That feed."""
        del home, processes
        return _Line(self._agent)


class _Line(Line):
    def __init__(self, agent: SmallAgent) -> None:
        self._agent = agent

    async def listen(self, ear: Ear) -> None:
        """Say what is to be said, and hang up."""
        for told in self._agent.says:
            ear.turn(*told)
