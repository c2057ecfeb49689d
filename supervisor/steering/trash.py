"""Throwing sessions away, so that they can be brought back."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from supervisor.agents.steering import Steering
from supervisor.core import events
from supervisor.core.errors import Refused
from supervisor.core.model import OVER, Session
from supervisor.core.steering import Remains, Trashed
from supervisor.steering.copies import Copies
from supervisor.steering.errands import Errands


class Bin(Protocol):
    """Where it lies: on disk when each call returns."""

    async def discard(self, session: Session, remains: Remains) -> Trashed:
        """Put it into the trash."""
        ...

    async def trash(self) -> Sequence[Trashed]:
        """What is in the trash, newest first."""
        ...

    async def export(self, trash_id: str) -> tuple[str, bytes | None]:
        """The agent, and what could not be moved as files."""
        ...

    async def restore(self, trash_id: str) -> None:
        """Bring it back."""
        ...


class Trash:
    """Throws away what is stored of sessions, and brings it back."""

    def __init__(
        self,
        *,
        post: Callable[[events.Event], None],
        session: Callable[[str], Awaitable[Session]],
        steering: Callable[[str], Steering],
        remains: Callable[[Session], Awaitable[Remains | None]],
        bin_: Bin,
        copies: Copies,
        errands: Errands,
    ) -> None:
        """*session*: as every screen sees it, live or stored; *remains*: what is stored of it."""
        self._post = post
        self._session = session
        self._steering = steering
        self._remains = remains
        self._bin = bin_
        self._copies = copies
        self._errands = errands

    async def discard(self, session_id: str) -> Trashed:
        """Put what is stored of it into the trash."""
        session = await self._session(session_id)
        if session.state not in OVER:
            raise Refused("This session runs.", "Stop it first.")
        remains = await self._remains(session)
        if remains is None:
            raise Refused("Nothing is stored of this session that could be put into the trash.")
        trashed = await self._bin.discard(session, remains)
        await self._copies.forget(session)
        if way := self._steering(session.agent).discarded_by(session):
            # Its remains lie safe: if this fails, it is merely there twice.
            await self._errands.run(way)
        self._post(events.Discarded(session_id=session_id, at=time.time()))
        return trashed

    async def trash(self) -> Sequence[Trashed]:
        """What is in the trash, newest first."""
        return await self._bin.trash()

    async def restore(self, trash_id: str) -> None:
        """Bring it back out of the trash."""
        agent, export = await self._bin.export(trash_id)
        for document, way in self._steering(agent).restored_by(export) if export else ():
            await self._errands.run(way, document)
        await self._bin.restore(trash_id)
