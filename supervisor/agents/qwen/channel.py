"""The pair of files by which a terminal of ours is told something, and tells: lines of JSON, one each way.

Qwen Code is started with their paths, so that they are found again by its command line. It looks at what
it is told twice a second, and never forgets where it was; what it tells is all that happens in it.
"""

import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from supervisor.agents.fields import mapping, parsed
from supervisor.agents.qwen import files, flags
from supervisor.agents.regular import opened

_NAME: Final = re.compile(r"([0-9a-f]{16})\.(in|out)\.jsonl")
_CHUNK: Final = 1024 * 1024
#: No line that we need is longer; a longer one is passed over.
_LONGEST_LINE: Final = 4 * 1024 * 1024
#: What was read is given back to the disk when it is more than so many bytes.
_MOST_KEPT: Final = 8 * 1024 * 1024
#: Seconds after which the files of a process that nobody sees any more are taken away.
_FORGOTTEN_AFTER: Final = 24 * 3600.0
#: What most lines are: pieces of an answer. They are not even parsed.
_PIECE: Final = b'"stream_event"'
_TELLING: Final = (b'"message_start"', b'"message_stop"')


@dataclass(frozen=True, slots=True)
class Channel:
    """Where it is told something, and where it tells."""

    told: Path
    tells: Path

    @property
    def options(self) -> tuple[str, ...]:
        """With these Qwen Code is started."""
        return (flags.INPUT, str(self.told), flags.OUTPUT, str(self.tells))

    def is_ready(self) -> bool:
        """Whether it has begun to tell: what it was told before, it never heard. Blocks on disk."""
        with suppress(OSError):
            return self.tells.stat().st_size > 0
        return False

    def say(self, command: Mapping[str, Any]) -> None:
        """Tell it something, unless the same ``id`` was told before. Raises ``OSError``."""
        name = command.get("id")
        if name is not None and any(line.get("id") == name for line in _lines(self.told)):
            return
        line = json.dumps(command).encode() + b"\n"
        descriptor = os.open(self.told, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0))
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def begun(home: Path) -> Channel:
    """A new one, for this user alone. Raises ``OSError``."""
    folder = files.channels_in(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(8)
    found = Channel(folder / f"{name}.in.jsonl", folder / f"{name}.out.jsonl")
    for path in (found.told, found.tells):
        path.touch(mode=0o600, exist_ok=False)
    return found


def of(home: Path, argv: Sequence[str]) -> Channel | None:
    """The one that this command line names, if it is one of ours."""
    command = flags.command(argv)
    told, tells = (command.value(flags.INPUT), command.value(flags.OUTPUT)) if command else (None, None)
    if told is None or tells is None:
        return None
    found = Channel(Path(told), Path(tells))
    return found if all(_is_ours(home, path) for path in (found.told, found.tells)) else None


def tells(home: Path, path: Path) -> bool:
    """Whether this is a file in which one of them tells."""
    named = _NAME.fullmatch(path.name)
    return named is not None and named[2] == "out" and path.parent == files.channels_in(home)


def tidy(home: Path, in_use: Sequence[Channel]) -> None:
    """Take away what nobody has used for a day."""
    used = {path for channel in in_use for path in (channel.told, channel.tells)}
    with suppress(OSError):
        for path in files.channels_in(home).iterdir():
            if _NAME.fullmatch(path.name) and path not in used and _is_old(path):
                path.unlink()


def _is_ours(home: Path, path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None and path.parent == files.channels_in(home)


def _is_old(path: Path) -> bool:
    return path.lstat().st_mtime < time.time() - _FORGOTTEN_AFTER


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with opened(path) as file:
        for line in file:
            yield mapping(parsed(line))


class Follower:
    """Reads what one channel tells, from the beginning on. Owns how far it has read."""

    def __init__(self, path: Path) -> None:
        """Nothing was read yet."""
        self._path = path
        self._at = 0
        self._rest = b""
        self._skipping = False

    @property
    def at(self) -> int:
        """How far it has read, in bytes."""
        return self._at

    def news(self) -> list[Mapping[str, Any]]:
        """What was told since. May block on disk; empty where the file cannot be read."""
        found: list[Mapping[str, Any]] = []
        with suppress(OSError), opened(self._path) as file:
            file.seek(max(self._at, _first(file.fileno(), self._at)))
            while chunk := file.read(_CHUNK):
                self._at = file.tell()
                found += [event for line in self._whole(chunk) if (event := _event(line))]
        return found

    def give_back(self) -> None:
        """Give the disk what was read: the writer goes on where it was, and leaves a hole before it."""
        with suppress(OSError):
            status = self._path.lstat()
            if status.st_size == self._at and status.st_size > _MOST_KEPT and _takes_room(status):
                os.truncate(self._path, 0)

    def _whole(self, chunk: bytes) -> Iterator[bytes]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if not self._skipping:
                yield line
            self._skipping = False
        if len(self._rest) > _LONGEST_LINE:
            self._rest, self._skipping = b"", True


def _first(descriptor: int, at: int) -> int:
    """The first byte from there on that is not in a hole."""
    seek_data = getattr(os, "SEEK_DATA", None)
    with suppress(OSError):
        if seek_data is not None:
            return os.lseek(descriptor, at, seek_data)
    return at


def _takes_room(status: os.stat_result) -> bool:
    return getattr(status, "st_blocks", _MOST_KEPT) * 512 > _MOST_KEPT


def _event(line: bytes) -> Mapping[str, Any]:
    if _PIECE in line[:200] and not any(word in line for word in _TELLING):
        return {}
    return mapping(parsed(line.lstrip(b"\0")))
