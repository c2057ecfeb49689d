"""Linux: inotify on the event loop. No thread, and nobody wakes up while nothing happens.

Every folder to be looked into has a watch of its own. So have the folders on the way to it, for
renaming and deletion only; the parent of one that is missing is also told of new names.
"""

import sys

assert sys.platform == "linux"

import asyncio
import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncinotify
from asyncinotify import Inotify, Mask

from supervisor.transcripts.watch.polling import PAUSE, Polling

#: How many events are taken at once before others on the loop get their turn.
_TURN = 500
#: How many events asyncinotify reads at once.
_BATCH = 256

_ON_THE_WAY = int(Mask.DELETE_SELF | Mask.MOVE_SELF)
# A deleted folder says so itself only when the last file in it is closed: its parent says it at once.
_FROM_ABOVE = int(Mask.DELETE)
_APPEARS = int(Mask.CREATE | Mask.MOVED_TO | Mask.ATTRIB)
_VANISHES = int(Mask.DELETE | Mask.MOVED_FROM)
_NAMES = _APPEARS | _VANISHES
_INSIDE = _NAMES | int(Mask.MODIFY | Mask.EXCL_UNLINK)
_END = int(Mask.DELETE_SELF | Mask.MOVE_SELF | Mask.IGNORED | Mask.UNMOUNT)
_OVERFLOW = int(Mask.Q_OVERFLOW)
_IS_FOLDER = int(Mask.ISDIR)
_FULL = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})

#: Paths to tell, each once, in order.
_Told = dict[str, None]


@dataclass(slots=True)
class _Folder:
    """A watched folder."""

    #: How many levels below it are told; -1: nothing in it is.
    depth: int = -1
    #: It leads to a wanted folder, or is one.
    on_the_way: bool = False
    #: Everybody writes there, as in /tmp, and would wake us all the time.
    is_everybodys: bool = False
    watch: asyncinotify.Watch | None = None
    #: Names in it that lead to a wanted folder, and are missing or may change without a sign (links).
    awaited: set[str] = field(default_factory=set)
    #: Names of the watched folders in it.
    below: set[str] = field(default_factory=set)

    def mask(self) -> int:
        """What to ask of the system."""
        mask = int(Mask.ONLYDIR)
        if self.on_the_way:
            mask |= _ON_THE_WAY if self.is_everybodys else _ON_THE_WAY | _FROM_ABOVE
        else:
            mask |= int(Mask.DONT_FOLLOW)
        if self.awaited:
            mask |= _NAMES
        return mask | _INSIDE if self.depth >= 0 else mask


