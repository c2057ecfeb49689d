"""Where Gemini CLI keeps what it knows: conversations by project, under a short name for each folder.

A conversation that is resumed in another minute than it began gets a second file, a stub with nothing in
it. At its next start Gemini takes that for an empty session and deletes every file of it, the conversation
too. So a stub is taken away here as soon as it has done its service: the one thing that we delete.
"""

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from supervisor.agents.fields import mapping, moment, parsed, sequence, short
from supervisor.agents.regular import opened
from supervisor.core.model import Transcript

AGENT: Final = "gemini"
PACKAGE: Final = "@google/gemini-cli"

SESSION_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FILE: Final = re.compile(r"session-[0-9T-]{10,20}-([0-9a-fA-F]{8})\.jsonl")
_LONGEST_HEAD: Final = 16 * 1024
#: A stub holds what the model is told of the machine, and nothing else.
_LARGEST_STUB: Final = 256 * 1024
_LONGEST_ROOT: Final = 8192
CONTEXT: Final = "<session_context>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One file of a conversation, by its first line. *root*: the folder that it belongs to."""

    path: Path
    session_id: str
    began_at: float
    changed_at: float
    size: int
    root: str | None
    is_own: bool


#: What is known of files as they were: a first line never changes. Owner: ``chats``.
_heads: dict[tuple[str, int], tuple[str, float, bool]] = {}
_MOST_HEADS: Final = 4096


def home(environment: Mapping[str, str], user_home: Path) -> Path:
    """``.gemini`` in ``GEMINI_CLI_HOME``, else in the user's home."""
    named = environment.get("GEMINI_CLI_HOME")
    return (Path(named) if named else user_home) / ".gemini"


def projects_in(home: Path) -> Path:
    """Where each project has a folder."""
    return home / "tmp"


def chats(home: Path, name: str | None = None) -> Iterator[Chat]:
    """All files of conversations; *name*: only those whose names end with this beginning of an id."""
    with suppress(OSError), os.scandir(projects_in(home)) as projects:
        for project in projects:
            if project.is_dir(follow_symlinks=False):
                yield from _chats_of(Path(project.path), name)


def find(home: Path, session_id: str) -> Transcript | None:
    """The stored conversation of one session: of several files the one with the most in it."""
    found = [chat for chat in _files_of(home, session_id) if chat.is_own]
    best = max(found, key=lambda chat: chat.size, default=None)
    return transcript(best) if best else None


def transcripts(home: Path) -> Iterator[Transcript]:
    """All stored conversations, each once."""
    largest: dict[str, Chat] = {}
    for chat in chats(home):
        if chat.is_own and chat.size > (largest[chat.session_id].size if chat.session_id in largest else -1):
            largest[chat.session_id] = chat
    yield from map(transcript, largest.values())


def transcript(chat: Chat) -> Transcript:
    """As a listing shows it."""
    return Transcript(
        agent=AGENT,
        session_id=chat.session_id,
        where=str(chat.path),
        changed_at=chat.changed_at,
        size=chat.size,
    )


def remains(home: Path, session_id: str) -> Iterator[str]:
    """All that is stored of one session alone, by paths below *home*."""
    for chat in _files_of(home, session_id):
        yield chat.path.relative_to(home).as_posix()


def sweep(home: Path, served: Mapping[str, float]) -> None:
    """Take away stubs that have done their service. *served*: who is alive, and since when.

    Who is being resumed needs its stub until it has written to its conversation again.
    """
    by_id: dict[str, list[Chat]] = {}
    for chat in chats(home):
        by_id.setdefault(chat.session_id, []).append(chat)
    for session_id, files in by_id.items():
        whole = max(files, key=lambda chat: chat.size)
        for chat in files:
            busy = session_id in served and whole.changed_at <= max(served[session_id], chat.changed_at)
            if chat is not whole and not busy and is_stub(chat.path):
                with suppress(OSError):
                    chat.path.unlink()


def is_stub(path: Path) -> bool:
    """Whether nothing was said in this file: only what the model is told of the machine."""
    try:
        with opened(path) as file:
            lines = file.read(_LARGEST_STUB + 1).splitlines(keepends=True)
    except OSError:
        return False
    if sum(map(len, lines)) > _LARGEST_STUB or not all(line.endswith(b"\n") for line in lines):
        return False
    return all(_says_nothing(mapping(parsed(line))) for line in lines)


def project_file(changed: tuple[str, ...]) -> bool:
    """Whether this path below the home is a file of a conversation."""
    return (
        len(changed) == 4
        and changed[0] == "tmp"
        and changed[2] == "chats"
        and bool(_FILE.fullmatch(changed[3]))
    )


def session_of(path: Path) -> str | None:
    """The session that a file belongs to, by its first line."""
    with suppress(OSError):
        head = _head(path, path.lstat())
        return head[0] if head else None
    return None


def _says_nothing(line: Mapping[str, Any]) -> bool:
    if not line:
        return False
    if "sessionId" in line:
        return True
    told = mapping(line.get("$set"))
    if "$set" not in line:
        return False
    return all(_is_context(mapping(message)) for message in sequence(told.get("messages")))


def _is_context(message: Mapping[str, Any]) -> bool:
    return message.get("type") == "user" and CONTEXT in json.dumps(message.get("content"))[:200]


def _files_of(home: Path, session_id: str) -> list[Chat]:
    if not SESSION_ID.fullmatch(session_id):
        return []
    return [chat for chat in chats(home, session_id[:8]) if chat.session_id == session_id]


def _chats_of(project: Path, name: str | None) -> Iterator[Chat]:
    root: str | None = None
    with suppress(OSError), os.scandir(project / "chats") as entries:
        for entry in entries:
            named = _FILE.fullmatch(entry.name)
            if named is None or (name is not None and named[1] != name):
                continue
            root = root or root_of(project)
            if chat := _chat(entry, root):
                yield chat


def root_of(project: Path) -> str | None:
    """The folder that a project's conversations belong to."""
    try:
        with opened(project / ".project_root") as file:
            return short(file.read(_LONGEST_ROOT).decode("utf-8", "replace").strip()) or None
    except OSError:
        return None


def _chat(entry: os.DirEntry[str], root: str | None) -> Chat | None:
    with suppress(OSError):
        status = entry.stat(follow_symlinks=False)
        head = _head(Path(entry.path), status) if stat.S_ISREG(status.st_mode) else None
        if head:
            return Chat(
                path=Path(entry.path),
                session_id=head[0],
                began_at=head[1],
                changed_at=status.st_mtime,
                size=status.st_size,
                root=root,
                is_own=head[2],
            )
    return None


def _head(path: Path, status: os.stat_result) -> tuple[str, float, bool] | None:
    """Session, time of its start and whether it is nobody's sub-agent."""
    key = (str(path), status.st_ino)
    if key in _heads:
        return _heads[key]
    try:
        with opened(path) as file:
            head = mapping(parsed(file.readline(_LONGEST_HEAD)))
    except OSError:
        return None
    session_id = short(head.get("sessionId"))
    if session_id is None or not SESSION_ID.fullmatch(session_id):
        return None
    found = (session_id, moment(head.get("startTime")) or 0.0, short(head.get("kind")) in {None, "main"})
    while len(_heads) >= _MOST_HEADS:
        del _heads[next(iter(_heads))]
    _heads[key] = found
    return found
