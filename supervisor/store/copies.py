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


def keep(folder: Path, remains: Remains, most: int) -> None:
    """Copy what has changed; whole sessions go, those changed longest ago first, beyond *most* bytes.

    Raises ``Refused`` where links or devices are in between, ``OSError``.
    """
    root, place = Path(remains.root), _place(folder, remains.agent, remains.session_id)
    for path in remains.paths:
        inside = carry.below(root, root / path)
        for item in carry.items(root, inside):
            if item.kind == "file":
                carry.copy(root / item.path, place / item.path)
    _make_room(folder, most, place)


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


def forget(folder: Path, agent: str, session_id: str) -> None:
    """Remove the copies of that session."""
    shutil.rmtree(_place(folder, agent, session_id), ignore_errors=True)


def _place(folder: Path, agent: str, session_id: str) -> Path:
    # Names of agents are ours; a session's id is what the agent made of it.
    return folder / agent / quote(session_id, safe="").replace(".", "%2E")


def _make_room(folder: Path, most: int, but: Path) -> None:
    sessions = sorted((_changed_at(place), _size(place), place) for place in folder.glob("*/*"))
    total = sum(size for _, size, _ in sessions)
    for _, size, place in sessions:
        if total <= most:
            return
        if place != but:
            shutil.rmtree(place, ignore_errors=True)
            total -= size


def _changed_at(place: Path) -> float:
    return max((file.lstat().st_mtime for file in _files(place)), default=0.0)


def _size(place: Path) -> int:
    return sum(file.lstat().st_size for file in _files(place))


def _files(place: Path) -> Iterator[Path]:
    return (Path(folder) / name for folder, _, names in os.walk(place) for name in names)
