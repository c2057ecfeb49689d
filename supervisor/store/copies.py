"""Copies of what agents store of sessions, for when an agent's own clean-up has deleted it. Blocking.

``FOLDER/AGENT/SESSION/`` has the same paths as the agent's own folder. Each file is whole or not there.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from supervisor.core.steering import Remains
from supervisor.store import carry


class Room:
    """Owns how much the copies in *folder* take: all are measured once, then only what is copied."""

    def __init__(self, folder: Path, most: int) -> None:
        """*most*: bytes in all. Nothing is measured before the first copy is made."""
        self.folder = folder
        self._most = most
        #: When each session was changed, and its bytes.
        self._known: dict[Path, tuple[float, int]] | None = None
        self._total = 0

    def taken(self, place: Path) -> None:
        """*place* was written to: measure it, and let others go, those changed longest ago first."""
        if self._known is None:
            self._known = {one: _measured(one) for one in self.folder.glob("*/*")}
            self._total = sum(size for _, size in self._known.values())
        self.left(place)
        self._known[place] = _measured(place)
        self._total += self._known[place][1]
        if self._total > self._most:
            for _, other in sorted((self._known[one], one) for one in self._known if one != place):
                shutil.rmtree(other, ignore_errors=True)
                self.left(other)
                if self._total <= self._most:
                    return

    def left(self, place: Path) -> None:
        """What was there is gone."""
        if self._known is not None:
            self._total -= self._known.pop(place, (0.0, 0))[1]


def keep(room: Room, remains: Remains) -> None:
    """Copy what has changed, and make room for it.

    Raises ``Refused`` where links or devices are in between, ``OSError``.
    """
    root, place = Path(remains.root), _place(room.folder, remains.agent, remains.session_id)
    try:
        for path in remains.paths:
            inside = carry.below(root, root / path)
            for item in carry.items(root, inside):
                if item.kind == "file":
                    carry.copy(root / item.path, place / item.path)
    finally:
        room.taken(place)


def has(folder: Path, agent: str, session_id: str) -> bool:
    """Whether there are copies of that session."""
    return _place(folder, agent, session_id).is_dir()


def put_back(folder: Path, agent: str, session_id: str, root: Path) -> bool:
    """Bring to the agent's folder *root* what is missing there; whether anything was. Raises as ``keep``."""
    place, is_anything = _place(folder, agent, session_id), False
    for item in carry.items(folder, place.relative_to(folder)):
        inside = Path(item.path).relative_to(place.relative_to(folder))
        if item.kind == "file" and not os.path.lexists(root / inside):
            carry.copy(folder / item.path, root / carry.below(root, root / inside))
            is_anything = True
    return is_anything


def forget(room: Room, agent: str, session_id: str) -> None:
    """Remove the copies of that session."""
    place = _place(room.folder, agent, session_id)
    shutil.rmtree(place, ignore_errors=True)
    room.left(place)


def _place(folder: Path, agent: str, session_id: str) -> Path:
    # Names of agents are ours; a session's id is what the agent made of it.
    return folder / agent / quote(session_id, safe="").replace(".", "%2E")


def _measured(place: Path) -> tuple[float, int]:
    """When anything in it was changed last, and its bytes."""
    found = [file.lstat() for file in _files(place)]
    return max((one.st_mtime for one in found), default=0.0), sum(one.st_size for one in found)


def _files(place: Path) -> Iterator[Path]:
    return (Path(folder) / name for folder, _, names in os.walk(place) for name in names)
