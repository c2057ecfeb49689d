"""What was lost in a crash, a reboot or a kill, and bringing it back: one after the other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supervisor.core.errors import Refused, WakelineError
from supervisor.core.model import OVER, Session, State
from supervisor.steering.copies import Copies
from supervisor.system.branch import git_branch

logger = logging.getLogger(__name__)

#: Seconds between two starts: agents are heavy when they start.
_BETWEEN: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A session that was lost, and what is left of it."""

    session: Session
    folder_exists: bool
    #: The branch that its folder is on now; ``None``: none, or not known.
    branch_now: str | None
    #: Agents delete old transcripts themselves; then nothing can be resumed.
    transcript_exists: bool


class Recovery:
    """Owns the resuming under way. On the event loop."""

    def __init__(
        self,
        *,
        sessions: Callable[[], Iterable[Session]],
        is_stored: Callable[[Session], bool],
        copies: Copies,
        resume: Callable[[str], Awaitable[str]],
    ) -> None:
        """*is_stored*: whether the agent still has its transcript; may block."""
        self._sessions = sessions
        self._is_stored = is_stored
        self._copies = copies
        self._resume = resume
        self._resuming: asyncio.Task[None] | None = None

    async def lost(self) -> Sequence[Lost]:
        """All that was lost and is not back, newest first."""
        lost = [session for session in self._sessions() if session.state is State.LOST]
        newest_first = sorted(lost, key=lambda session: session.since, reverse=True)
        return await asyncio.to_thread(lambda: [self._left(session) for session in newest_first])

    async def check(self, session: Session) -> None:
        """Bring back our copy of what its agent has deleted. Raises ``Refused`` where there is none."""
        if session.state not in OVER or session.transcript is None:
            return
        if await asyncio.to_thread(self._is_stored, session) or await self._copies.put_back(session):
            return
        raise Refused(
            "Its agent has deleted this conversation.",
            "Agents clean up old ones by themselves; recovery.keep_transcripts keeps copies.",
        )

    async def resume(self, wanted: Sequence[str] | None) -> Sequence[str]:
        """Begin to bring these back, or all that can be; answers which, in their order."""
        able = [one.session.id for one in await self.lost() if one.transcript_exists and one.folder_exists]
        chosen = able if wanted is None else [session_id for session_id in able if session_id in set(wanted)]
        before = self._resuming
        self._resuming = asyncio.get_running_loop().create_task(self._one_by_one(chosen, before))
        return chosen

    async def _one_by_one(self, chosen: Sequence[str], before: "asyncio.Task[None] | None") -> None:
        if before:
            await before
        for session_id in chosen:
            try:
                for session in [one for one in self._sessions() if one.id == session_id]:
                    await self.check(session)
                await self._resume(session_id)
            except WakelineError as trouble:
                logger.warning("could not resume %s: %s", session_id, trouble.title)
            await asyncio.sleep(_BETWEEN)

    def _left(self, session: Session) -> Lost:
        there = session.cwd is not None and Path(session.cwd).is_dir()
        return Lost(
            session=session,
            folder_exists=there,
            branch_now=git_branch(session.cwd) if there and session.cwd else None,
            transcript_exists=self._is_stored(session) or self._copies.has(session),
        )

    def close(self) -> None:
        """Bring nothing more back."""
        if self._resuming:
            self._resuming.cancel()
