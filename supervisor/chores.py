"""Work that nobody waits for: begun on the event loop, and told of when it fails."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class Chores:
    """Owns tasks until they are done; without an owner a task may vanish half-way."""

    def __init__(self) -> None:
        """Nothing is under way."""
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Begin it now. *name*: what could not be done, if it fails."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    async def settled(self) -> None:
        """Wait until all that is under way now is done."""
        if self._under_way:
            await asyncio.wait(set(self._under_way))

    def close(self) -> None:
        """Go on with nothing."""
        for task in self._under_way:
            task.cancel()

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (trouble := task.exception()):
            logger.error("could not %s", task.get_name(), exc_info=trouble)
