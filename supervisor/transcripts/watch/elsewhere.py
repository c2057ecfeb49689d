"""macOS and Windows: watchdog's threads listen, and hand over to the event loop.

The system tells of whole trees there, so one listener for each wanted folder is enough. Whether a
wanted folder is there, and is still the same, is looked at every few seconds: to be told that, all
of the user's home would have to be listened to.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedNoWriteEvent,
    FileOpenedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

from supervisor.transcripts.watch.polling import looks

#: Seconds between two looks at whether the wanted folders are there.
PAUSE = 4.0

_HARMLESS = (FileOpenedEvent, FileClosedNoWriteEvent)


@dataclass(slots=True)
class _Wanted:
    """A folder to be watched. *identity* and *listener*: ``None`` while it is missing."""

    folder: Path
    depth: int
    identity: tuple[int, int] | None = None
    listener: ObservedWatch | None = None


class Watch:
    """See ``supervisor.transcripts.watch.Watch``."""

    def __init__(
        self, tell: Callable[[Path], None], trouble: Callable[[str], None], pause: float = PAUSE
    ) -> None:
        """Start to listen. *pause*: how long a folder may be missing unnoticed, in seconds."""
        self._tell = tell
        self._trouble = trouble
        self._pause = pause
        self._wanted: dict[Path, _Wanted] = {}
        self._troubled: set[Path] = set()
        self._news: deque[Path] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._observer = Observer()
        self._observer.start()

    def add(self, folder: Path, depth: int) -> None:
        """Watch *folder* and folders below it, *depth* levels down."""
        path = folder.absolute()
        old = self._wanted.get(path)
        if old is not None:
            self._unlisten(old)
        self._wanted[path] = _Wanted(path, max(depth, old.depth if old else 0))
        self._listen(self._wanted[path])

    async def run(self) -> None:
        """Tell of changes until cancelled, then close."""
        self._loop = asyncio.get_running_loop()
        self._flush()
        try:
            while True:
                await asyncio.sleep(self._pause)
                for wanted in tuple(self._wanted.values()):
                    if _identity(wanted.folder) != wanted.identity:
                        self._come_or_gone(wanted)
        finally:
            self.close()

    def close(self) -> None:
        """Stop listening."""
        self._loop = None
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def _come_or_gone(self, wanted: _Wanted) -> None:
        self._unlisten(wanted)
        self._listen(wanted)
        self._heard(wanted.folder)
        for path in looks(wanted.folder, wanted.depth):
            self._heard(Path(path))

    def _unlisten(self, wanted: _Wanted) -> None:
        if wanted.listener is not None:
            with suppress(KeyError):  # watchdog may have dropped it with its folder
                self._observer.unschedule(wanted.listener)

    def _listen(self, wanted: _Wanted) -> None:
        wanted.listener = None
        wanted.identity = _identity(wanted.folder)
        if wanted.identity is None:
            return
        real = os.path.realpath(wanted.folder)
        listener = _Listener(wanted, real, self._heard)
        try:
            wanted.listener = self._observer.schedule(listener, real, recursive=wanted.depth > 0)
        except OSError as problem:
            wanted.identity = None
            self._complain(wanted.folder, problem.strerror or str(problem))

    def _complain(self, folder: Path, reason: str) -> None:
        if folder not in self._troubled:
            self._troubled.add(folder)
            self._trouble(f"Changes in {folder} cannot be followed: {reason}.")

    def _heard(self, path: Path) -> None:
        """Hand over; called by watchdog's thread."""
        self._news.append(path)  # before the question: what comes before ``run`` is told by it
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop was closed a moment ago
                loop.call_soon_threadsafe(self._flush)

    def _flush(self) -> None:
        told: dict[Path, None] = {}
        while self._news:
            told[self._news.popleft()] = None
        for path in told:
            self._tell(path)


class _Listener(FileSystemEventHandler):
    """Translates what watchdog says of a real folder into paths below the wanted one."""

    def __init__(self, wanted: _Wanted, real: str, heard: Callable[[Path], None]) -> None:
        self._wanted = wanted
        self._real = Path(real)
        self._heard = heard

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass on both names of what was renamed, and the name of anything else that changed."""
        if isinstance(event, _HARMLESS):
            return
        old, new = (Path(os.fsdecode(name)) if name else None for name in (event.src_path, event.dest_path))
        if old == self._real and isinstance(event, DirDeletedEvent | DirMovedEvent):
            self._wanted.identity = None  # what comes in its place may look the same
        for path in (old, new):
            if path and path.is_relative_to(self._real):
                self._pass_on(path.relative_to(self._real))
        if isinstance(event, DirCreatedEvent | DirMovedEvent):
            self._look_into(new or old)

    def _pass_on(self, inside: Path) -> None:
        if len(inside.parts) <= self._wanted.depth + 1:
            self._heard(self._wanted.folder / inside)

    def _look_into(self, path: Path | None) -> None:
        """Pass on what is in a new folder: it may have been filled before anybody listened."""
        if path and path.is_relative_to(self._real):
            inside = path.relative_to(self._real)
            for name in looks(path, self._wanted.depth - len(inside.parts)):
                self._pass_on(Path(name).relative_to(self._real))


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if folder.is_dir() else None