class Watch:
    """See ``supervisor.transcripts.watch.Watch``."""

    def __init__(
        self, tell: Callable[[Path], None], trouble: Callable[[str], None], pause: float = PAUSE
    ) -> None:
        """Open the queue of the system; what it does not take is looked at every *pause* seconds."""
        self._tell = tell
        self._trouble = trouble
        self._pause = pause
        self._polling = Polling(tell, pause)
        self._wanted: dict[str, int] = {}
        self._polled: set[str] = set()
        #: Wanted folders whose way has changed, or has not been gone yet.
        self._unplaced: set[str] = set()
        self._folders: dict[str, _Folder] = {}
        self._paths: dict[int, set[str]] = {}
        self._inotify: Inotify | None = None
        with suppress(OSError):
            self._inotify = Inotify(cache_size=_BATCH, sync_timeout=0)

    def add(self, folder: Path, depth: int) -> None:
        """Watch *folder* and folders below it, *depth* levels down."""
        path = str(folder.absolute())
        self._wanted[path] = max(depth, self._wanted.get(path, 0))
        if self._inotify is None:
            self._poll(path, "The system gives us no inotify queue (fs.inotify.max_user_instances)")
        else:
            self._unplaced.add(path)
            self._settle(None)

    async def run(self) -> None:
        """Tell of changes until cancelled, then close."""
        if self._inotify is None:
            return await self._polling.run()
        loop = asyncio.get_running_loop()
        descriptor = self._inotify.fd
        loop.add_reader(descriptor, self._take)
        try:
            await self._polling.run()
        finally:
            loop.remove_reader(descriptor)
            self.close()

    def close(self) -> None:
        """Let go of all watches."""
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    def _take(self) -> None:
        """Take what has happened; tell each path once."""
        told: _Told = {}
        for _ in range(_TURN):
            event = self._inotify and self._inotify.sync_get()
            if not event:
                break
            self._happened(event, told)
        else:
            asyncio.get_running_loop().call_soon(self._take)
        self._settle(told)
        for path in told:
            self._tell(Path(path))

    def _happened(self, event: asyncinotify.Event, told: _Told) -> None:
        mask = int(event.mask)
        if mask & _OVERFLOW:
            self._look_at_everything(told)
        elif event.watch is not None:
            for path in tuple(self._paths.get(event.watch.wd, ())):
                if event.name is None:
                    self._happened_to(path, mask, told)
                else:
                    self._happened_in(path, str(event.name), mask, told)

    def _happened_to(self, path: str, mask: int, told: _Told) -> None:
        if mask & _END:
            self._lost(path)
        elif self._folders[path].depth >= 0:
            told[path] = None

    def _happened_in(self, path: str, name: str, mask: int, told: _Told) -> None:
        folder = self._folders.get(path)
        if folder is None:
            return
        child = _inside(path, name)
        if folder.depth >= 0:
            told[child] = None
        if mask & _VANISHES and name in folder.below:
            self._lost(child)
        elif mask & _APPEARS and mask & _IS_FOLDER and folder.depth > 0:
            self._spread(child, folder.depth - 1, told)
        if name in folder.awaited:
            self._unplaced |= self._beyond(child)

    def _look_at_everything(self, told: _Told) -> None:
        """Events were lost: put all watches anew, and let the caller look into all folders."""
        for path in tuple(self._folders):
            self._forget(path)
        self._unplaced |= self._wanted.keys()
        self._settle(None)
        told |= dict.fromkeys(self._wanted)

    def _lost(self, path: str) -> None:
        """A folder has gone, or has another name now."""
        self._forget(path)
        self._unplaced |= self._beyond(path)

    def _beyond(self, path: str) -> set[str]:
        """The wanted folders that are this one, or are reached through it."""
        inside = _inside(path, "")
        return {wanted for wanted in self._wanted if wanted == path or wanted.startswith(inside)}

    def _settle(self, told: _Told | None) -> None:
        """Watch what is wanted, as far as it is there."""
        while self._unplaced:
            wanted = self._unplaced.pop()
            if told is not None:
                told[wanted] = None
            if wanted not in self._polled and all(self._step(path) for path in _way(wanted)):
                self._spread(wanted, self._wanted[wanted], told)

    def _step(self, path: str) -> bool:
        """Watch a folder on the way, and its name in its parent while it is missing or a link."""
        if Path(path).is_symlink() or not self._put(path, on_the_way=True):
            self._await(path, True)
            # It may have come a moment ago; and one that may not be listed may still be passed.
            return self._put(path, on_the_way=True) or Path(path).is_dir()
        self._await(path, False)
        return True

    def _await(self, path: str, awaited: bool) -> None:
        parent, name = _parent(path), _name(path)
        folder = self._folders.get(parent)
        if folder is None or not name or (name in folder.awaited) == awaited:
            return
        if awaited:
            folder.awaited.add(name)
        else:
            folder.awaited.discard(name)
        self._put(parent)

    def _spread(self, path: str, depth: int, told: _Told | None) -> None:
        """Watch a folder this deep. It is listed after its watch was put: nothing slips through."""
        known = self._folders.get(path)
        known_depth = known.depth if known else -1
        if not self._put(path, depth=depth) or (known is self._folders[path] and known_depth >= depth):
            return
        if told is None and depth == 0:
            return
        with suppress(OSError), os.scandir(path) as listing:
            for entry in listing:
                if told is not None:
                    told[entry.path] = None
                if depth > 0 and entry.is_dir(follow_symlinks=False):
                    self._spread(entry.path, depth - 1, told)

    def _put(self, path: str, *, depth: int = -1, on_the_way: bool = False) -> bool:
        """Watch a folder for this too; ``False`` if that is impossible."""
        folder = self._folders.get(path) or _Folder(is_everybodys=on_the_way and _is_everybodys(path))
        folder.depth = max(folder.depth, depth)
        folder.on_the_way |= on_the_way
        watch = self._ask(path, folder.mask())
        if folder.watch is not None and (watch is None or watch.wd != folder.watch.wd):
            self._lost(path)  # what was watched there has gone, and its event is still to come
            folder = _Folder(depth, on_the_way, on_the_way and _is_everybodys(path))
            watch = watch and self._ask(path, folder.mask())
        if watch is None:
            return False
        folder.watch = watch
        self._folders[path] = folder
        self._paths.setdefault(watch.wd, set()).add(path)
        if parent := self._folders.get(_parent(path)):
            parent.below.add(_name(path))
        return True

    def _ask(self, path: str, mask: int) -> asyncinotify.Watch | None:
        """Ask the system, whose mask is one for all the names that a folder has."""
        if self._inotify is None:
            return None
        try:
            watch = self._inotify.add_watch(path, Mask(mask))
            for other in self._paths.get(watch.wd, set()) - {path}:
                mask |= self._folders[other].mask() & ~int(Mask.DONT_FOLLOW)
                self._inotify.add_watch(path, Mask(mask))
        except OSError as problem:
            if problem.errno in _FULL:
                self._full(path)
            return None
        return watch

    def _full(self, path: str) -> None:
        concerned = {wanted for wanted in self._wanted if path.startswith(_inside(wanted, ""))}
        for wanted in concerned | self._beyond(path):
            self._poll(wanted, "The system's limit of watches (fs.inotify.max_user_watches) is reached")

    def _forget(self, path: str) -> None:
        folder = self._folders.pop(path, None)
        if folder is None or folder.watch is None:
            return
        for name in tuple(folder.below):
            self._forget(_inside(path, name))
        if parent := self._folders.get(_parent(path)):
            parent.below.discard(_name(path))
        names = self._paths[folder.watch.wd]
        names.discard(path)
        if not names:
            del self._paths[folder.watch.wd]
            self._unwatch(folder.watch)

    def _unwatch(self, watch: asyncinotify.Watch) -> None:
        if self._inotify is not None:
            with suppress(OSError):  # the system has dropped it when the folder is gone
                self._inotify.rm_watch(watch)

    def _poll(self, wanted: str, reason: str) -> None:
        if wanted in self._polled:
            return
        self._polled.add(wanted)
        self._polling.add(Path(wanted), self._wanted[wanted])
        self._trouble(f"{reason}: changes in {wanted} are noticed up to {self._pause:g} seconds late.")


# Plain text, not ``Path``: there are thousands of these, and they are compared all the time.


def _inside(folder: str, name: str) -> str:
    return f"{folder}{name}" if folder == "/" else f"{folder}/{name}"


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _is_everybodys(path: str) -> bool:
    try:
        return bool(Path(path).stat().st_mode & stat.S_ISVTX)
    except OSError:
        return False


def _way(wanted: str) -> list[str]:
    """The folders from the root down to this one."""
    way = [wanted]
    while way[-1] != "/":
        way.append(_parent(way[-1]))
    return way[::-1]
