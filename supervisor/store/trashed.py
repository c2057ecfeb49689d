"""What lies in the trash: a folder for each session, with a manifest, and how far it has come."""

import contextlib
import dataclasses
import json
import logging
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, count
from pathlib import Path
from typing import Any, Final

from supervisor.core.errors import Failed, Refused
from supervisor.store import carry
from supervisor.store.carry import Item

logger = logging.getLogger(__name__)

#: Nothing but the manifest is being written.
NEW: Final = ".new"
#: Files are on their way to here.
GOING: Final = ".going"
#: All are here.
HERE: Final = ""
#: Files are on their way back.
BACK: Final = ".back"
#: It is being deleted for good.
GONE: Final = ".gone"
_NAME: Final = re.compile(r"([0-9]{8}T[0-9]{6}Z[A-Za-z0-9_-]*)(|\.new|\.going|\.back|\.gone)")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MANIFEST: Final = "manifest.json"
EXPORT: Final = "export"
_FILES: Final = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trashed:
    """A session in the trash. *paths*: where its files were; *complete*: all of them are here."""

    id: str
    agent: str
    session_id: str
    title: str | None
    cwd: str | None
    deleted_at: float
    root: str
    paths: tuple[str, ...]
    files: int
    size: int
    has_export: bool
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was put into the trash. Beside it lie the files, and what the agent exported."""

    agent: str
    session_id: str
    title: str | None
    cwd: str | None
    deleted_at: float
    root: str
    #: Below the root: what was given, and everything that there was.
    paths: tuple[str, ...]
    items: tuple[Item, ...]
    has_export: bool

    def of(self, path: str) -> Sequence[Item]:
        """Everything that there was at one of the paths."""
        return [item for item in self.items if item.path == path or item.path.startswith(f"{path}/")]


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder of the trash, as far as it has come."""

    folder: Path
    id: str
    stage: str

    @property
    def place(self) -> Path:
        """Where it is."""
        return self.folder / (self.id + self.stage)

    @property
    def files(self) -> Path:
        """Where its files are, each below the root as it was."""
        return self.place / _FILES

    def here(self, path: str) -> Path:
        """Where that path lies in the trash."""
        return self.files / path

    def become(self, stage: str) -> "Entry":
        """Move on to another stage; on disk when this returns."""
        after = dataclasses.replace(self, stage=stage)
        if stage != self.stage:
            self.place.rename(after.place)
            carry.sync(self.folder)
        return after


def entries(folder: Path, *, unreadable: bool = False) -> Iterator[Entry]:
    """All that have a manifest, in the order of their names; *unreadable*: the others too."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 (names are all that is wanted)
    except FileNotFoundError:
        return
    for name in names:
        if not (match := _NAME.fullmatch(name)):
            continue
        entry = Entry(folder, match[1], match[2])
        if unreadable or _is_readable(entry):
            yield entry


def _is_readable(entry: Entry) -> bool:
    if entry.stage in (NEW, GONE):
        return False
    try:
        read(entry)
    except Failed as trouble:
        logger.warning("%s", trouble.title)
        return False
    return True


def find(folder: Path, trash_id: str) -> Entry:
    """One of them. Raises ``Refused``."""
    for entry in entries(folder):
        if entry.id == trash_id:
            return entry
    raise Refused("Nothing in the trash has that id.", "See: wakeline rm --list")


def read(entry: Entry) -> Manifest:
    """Its manifest. Raises ``Failed``."""
    path = entry.place / _MANIFEST
    try:
        words: dict[str, Any] = json.loads(path.read_bytes())
        words["items"] = tuple(Item(**item) for item in words["items"])
        words["paths"] = tuple(words["paths"])
        return Manifest(**words)
    except (OSError, ValueError, TypeError, KeyError) as trouble:
        raise Failed(f"{path} cannot be read: {trouble}.", "What it names lies beside it.") from trouble


def told(entry: Entry) -> Trashed:
    """What others are told of it."""
    known = read(entry)
    files = [item for item in known.items if item.kind == "file"]
    return Trashed(
        id=entry.id,
        agent=known.agent,
        session_id=known.session_id,
        title=known.title,
        cwd=known.cwd,
        deleted_at=known.deleted_at,
        root=known.root,
        paths=tuple(str(Path(known.root) / path) for path in known.paths),
        files=len(files),
        size=sum(item.size for item in files),
        has_export=known.has_export,
        complete=entry.stage == HERE,
    )


def begin(folder: Path, wanted: Manifest, exported: bytes | None) -> Entry:
    """A new one, before any file is moved; on disk when this returns. Raises ``OSError``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    entry = Entry(folder, _free_name(folder, wanted), NEW)
    entry.place.mkdir(mode=0o700)
    try:
        if exported is not None:
            _write(entry.place / EXPORT, exported)
        _write(entry.place / _MANIFEST, json.dumps(dataclasses.asdict(wanted), indent=1).encode())
        carry.sync(entry.place)
    except OSError:
        with contextlib.suppress(OSError):
            carry.remove(entry.place)
        raise
    return entry.become(GOING)


def _free_name(folder: Path, wanted: Manifest) -> str:
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(wanted.deleted_at))
    name = f"{moment}-{_harmless(wanted.agent)}-{_harmless(wanted.session_id)}"
    taken = {entry.id for entry in entries(folder, unreadable=True)}
    names = chain((name,), (f"{name}-{number}" for number in count(2)))
    return next(free for free in names if free not in taken)


def _harmless(name: str) -> str:
    """A part of a file's name; what is none by itself is told by a hash."""
    return name if _PLAIN.fullmatch(name) else sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _write(path: Path, text: bytes) -> None:
    with path.open("wb") as file:
        path.chmod(0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
