"""Whether what must survive can be kept: says when it cannot, and sees to it that all is well afterwards."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from supervisor.core.errors import WakelineError
from supervisor.store.database import Database

#: Seconds between two looks, while all is well and while it is not: no system tells of free room.
_EVERY: Final = 20.0
_EVERY_IN_TROUBLE: Final = 2.0


class Kept(Protocol):
    """Who keeps everything."""

    unkept: Callable[[], object]

    @property
    def database(self) -> Database:
        """Where."""
        ...


class Room:
    """Owns the answer. On the event loop."""

    def __init__(
        self,
        kept: Kept,
        open_again: Callable[[], Database],
        told: Callable[[str | None], None],
        again: Callable[[Database], Awaitable[None]],
    ) -> None:
        """*told*: the trouble, whenever it changes; *again*: everything can be kept there again."""
        self._kept = kept
        self._open_again = open_again
        self._told = told
        self._again = again
        self._trouble: str | None = None
        self._failed = asyncio.Event()
        loop = asyncio.get_running_loop()
        kept.unkept = lambda: loop.call_soon_threadsafe(self._failed.set)

    async def run(self) -> None:
        """Look, now and then and whenever something could not be kept; until cancelled."""
        while True:
            self._failed.clear()
            await self._look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EVERY_IN_TROUBLE if self._trouble else _EVERY):
                    await (asyncio.Event() if self._trouble else self._failed).wait()

    async def _look(self) -> None:
        try:
            database = await asyncio.to_thread(self._checked)
            if self._trouble:
                await self._again(database)
        except WakelineError as trouble:
            self._tell(f"{trouble.title} {trouble.hint}".strip())
        else:
            self._tell(None)

    def _checked(self) -> Database:
        """Where everything can be kept. Raises ``WakelineError``."""
        database = self._kept.database
        if database.trouble is None:
            database.check_room()
            return database
        opened = self._open_again()
        if opened.trouble:
            opened.close()
            opened.check_room()
        return opened

    def _tell(self, trouble: str | None) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._told(trouble)
