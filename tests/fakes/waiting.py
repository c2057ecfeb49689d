"""Things that were seen, and waiting for one of them."""

import asyncio


class Seen:
    """Owns a list that can be waited on."""

    def __init__(self) -> None:
        self.all: list[object] = []
        self._news = asyncio.Event()

    def add(self, one: object) -> None:
        """Something was seen."""
        self.all.append(one)
        self._news.set()

    async def wait_for(self, one: object, seconds: float = 60) -> None:
        """Until that was seen. Raises ``TimeoutError``."""
        async with asyncio.timeout(seconds):
            while one not in self.all:
                self._news.clear()
                await self._news.wait()
