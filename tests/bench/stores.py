"""Long histories: the newest page of thousands of stored conversations, and what it takes."""

import os
import time
from pathlib import Path

from tests.bench.rows import Row, peak_memory, timed
from tests.bench.sleepers import store
from tests.lab.wakeline import Wakeline

COUNTS = (2000, 10_000)
#: Bytes of each, apart from its ends: three gigabytes in all, of which the disk keeps next to nothing.
LONG = 300_000
PAGE = "/api/sessions?all=1&limit=50"


def history(folder: Path) -> list[Row]:
    """The first page, cold and warm, beside a bare listing of the files; the most memory taken."""
    return [row for count in COUNTS for row in _measured(folder / str(count), count)]


def _measured(folder: Path, count: int) -> list[Row]:
    home = folder / "home"
    for number in range(count):
        lengthen(store(home, f"{number:08x}-0000-4000-8000-000000000000", f"-project-{number % 100}"))
    with Wakeline(folder / "w", home) as wakeline:
        before = peak_memory(wakeline.pid)
        began = time.perf_counter()
        wakeline.client.get(PAGE)
        cold = (time.perf_counter() - began) * 1000
        after = peak_memory(wakeline.pid)
        warm = timed(lambda: wakeline.client.get(PAGE), 5)
    projects = home / ".claude" / "projects"
    listing = timed(lambda: [f.stat() for p in os.scandir(projects) for f in os.scandir(p)], 5)
    beside = "names and sizes alone"
    return [
        Row(f"{count} transcripts, newest 50, cold", cold, "ms", listing, beside),
        Row(f"{count} transcripts, newest 50, warm", warm, "ms", listing, beside),
        Row(f"{count} transcripts: peak memory (RSS)", after, "MB", before, "before"),
    ]


def lengthen(path: Path) -> None:
    """Put much between its first and its last lines: a hole, that is a line of zeros to whoever reads it."""
    lines = path.read_bytes().splitlines(keepends=True)
    half = len(lines) // 2
    with path.open("r+b") as file:
        file.write(b"".join(lines[:half]))
        file.seek(LONG, os.SEEK_CUR)
        file.write(b"\n" + b"".join(lines[half:]))
