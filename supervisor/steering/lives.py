"""Whether sessions run: pausing, stopping, taking over, bringing back."""

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from supervisor.agents.steering import Line
from supervisor.core import events
from supervisor.core.desk import Desk
from supervisor.core.errors import NoSuchSession, Refused, WakelineError
from supervisor.core.link import Policy
from supervisor.core.model import Session, State
from supervisor.remote.backend import Lost
from supervisor.steering.living import live
from supervisor.steering.processes import Doer
from supervisor.steering.recovery import Recovery


class Lives:
    """Tells the desk what is done to the processes of sessions, and does it."""

    def __init__(
        self,
        *,
        desk: Desk,
        post: Callable[[events.Event], None],
        session: Callable[[str], Awaitable[Session]],
        line: Callable[[str], Line],
        doer: Doer,
        recovery: Recovery,
    ) -> None:
        """*session*: as every screen sees it, live or stored."""
        self._desk = desk
        self._post = post
        self._session = session
        self._line = line
        self._doer = doer
        self._recovery = recovery

    async def pause(self, session_id: str) -> Mapping[str, Any]:
        """Stop its processes; says what escaped."""
        told = await self._doer.pause(live(self._desk, session_id))
        self._post(events.Paused(session_id=session_id, paused=True, at=time.time()))
        return told

    async def go_on(self, session_id: str) -> Mapping[str, Any]:
        """Let its processes go on."""
        told = await self._doer.go_on(live(self._desk, session_id))
        self._post(events.Paused(session_id=session_id, paused=False, at=time.time()))
        return told

    async def stop(self, session_id: str, *, left_behind: bool) -> Mapping[str, Any]:
        """End it; says what ended and what was left."""
        session = live(self._desk, session_id)
        if session.state is State.WORKING:
            # Where a daemon serves it, its turn would go on without the terminal that is ended.
            with contextlib.suppress(WakelineError):
                await self._line(session.agent).interrupt(session)
        with self._ending(session_id):
            return await self._doer.stop(session, left_behind=left_behind)

    async def resume(self, session_id: str) -> str:
        """Bring it back in a terminal of ours; the terminal's id."""
        await self._recovery.check(await self._session(session_id))
        return await self._doer.resume(session_id)

    async def take_over(self, session_id: str, *, confirmed: bool) -> str:
        """End it where it runs, bring it back in a terminal of ours; the terminal's id."""
        with self._ending(session_id):
            return await self._doer.take_over(session_id, confirmed=confirmed)

    @contextlib.contextmanager
    def _ending(self, session_id: str) -> Iterator[None]:
        """Whatever of it goes meanwhile was not killed."""
        self._post(events.Ending(session_id=session_id, ending=True, at=time.time()))
        try:
            yield
        finally:
            self._post(events.Ending(session_id=session_id, ending=False, at=time.time()))

    # -- what was cut off or lost ----------------------------------------------------------------

    async def reconnect(self, session_id: str, action: str | None, policy: Policy | None) -> None:
        """``now``, ``stop``, and what may be done for it without asking."""
        session = self._desk.sessions.get(session_id)
        if session is None:
            raise NoSuchSession(f"No session in the list is called {session_id[:80]!r}.", "See: wakeline ls")
        now = time.time()
        if policy:
            self._post(events.PolicyChosen(session_id=session_id, policy=policy, at=now))
        if action and session.reconnect is None:
            raise Refused("This session is neither cut off nor lost.", "There is nothing to try.")
        if action == "now":
            self._post(events.TryNow(session_id=session_id, at=now))
        elif action == "stop":
            self._post(events.StopTrying(session_id=session_id, at=now))

    async def lost(self) -> Sequence[Lost]:
        """What was lost and is not back."""
        return await self._recovery.lost()

    async def recover(self, wanted: Sequence[str] | None) -> Sequence[str]:
        """Begin to bring these back, or all; those that can be."""
        return await self._recovery.resume(wanted)
