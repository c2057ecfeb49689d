"""Keeps copies of what agents store, where the user wants that: agents delete old sessions themselves."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from supervisor.chores import Chores
from supervisor.core.errors import WakelineError
from supervisor.core.model import OVER, Session, State
from supervisor.core.steering import Remains
from supervisor.store import copies

logger = logging.getLogger(__name__)

#: A session at rest is copied no more often than every so many seconds; one that is over, at once.
_EVERY: Final = 600.0
_AT_REST: Final = frozenset({State.IDLE, State.CUT_OFF, *OVER})

Find = Callable[[Session], Awaitable[Remains | None]]


class Copies:
    """Owns the copying under way. On the event loop."""

    def __init__(self, folder: Path, *, most: int, remains: Find, home: Callable[[str], Path | None]) -> None:
        """*most*: bytes in all; 0 keeps none. *home*: where an agent stores."""
        self._folder = folder
        self._most = most
        self._room = copies.Room(folder, most)
        self._remains = remains
        self._home = home
        self._copied_at: dict[str, float] = {}
        self._turn = asyncio.Lock()
        self._chores = Chores()

    def offer(self, session: Session) -> None:
        """Something about it has changed: copy it, if its time has come."""
        if not self._most or session.state not in _AT_REST or session.transcript is None:
            return
        is_due = time.monotonic() - self._copied_at.get(session.id, -_EVERY) >= _EVERY
        if is_due or session.state in OVER:
            self._copied_at[session.id] = time.monotonic()
            self._chores.begin(self._copy(session), f"copy the transcript of {session.id}")
        if session.state in OVER:
            self._copied_at.pop(session.id, None)

    def has(self, session: Session) -> bool:
        """Whether there is a copy. May block."""
        return copies.has(self._folder, session.agent, session.id)

    async def put_back(self, session: Session) -> bool:
        """Bring back what its agent has deleted; whether there was a copy of it."""
        home = self._home(session.agent)
        if home is None or not await asyncio.to_thread(self.has, session):
            return False
        try:
            return await asyncio.to_thread(copies.put_back, self._folder, session.agent, session.id, home)
        except OSError as trouble:
            logger.warning("the copy of %s could not be put back: %s", session.id, trouble)
            return False

    async def forget(self, session: Session) -> None:
        """It was thrown away: the trash has it."""
        async with self._turn:
            await asyncio.to_thread(copies.forget, self._room, session.agent, session.id)

    async def _copy(self, session: Session) -> None:
        async with self._turn:
            try:
                if remains := await self._remains(session):
                    await asyncio.to_thread(copies.keep, self._room, remains)
            except (WakelineError, OSError) as trouble:
                logger.warning("no copy of %s could be kept: %s", session.id, trouble)

    def close(self) -> None:
        """Copy nothing more."""
        self._chores.close()
