"""Sessions that were removed: their files lie here, and can be brought back.

Each has a folder with a manifest, which is on disk before anything is moved. How far it has come is in
the folder's name, because a rename needs no room and is never done by half: whatever is killed at
whatever moment, every file is whole in one of its two places, and the next call goes on from there.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from supervisor.core.errors import Failed, Refused, WakelineError
from supervisor.core.steering import Remains
from supervisor.store import carry
from supervisor.store.trashed import (
    BACK,
    EXPORT,
    GOING,
    GONE,
    HERE,
    NEW,
    Entry,
    Manifest,
    begin,
    entries,
    find,
    read,
    told,
)
from supervisor.store.trashed import Trashed as Trashed

logger = logging.getLogger(__name__)

#: One at a time: what one call has begun another would take for something that was interrupted.
_alone: Final = threading.RLock()


def put(
    folder: Path, remains: Remains, *, title: str | None, cwd: str | None, at: float | None = None
) -> Trashed:
    """Put what is stored of a session into the trash; on disk when this returns.

    What was interrupted before is finished. Raises ``Refused`` for what is not the agent's own, or
    is no file or folder, and ``Failed`` when it cannot be done: then everything is where it was.
    """
    with _alone, _said_plainly():
        _sweep(folder)
        before = [_finish(entry) for entry in entries(folder) if _is_of(entry, remains)]
        wanted = _manifest(remains, title=title, cwd=cwd, at=time.time() if at is None else at)
        if before and not wanted.items and remains.export in (None, _export(before[-1])):
            return told(before[-1])
        if not wanted.items and not wanted.has_export:
            raise Failed("Nothing is stored of this session.", "It is gone already.")
        return told(_move_in(begin(folder, wanted, remains.export), wanted))


def listed(folder: Path) -> list[Trashed]:
    """What is in the trash, newest first; changes nothing."""
    found = [told(entry) for entry in entries(folder) if entry.stage in (HERE, GOING, BACK)]
    return sorted(found, key=lambda one: one.deleted_at, reverse=True)


def export(folder: Path, trash_id: str) -> bytes | None:
    """What could not be moved as files, for the agent to take back before ``restore``."""
    with _said_plainly():
        return _export(find(folder, trash_id))


def _export(entry: Entry) -> bytes | None:
    return (entry.place / EXPORT).read_bytes() if read(entry).has_export else None


def restore(folder: Path, trash_id: str) -> Trashed:
    """Bring everything back to where it was; it is out of the trash then.

    Raises ``Refused`` where something is there again: nothing is replaced, and nothing was moved.
    """
    with _alone, _said_plainly():
        entry = find(folder, trash_id)
        restored = told(entry)
        _delete(_move_out(entry))
        return restored


def purge(folder: Path, before: float) -> int:
    """Delete for good what was put here before that time; the number of sessions.

    What was interrupted is undone or finished: a removal that nobody was told of has not been.
    """
    deleted = 0
    with _alone, _said_plainly():
        _sweep(folder)
        for entry in list(entries(folder, unreadable=True)):
            try:
                deleted += _tidied(entry, before)
            except (OSError, WakelineError) as trouble:
                logger.warning("%s stays in the trash: %s", entry.place, trouble)
    return deleted


def _sweep(folder: Path) -> None:
    for entry in list(entries(folder, unreadable=True)):
        if entry.stage in (NEW, GONE):
            carry.remove(entry.place)


def _tidied(entry: Entry, before: float) -> bool:
    if entry.stage in (GOING, BACK):
        _undo(entry)
        return False
    if read(entry).deleted_at >= before:
        return False
    _delete(entry)
    return True


def _undo(entry: Entry) -> None:
    try:
        _delete(_move_out(entry))
    except Refused:
        # Something is there again, so it has begun a new life: this one can be brought back later.
        find(entry.folder, entry.id).become(HERE)


# -- in -----------------------------------------------------------------------------------------


def _manifest(remains: Remains, *, title: str | None, cwd: str | None, at: float) -> Manifest:
    root = Path(remains.root)
    paths = _outermost([carry.below(root, Path(path)) for path in remains.paths])
    root = Path(os.path.realpath(root))
    found = [item for path in paths for item in carry.items(root, path)]
    there = {item.path for item in found}
    return Manifest(
        agent=remains.agent,
        session_id=remains.session_id,
        title=title,
        cwd=cwd,
        deleted_at=at,
        root=str(root),
        paths=tuple(path.as_posix() for path in paths if path.as_posix() in there),
        items=tuple(found),
        has_export=remains.export is not None,
    )


def _outermost(paths: Sequence[Path]) -> list[Path]:
    """Without those that lie in another one of them."""
    distinct = dict.fromkeys(paths)
    return [path for path in distinct if distinct.keys().isdisjoint(path.parents)]


def _move_in(entry: Entry, manifest: Manifest) -> Entry:
    root, copies = Path(manifest.root), []
    try:
        for path in manifest.paths:
            carry.below(root, root / path)  # once more: the agent may have put a link there meanwhile
            if carry.carry(root / path, entry.here(path)):
                copies.append(path)
        _sync_parents(entry.here(path) for path in manifest.paths)
        for path in copies:
            carry.remove(root / path)
    except (OSError, Refused):
        _delete(_move_out(entry))
        raise
    return entry.become(HERE)


def _is_of(entry: Entry, remains: Remains) -> bool:
    known = read(entry)
    return (known.agent, known.session_id) == (remains.agent, remains.session_id)


def _finish(entry: Entry) -> Entry:
    """Go on with what was interrupted, inwards: it is wanted again."""
    if entry.stage == HERE:
        return entry
    manifest, entry = read(entry), entry.become(GOING)
    root = Path(manifest.root)
    for path in manifest.paths:
        source, target = root / path, entry.here(path)
        carry.forget_part(source)
        if _is_double(entry, manifest, path):
            is_here = carry.is_whole(entry.files, Path(path), manifest.of(path))
            carry.remove(source if is_here else target)
        if os.path.lexists(source) and not os.path.lexists(target) and carry.carry(source, target):
            carry.remove(source)
    _sync_parents(entry.here(path) for path in manifest.paths)
    return entry.become(HERE)


def _sync_parents(paths: Iterable[Path]) -> None:
    for parent in {path.parent for path in paths}:
        if parent.is_dir():
            carry.sync(parent)


# -- out ----------------------------------------------------------------------------------------


def _move_out(entry: Entry) -> Entry:
    """Bring back everything that is here; nothing of it may be replaced at home."""
    manifest = read(entry)
    root = Path(manifest.root)
    for path in manifest.paths:
        carry.below(root, root / path)
        carry.forget_part(root / path)
        here, home = os.path.lexists(entry.here(path)), os.path.lexists(root / path)
        if here and home and (entry.stage == HERE or not _is_double(entry, manifest, path)):
            raise Refused(f"{root / path} is there again.", "Move it away first; nothing was changed.")
    entry = entry.become(BACK)
    for path in manifest.paths:
        _bring_back(entry, manifest, path)
    _sync_parents(root / path for path in manifest.paths)
    return entry


def _bring_back(entry: Entry, manifest: Manifest, path: str) -> None:
    source, target = entry.here(path), Path(manifest.root) / path
    if _is_double(entry, manifest, path):
        is_home = carry.is_whole(Path(manifest.root), Path(path), manifest.of(path))
        carry.remove(source if is_home else target)
    if os.path.lexists(source) and carry.carry(source, target):
        carry.remove(source)


def _is_double(entry: Entry, manifest: Manifest, path: str) -> bool:
    """Whether it is in both places because we were interrupted: one of them whole, the other a part of it."""
    home, here, known = Path(manifest.root), entry.files, manifest.of(path)
    if not os.path.lexists(home / path) or not os.path.lexists(here / path):
        return False
    inside = Path(path)
    whole = carry.is_whole(home, inside, known) or carry.is_whole(here, inside, known)
    return whole and carry.is_part(home, inside, known)


def _delete(entry: Entry) -> None:
    carry.remove(entry.become(GONE).place)


@contextlib.contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except OSError as trouble:
        where = f" ({trouble.filename})" if trouble.filename else ""
        raise Failed(
            f"The files could not be moved: {trouble.strerror or trouble}{where}.",
            "Is the disk full or a folder read-only? Nothing was lost.",
        ) from trouble
