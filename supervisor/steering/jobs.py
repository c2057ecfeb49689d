"""Looks at the jobs of sessions for the desk: in a thread, one look at a time, and by their ends."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.agents.base import Agent
from supervisor.agents.steering import USUAL, Steering
from supervisor.core import effects, events
from supervisor.core.desk import Desk
from supervisor.core.errors import NoSuchSession, Refused
from supervisor.core.model import Hosted, Job, Origin, Process, Run
from supervisor.system import jobs
from supervisor.system.jobs import Signs

logger = logging.getLogger(__name__)

#: By this variable what was started in a terminal of ours is known.
TERMINAL: Final = "WAKELINE_TERMINAL"


class Tail(NamedTuple):
    """The end of what a job has written: from which byte on, and how many there are."""

    text: str
    begin: int
    size: int


class JobWatch:
    """Owns the look that runs, and what watches for the ends of jobs. On the event loop."""

    def __init__(
        self,
        *,
        desk: Desk,
        post: Callable[[events.Event], None],
        agents: Mapping[str, tuple[Agent, Path]],
        hosted: Callable[[], Sequence[Hosted]],
    ) -> None:
        """*hosted*: the terminals that are held."""
        self._desk = desk
        self._post = post
        self._agents = agents
        self._hosted = hosted
        self._watched: dict[Run, Callable[[], None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._wanted: effects.LookAtJobs | None = None

    # -- for the desk ---------------------------------------------------------------------------

    def look(self, wish: effects.LookAtJobs) -> None:
        """Look soon; while one looks, the newest wish waits."""
        self._wanted = wish
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look(), name="look at jobs")
            self._looking.add_done_callback(_noted)

    def watch(self, run: Run) -> None:
        """Say when this process has ended; at once if it has."""
        if run not in self._watched:
            self._watched[run] = jobs.watch_end(run, self._ended)

    def close(self) -> None:
        """Look and watch no more."""
        for stop in self._watched.values():
            stop()
        self._watched.clear()
        if self._looking:
            self._looking.cancel()

    async def _look(self) -> None:
        while wish := self._wanted:
            self._wanted = None
            signs = self._signs(wish.origins)
            found = await asyncio.to_thread(jobs.look, wish.origins, wish.known, signs)
            self._post(events.JobsFound(origins=wish.origins, found=found, at=time.time()))

    def _ended(self, run: Run, exit_status: int | None) -> None:
        self._watched.pop(run, None)
        self._post(events.JobEnded(run=run, exit_status=exit_status, at=time.time()))

    # -- for screens ----------------------------------------------------------------------------

    async def of(self, session_id: str) -> Sequence[Job]:
        """The jobs of a session as they are now, and those that have ended; oldest first."""
        if session_id not in self._desk.sessions:
            return ()
        for wish in self._desk.jobs.look():
            if isinstance(wish, effects.LookAtJobs):
                self.look(wish)
        if self._looking and not self._looking.done():
            await asyncio.wait([self._looking])
        return self._desk.jobs.of(session_id)

    async def find(self, session_id: str, pid: int) -> Job | None:
        """The job with this PID, of this session if it is, else of whichever."""
        own = [job for job in await self.of(session_id) if job.pid == pid]
        return max(own, key=lambda job: job.started_at) if own else self._desk.jobs.any_of(pid)

    async def tail(self, session_id: str, pid: int, size: int) -> Tail:
        """The end of what a job of this session has written. Raises ``NoSuchSession``, ``Refused``."""
        job = next((one for one in reversed(self._desk.jobs.of(session_id)) if one.pid == pid), None)
        if job is None:
            raise NoSuchSession(f"This session has no job {pid}.", "See: wakeline jobs")
        found = await asyncio.to_thread(jobs.tail, job, size)
        if found is None:
            raise Refused("What this job writes goes into no file that can be read.", "See: wakeline jobs")
        data, begin, whole = found
        return Tail(data.decode("utf-8", "replace"), begin, whole)

    # -------------------------------------------------------------------------------------------

    def _signs(self, origins: Sequence[Origin]) -> Mapping[str, Signs]:
        leaders = {one.id: one.run for one in self._hosted()}
        return {origin.session_id: self._signs_of(origin, leaders) for origin in origins}

    def _signs_of(self, origin: Origin, leaders: Mapping[str, Run]) -> Signs:
        return Signs(
            marks=self._steering(origin.agent).marks(origin.session_id),
            terminal={TERMINAL: origin.terminal} if origin.terminal else {},
            leader=leaders.get(origin.terminal or ""),
            spare=self._is_part,
        )

    def _steering(self, agent: str) -> Steering:
        return self._agents[agent][0].steering if agent in self._agents else USUAL

    def _is_part(self, process: Process) -> bool:
        return any(agent.steering.is_part(process) for agent, _ in self._agents.values())


def _noted(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (trouble := task.exception()):
        logger.error("could not look at jobs", exc_info=trouble)
