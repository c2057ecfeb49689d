"""How long after an append a record is known: ours beside a bare inotify loop, as a ratio."""

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from asyncinotify import Inotify, Mask

from supervisor.core.model import Entry, EntryKind, Record, Role
from supervisor.transcripts.tail import LineFile
from supervisor.transcripts.watch import open_watch

ROUNDS = 1000
FOLDERS = 500
LINE = json.dumps({"type": "assistant", "text": "x" * 400}).encode() + b"\n"


def reader() -> Callable[[Mapping[str, Any]], Record]:
    """Make the simplest reader."""
    return lambda fields: Record(
        entries=(Entry(seq=0, id="", at=None, role=Role.USER, kind=EntryKind.TEXT, text=fields["text"]),)
    )


async def measure(path: Path, known: asyncio.Event) -> float:
    """Append again and again; give the median seconds until *known* is set."""
    taken = []
    with path.open("ab", buffering=0) as file:
        for _ in range(ROUNDS):
            known.clear()
            began = time.perf_counter()
            file.write(LINE)
            await known.wait()
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


async def bare(path: Path) -> float:
    """The limit: one raw inotify descriptor, one open file, JSON read, nothing checked."""
    known = asyncio.Event()
    loop = asyncio.get_running_loop()
    with Inotify() as inotify, path.open("rb", buffering=0) as file:
        inotify.add_watch(path.parent, Mask.MODIFY)
        file.seek(0, os.SEEK_END)

        def happened() -> None:
            os.read(inotify.fd, 4096)
            if block := file.read():
                json.loads(block)
                known.set()

        loop.add_reader(inotify.fd, happened)
        try:
            return await measure(path, known)
        finally:
            loop.remove_reader(inotify.fd)


async def ours(path: Path) -> float:
    """The watch of all folders, and the transcript as it is followed."""
    known = asyncio.Event()
    transcript = LineFile(path, reader)
    transcript.recent()

    def tell(_path: Path) -> None:
        if transcript.more():
            known.set()

    watch = open_watch(tell, print)
    watch.add(path.parent.parent, 1)
    task = asyncio.create_task(watch.run())
    try:
        return await measure(path, known)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def in_turns(path: Path) -> list[tuple[float, float]]:
    """Measure the limit and ours alternately: the machine is not equally fast all the time."""
    return [(await bare(path), await ours(path)) for _ in range(3)]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        for number in range(FOLDERS):
            Path(home, str(number)).mkdir()
        path = Path(home, "7", "a.jsonl")
        path.write_bytes(LINE)
        turns = asyncio.run(in_turns(path))
    limit, own = (min(times) * 1e6 for times in zip(*turns, strict=True))
    print(f"append to known: bare {limit:.0f} us, ours {own:.0f} us, ratio {own / limit:.1f}")


if __name__ == "__main__":
    main()
