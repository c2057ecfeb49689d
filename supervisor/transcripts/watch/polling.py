"""Looks again and again: the last resort, where the system does not tell what has changed."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

#: What an entry of a folder looked like: its inode, mode, size and time of change.
_Look = tuple[int, int, int, int]

#: Seconds between two looks.
PAUSE = 4.0


class Polling:
    """Compares folders with what they were. Costs nothing while it has none."""

    def __init__(self, tell: Callable[[Path], None], pause: float = PAUSE) -> None:
        """Call *tell* with each path that has appeared, changed or gone; look every *pause* seconds."""
        self._tell = tell
        self._pause = pause
        self._seen: dict[tuple[Path, int], dict[str, _Look]] = {}
        self._some = asyncio.Event()

    def add(self, folder: Path, depth: int) -> None:
        """Look at *folder* and folders below it, *depth* levels down."""
        if (folder, depth) not in self._seen:
            self._seen[folder, depth] = looks(folder, depth)
            self._some.set()

    async def run(self) -> None:
        """Look and tell until cancelled."""
        while await self._some.wait():
            await asyncio.sleep(self._pause)
            for (folder, depth), before in tuple(self._seen.items()):
                now = await asyncio.to_thread(looks, folder, depth)
                self._seen[folder, depth] = now
                for path in changed(before, now):
                    self._tell(Path(path))


def changed(before: dict[str, _Look], now: dict[str, _Look]) -> Iterator[str]:
    """Give the paths that differ: first those that are there, then those that have gone."""
    yield from (path for path, look in now.items() if before.get(path) != look)
    yield from (path for path in before if path not in now)


def looks(folder: Path, depth: int) -> dict[str, _Look]:
    """Look at what is in a folder and below; what cannot be looked at is left out."""
    return dict(_looks(str(folder), depth))


def _looks(folder: str, depth: int) -> Iterator[tuple[str, _Look]]:
    try:
        with os.scandir(folder) as listing:
            entries = list(listing)
    except OSError:
        return
    for entry in entries:
        try:
            status = entry.stat(follow_symlinks=False)
            deeper = depth > 0 and entry.is_dir(follow_symlinks=False)
        except OSError:
            continue
        # A folder's own time says only that something in it has: that is found in it.
        yield entry.path, (status.st_ino, status.st_mode, 0, 0) if deeper else _look(status)
        if deeper:
            yield from _looks(entry.path, depth - 1)


def _look(status: os.stat_result) -> _Look:
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns
