"""Listening to a watch until it has told something."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from supervisor.transcripts.watch import Watch


class Ear:
    """Hears what a watch tells; to be given as its *tell* and *trouble*."""

    def __init__(self) -> None:
        """Nothing has been heard yet."""
        self.told: list[Path] = []
        self.troubles: list[str] = []
        self._heard = asyncio.Event()

    def tell(self, path: Path) -> None:
        """Hear a path."""
        self.told.append(path)
        self._heard.set()

    def trouble(self, sentence: str) -> None:
        """Hear a complaint."""
        self.troubles.append(sentence)

    async def hears(self, *paths: Path) -> list[Path]:
        """Wait until all these were told; give and forget all that was."""
        async with asyncio.timeout(60):
            while not set(paths) <= set(self.told):
                self._heard.clear()
                await self._heard.wait()
        told, self.told = self.told, []
        return told


@asynccontextmanager
async def running(watch: Watch) -> AsyncIterator[None]:
    """Run a watch meanwhile."""
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
