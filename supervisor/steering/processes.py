"""Pauses, ends, brings back and takes over: one session's processes at a time, never a stranger's."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from supervisor.agents.base import Processes
from supervisor.agents.steering import Steering
from supervisor.core.errors import Failed, Refused
from supervisor.core.model import OVER, Process, Resume, Run, Session, State
from supervisor.core.steering import Launch
from supervisor.system import tree
from supervisor.terminal import Order, Roll

#: Seconds in which an agent may end by itself before it is ended.
_GENTLE: Final = 5.0
_BUSY: Final = frozenset({State.WORKING, State.NEEDS_YOU, State.STARTING})

#: Starts a command in a terminal of ours; the terminal's id.
Start = Callable[[Order], Awaitable[str]]


class Looks(Protocol):
    """Finds out again who is alive."""

    async def look_now(self, agent: str) -> None:
        """Look, and return when the desk knows."""
        ...


class Doer:
    """Owns which sessions are being brought back right now: nobody may do it twice."""

    def __init__(
        self,
        *,
        session: Callable[[str], Awaitable[Session]],
        steering: Callable[[str], Steering],
        processes: Processes,
        roll: Roll,
        start: Start,
        looks: Looks,
        environment: Callable[[], Mapping[str, str]],
        clean: Callable[[Mapping[str, str]], Mapping[str, str]],
        hook: Sequence[str],
        spares: Callable[[Process], bool],
    ) -> None:
        """*environment*: what a session gets that comes back without its old process; may block.

        *clean* takes out of an environment what is about us; *hook*: our program for agents' hooks;
        *spares*: whether many sessions live by a process, of whichever agent.
        """
        self._session = session
        self._steering = steering
        self._processes = processes
        self._roll = roll
        self._start = start
        self._looks = looks
        self._environment = environment
        self._clean = clean
        self._hook = hook
        self._spares = spares
        self._reviving: set[str] = set()

    # -- pausing --------------------------------------------------------------------------------

    async def pause(self, session: Session) -> Mapping[str, Any]:
        """Stop all its processes; the answer says what escaped."""
        run = self._own(session)
        if session.terminal:
            await self._roll.pause(session.terminal)
        reached = await tree.pause(run, self._marks(session), spare=self._spares)
        return {"paused": not reached.escaped, "escaped": [one.run.pid for one in reached.escaped]}

    async def go_on(self, session: Session) -> Mapping[str, Any]:
        """Let its processes go on."""
        run = self._own(session)
        await tree.resume(run, self._marks(session), spare=self._spares)
        if session.terminal:
            await self._roll.resume(session.terminal)
        return {"paused": False}

    async def is_paused(self, session: Session) -> bool:
        """Whether its process is stopped."""
        spares = self._steering(session.agent).spares
        return session.run is not None and await asyncio.to_thread(tree.paused, session.run, spare=spares)

    # -- ending ---------------------------------------------------------------------------------

    async def stop(self, session: Session, *, left_behind: bool) -> Mapping[str, Any]:
        """End it: gently, then firmly. Raises ``Failed`` when something could not be ended."""
        run = self._ends_by(session)
        done = await tree.stop(
            run,
            self._marks(session),
            gentle_seconds=_GENTLE,
            whole=left_behind,
            spare=self._spares,
        )
        if done.failed:
            raise Failed(f"Process {done.failed[0].pid} could not be ended.", "See: wakeline show")
        await self._looks.look_now(session.agent)
        return {
            "ended": [one.pid for one in done.ended],
            "left": [{"pid": one.run.pid, "command": " ".join(one.argv)[:500]} for one in done.left],
        }

    # -- coming back ----------------------------------------------------------------------------

    async def resume(self, session_id: str) -> str:
        """Bring back a session that nobody serves; the id of its terminal."""
        session = await self._session(session_id)
        async with _Once(self._reviving, session_id):
            session = await self._nobodys(session)
            environment = await asyncio.to_thread(self._environment)
            return await self._revive(session, environment)

    async def take_over(self, session_id: str, *, confirmed: bool) -> str:
        """End it where it runs, and bring it back in a terminal of ours, as it was."""
        session = await self._session(session_id)
        if session.terminal:
            raise Refused("This session runs in a terminal of ours already.", "See: wakeline attach")
        if session.state in OVER or session.run is None:
            return await self.resume(session_id)
        joins = self._steering(session.agent).joins(session, self._processes)
        if session.state in _BUSY and not confirmed and not joins:
            raise Refused("The agent works; taking over ends its turn.", "Say so if that is meant.")
        self._way_back(session)
        async with _Once(self._reviving, session_id):
            environment = self._processes.environment(session.run.pid) or self._environment()
            if not joins:
                await self.stop(session, left_behind=False)
                session = await self._nobodys(await self._session(session_id))
            return await self._revive(session, self._clean(environment))

    async def _nobodys(self, session: Session) -> Session:
        """The session, proved to be served by nobody. Raises ``Refused``."""
        await self._looks.look_now(session.agent)
        session = await self._session(session.id)
        if session.state not in OVER or (session.run and self._processes.alive(session.run)):
            where = f"attach {session.id[:8]}" if session.terminal else f"takeover {session.id[:8]}"
            raise Refused("This session runs already: two writers would spoil it.", f"Say: wakeline {where}")
        return session

    async def _revive(self, session: Session, environment: Mapping[str, str]) -> str:
        way = self._way_back(session)
        cwd = way.cwd or session.cwd or str(Path.home())
        if not await asyncio.to_thread(Path(cwd).is_dir):
            raise Failed(f"Its folder {cwd} is not there any more.", "Make it again, or resume by hand.")
        launch = Launch(argv=way.argv, environment=environment, cwd=cwd)
        launch = self._steering(session.agent).prepare(launch, self._hook)
        order = Order(
            argv=launch.argv,
            cwd=launch.cwd,
            environment=tuple(launch.environment.items()),
            name=session.name or "",
        )
        terminal = await self._start(order)
        await self._looks.look_now(session.agent)
        return terminal

    def _way_back(self, session: Session) -> Resume:
        way = self._steering(session.agent).relaunch(session, session.argv)
        if way is None:
            raise Refused("There is no command that brings this session back.", "It was no conversation.")
        return way

    # -- whose processes ------------------------------------------------------------------------

    def _own(self, session: Session) -> Run:
        """The root of its processes, where they serve this session and no other."""
        run = self._ends_by(session)
        if run != session.run:
            raise Refused(
                "This session shares its process with others, which would stop too.", "Interrupt it instead."
            )
        return run

    def _ends_by(self, session: Session) -> Run:
        if session.state in OVER or session.run is None:
            raise Refused("This session has ended.")
        run = self._steering(session.agent).ends_by(session, self._processes)
        if run is None:
            raise Refused("No process serves this session alone.", "Interrupt it instead.")
        return run

    def _marks(self, session: Session) -> Mapping[str, str]:
        """By these variables what left its tree is known."""
        own = {"WAKELINE_TERMINAL": session.terminal} if session.terminal else {}
        return {**own, **self._steering(session.agent).marks(session.id)}


class _Once:
    """A session in it cannot come in again."""

    def __init__(self, inside: set[str], session_id: str) -> None:
        self._inside = inside
        self._session_id = session_id

    async def __aenter__(self) -> None:
        if self._session_id in self._inside:
            raise Refused("This session is being brought back already.", "Wait a moment.")
        self._inside.add(self._session_id)

    async def __aexit__(self, *_: object) -> None:
        self._inside.discard(self._session_id)
