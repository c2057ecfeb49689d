"""Looks for models on behalf of many sessions: those that ask the same within a moment share the answer."""

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Final, NamedTuple

#: Seconds for which an answer holds.
_MOMENT: Final = 2.0

Ask = Callable[[str, Mapping[str, str]], bool]
Same = Callable[[str, Mapping[str, str]], Hashable]


class _Answer(NamedTuple):
    """What was found, or is being found, out; when it was asked."""

    asked_at: float
    task: "asyncio.Task[bool]"


class Probes:
    """Owns the answers of this moment. On the event loop."""

    def __init__(self, ask: Ask, same: Same) -> None:
        """*ask* may block; *same*: what questions have in common that have one answer."""
        self._ask = ask
        self._same = same
        self._answers: dict[Hashable, _Answer] = {}

    async def reached(self, url: str, environment: Mapping[str, str]) -> bool:
        """Whether an API answers there, for a process with this environment."""
        now, key = time.monotonic(), self._same(url, environment)
        known = self._answers.get(key)
        if known is None or (known.task.done() and now - known.asked_at > _MOMENT):
            asking = asyncio.to_thread(self._ask, url, dict(environment))
            known = _Answer(now, asyncio.get_running_loop().create_task(asking, name="probe"))
            self._answers = {k: a for k, a in self._answers.items() if not a.task.done()}
            self._answers[key] = known
        # Whoever waits no more takes nothing from the others.
        return await asyncio.shield(known.task)

    def forget(self) -> None:
        """The network is another one."""
        self._answers.clear()
