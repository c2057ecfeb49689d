"""Finds sessions and reports what happens to them: registries, transcripts and processes.

It is told by the file system which file has changed, asks the agent's module what that concerns,
and posts what it finds. Agents, files and processes are handed in; it decides nothing.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from supervisor.agents import plain
from supervisor.agents.base import Agent, Concern, History, Processes
from supervisor.agents.steering import Line
from supervisor.chores import Chores
from supervisor.core import events
from supervisor.core.model import OVER, Hosted, Run, Session, Sighting, Sign, Transcript
from supervisor.core.steering import Approval, Remains

logger = logging.getLogger(__name__)

Post = Callable[[events.Event], None]

#: Seconds between two looks at all processes when nothing has changed: agents that write nothing
#: when they start are found by this.
SCAN_EVERY = 60.0
#: Seconds during which changes of a registry are gathered before it is read again.
_GATHER = 0.02
#: Nanoseconds within which two writes may leave the same time.
_COARSE = 100_000_000


@dataclass(slots=True)
class _Post:
    """An agent under observation. Owner: the observer."""

    agent: Agent
    home: Path
    #: How the names of all files in its home begin.
    below: str
    line: Line
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    stirred: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Followed:
    """A transcript that is being read. Owner: the observer."""

    session_id: str
    agent: str
    history: History


class _Ear:
    """Makes events of what an agent says."""

    def __init__(self, agent: str, post: Post) -> None:
        self._agent = agent
        self._post = post

    def turn(self, session_id: str, sign: Sign, waiting_for: str | None) -> None:
        """See ``agents.steering.Ear``."""
        self._post(
            events.Told(
                agent=self._agent,
                session_id=session_id,
                sign=sign,
                waiting_for=waiting_for,
                at=time.time(),
            )
        )

    def asks(self, approval: Approval) -> None:
        """See ``agents.steering.Ear``."""
        self._post(events.Asked(agent=self._agent, approval=approval, at=time.time()))

    def answered(self, approval_id: str) -> None:
        """See ``agents.steering.Ear``."""
        self._post(events.Answered(approval_id=approval_id, at=time.time()))


class _Aside:
    """Asks what may block in a thread: one for all that is asked at once, as when many are cut off."""

    def __init__(self) -> None:
        self._asked: list[tuple[Callable[[], str | None], asyncio.Future[str | None]]] = []
        self._chores = Chores()

    async def ask(self, question: Callable[[], str | None]) -> str | None:
        """Its answer; what it raises is raised here."""
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        if not self._asked:
            self._chores.begin(self._answer(), "ask aside")
        self._asked.append((question, answer))
        return await answer

    async def _answer(self) -> None:
        asked, self._asked = self._asked, []
        answers = await asyncio.to_thread(lambda: [_answered(question) for question, _ in asked])
        for (_, future), answer in zip(asked, answers, strict=True):
            if future.done():  # whoever asked waits no more
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def _answered(question: Callable[[], str | None]) -> str | Exception | None:
    try:
        return question()
    except Exception as trouble:  # noqa: BLE001  # whoever asked gets it, and the others their answers
        return trouble


class Observer:
    """Owns the open transcripts of live sessions and one looking task for each agent."""

    def __init__(
        self,
        *,
        agents: Mapping[str, tuple[Agent, Path]],
        processes: Processes,
        lines: Callable[..., History],
        post: Post,
        hosted: Callable[[], Sequence[Hosted]] = tuple,
        ancestors: Callable[[int], Sequence[Run]] = lambda _: (),
        pane: Callable[[Run], str | None] = lambda _: None,
    ) -> None:
        """*agents*: each agent with the folder that it keeps its files in.

        *lines* opens a file of lines: a path and a reader, and as *root* the folder that the path
        must not lead out of.

        *hosted*: the terminals that are held; *ancestors*: of a process, its parent first; *pane*:
        of somebody else's terminal program, that a process runs in.
        """
        self._posts = {
            name: _Post(agent, home, f"{home}{os.sep}", agent.steering.line(home, processes))
            for name, (agent, home) in agents.items()
        }
        self._processes = processes
        self._lines = lines
        self._post = post
        self._hosted = hosted
        self._ancestors = ancestors
        self._pane = pane
        #: The command of each process that serves a session.
        self._argv: dict[Run, tuple[str, ...]] = {}
        self._followed: dict[str, _Followed] = {}
        #: Sessions to be followed: their transcripts are open, being opened, or not there yet.
        self._wanted: set[str] = set()
        self._waiting: dict[str, Session] = {}
        #: Stores as they were when they were read last.
        self._stamps: dict[Path, tuple[int, int, int]] = {}
        #: Agents whose store has changed and is read soon.
        self._behind: set[str] = set()
        self._chores = Chores()
        self._aside = _Aside()
        #: Agents that were not looked at since we began.
        self._unseen = set(self._posts)
        self._seen = asyncio.Event()

    @property
    def agents(self) -> Sequence[str]:
        """The short names of all agents under observation."""
        return tuple(self._posts)

    # -- looking --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look at every agent now, and whenever ``look`` is called. Ends only by cancellation."""
        async with asyncio.TaskGroup() as group:
            for post in self._posts.values():
                post.wanted.set()
                group.create_task(self._keep_looking(post), name=f"look at {post.agent.name}")
                group.create_task(self._keep_listening(post), name=f"listen to {post.agent.name}")
            group.create_task(self._scan(), name="scan processes")

    def line(self, agent: str) -> Line:
        """The agent's own channel."""
        return self._posts[agent].line

    async def seen(self) -> None:
        """Wait until every agent was looked at once."""
        await self._seen.wait()

    def look(self, agent: str) -> None:
        """Find out soon who of this agent is alive."""
        self._posts[agent].wanted.set()

    async def look_now(self, agent: str) -> None:
        """Look, and return when what was found is posted."""
        await self._look(self._posts[agent])

    def look_at_all(self) -> None:
        """Find out soon who is alive."""
        for post in self._posts.values():
            post.wanted.set()

    async def _scan(self) -> None:
        while True:
            await asyncio.sleep(SCAN_EVERY)
            self.look_at_all()

    async def _keep_looking(self, post: _Post) -> None:
        while True:
            await post.wanted.wait()
            post.wanted.clear()
            try:
                await self._look(post)
            except Exception:  # a fault in one agent's module must not blind us to all others
                logger.exception("could not look at %s", post.agent.title)
            self._unseen.discard(post.agent.name)
            if not self._unseen:
                self._seen.set()
            await asyncio.sleep(_GATHER)

    async def _look(self, post: _Post) -> None:
        self._catch_up(post.agent.name)
        sightings = await asyncio.to_thread(self._sightings, post)
        alive = {sighting.session_id for sighting in sightings if sighting.alive}
        await self._hear_last_words(post.agent.name, alive)
        self._catch_up(post.agent.name)
        self._post(events.Looked(agent=post.agent.name, sightings=sightings, at=time.time()))

    async def _hear_last_words(self, agent: str, alive: set[str | None]) -> None:
        """Whether who is gone had finished stands in its transcript, and nobody may have opened that yet."""
        for session in [s for s in self._waiting.values() if s.agent == agent and s.id not in alive]:
            self.follow(self._waiting.pop(session.id))
        if not self._wanted <= self._followed.keys() | alive:
            await self._chores.settled()

    async def _keep_listening(self, post: _Post) -> None:
        ear = _Ear(post.agent.name, self._post)
        while True:
            post.stirred.clear()
            try:
                await post.line.listen(ear)
            except Exception:  # as above
                logger.exception("could not listen to %s", post.agent.title)
            self._post(events.Unheard(agent=post.agent.name, at=time.time()))
            await post.stirred.wait()

    def _sightings(self, post: _Post) -> tuple[Sighting, ...]:
        hosted = self._hosted()
        if post.agent.name == plain.name:
            return tuple(plain.commands(hosted, self.agents))
        found = post.agent.look(post.home, self._processes)
        by_pid = {one.run.pid: one for one in hosted}
        return tuple(self._with_its_place(post, sighting, by_pid) for sighting in found)

    def _with_its_place(self, post: _Post, sighting: Sighting, hosted: Mapping[int, Hosted]) -> Sighting:
        """With where it runs and how it can be reached."""
        if not sighting.alive or sighting.parent_id:
            return sighting
        shown_by = sighting.screens[-1] if sighting.screens else sighting.run
        sighting = replace(self._in_its_terminal(sighting, hosted), argv=self._command(shown_by))
        if sighting.terminal is None:
            sighting = replace(sighting, pane=self._pane(sighting.run))
        return replace(sighting, reachable=post.line.reaches(sighting))

    def _command(self, run: Run) -> tuple[str, ...]:
        if run not in self._argv:
            process = self._processes.find(run.pid)
            self._argv[run] = process.argv if process and process.run == run else ()
        return self._argv[run]

    def _in_its_terminal(self, sighting: Sighting, hosted: Mapping[int, Hosted]) -> Sighting:
        """With the terminal of ours that its process descends from, if it does."""
        if not hosted:
            return sighting
        screens = (sighting.run,) if sighting.screens is None else sighting.screens
        line = [pid for run in screens for pid in (run.pid, *(up.pid for up in self._ancestors(run.pid)))]
        terminal = next((hosted[pid] for pid in line if pid in hosted), None)
        if terminal is None:
            return sighting
        return replace(sighting, terminal=terminal.id, name=terminal.name or sighting.name)

    # -- files that change ----------------------------------------------------------------------

    def changed(self, path: Path) -> None:
        """A file or folder has changed; the watch calls this on the loop."""
        name = str(path)
        for post in self._posts.values():
            if not name.startswith(post.below) and path != post.home:
                continue
            concern, session_id = post.agent.concern(post.home, path)
            match concern:
                case Concern.LIVE:
                    post.wanted.set()
                    post.stirred.set()
                case Concern.TRANSCRIPT if session_id:
                    self._grown(session_id)
                case Concern.ALL_TRANSCRIPTS if self._is_news(path):
                    post.wanted.set()
                    self._catch_up_soon(post.agent.name)
                case _:
                    pass

    def _is_news(self, path: Path) -> bool:
        """Whether somebody wrote there: SQLite opens its log for writing even where it only reads.

        A file's time is coarse: one that was written to just now may be written to again within it.
        """
        try:
            seen = path.stat()
        except OSError:
            return True
        stamp = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
        if self._stamps.get(path) == stamp:
            return False
        if time.time_ns() - seen.st_mtime_ns > _COARSE:
            self._stamps[path] = stamp
        return True

    def _grown(self, session_id: str) -> None:
        if followed := self._followed.get(session_id):
            self._read(followed)
        elif session := self._waiting.pop(session_id, None):
            self.follow(session)

    def _catch_up_soon(self, agent: str) -> None:
        """A database is written to in many small steps: they are read together."""
        if agent not in self._behind:
            self._behind.add(agent)
            asyncio.get_running_loop().call_later(_GATHER, self._catch_up, agent)

    def _catch_up(self, agent: str) -> None:
        self._behind.discard(agent)
        for followed in list(self._followed.values()):
            if followed.agent == agent:
                self._read(followed)

    def _read(self, followed: _Followed) -> None:
        while records := tuple(followed.history.more()):
            if followed.history.replaced():
                self._post(events.Replaced(session_id=followed.session_id, at=time.time()))
            self._post(events.Written(session_id=followed.session_id, records=records, at=time.time()))
            if not followed.history.is_behind():
                return

    # -- transcripts of live sessions -----------------------------------------------------------

    def follow(self, session: Session) -> None:
        """Open the transcript of a session and report what is written from now on."""
        if session.id in self._followed:
            return
        self._wanted.add(session.id)
        self._chores.begin(self._open(session), f"open the transcript of {session.id}")

    async def _open(self, session: Session) -> None:
        found = await asyncio.to_thread(self.find, session.agent, session.id)
        if found is None:
            if session.id in self._wanted:
                # Some agents name a transcript before they write it: the watch will tell.
                self._waiting[session.id] = session
            return
        history = self.history(found)
        record = await asyncio.to_thread(history.recent)
        self._post(events.Opened(session_id=session.id, record=record, at=time.time()))
        # It may have ended, or been opened by another call, while the disk was asked.
        if session.id not in self._wanted or session.id in self._followed or session.state in OVER:
            history.close()
            return
        self._followed[session.id] = _Followed(session.id, session.agent, history)
        self._read(self._followed[session.id])

    def unfollow(self, session_id: str) -> None:
        """Let go of a transcript."""
        self._wanted.discard(session_id)
        self._waiting.pop(session_id, None)
        if followed := self._followed.pop(session_id, None):
            followed.history.close()

    def find(self, agent: str, session_id: str) -> Transcript | None:
        """The stored transcript of a session. May block on disk."""
        post = self._posts.get(agent)
        return post.agent.find(post.home, session_id) if post else None

    def is_stored(self, session: Session) -> bool:
        """Whether the agent still has its transcript. May block."""
        return self.find(session.agent, session.id) is not None

    async def endpoint(self, session: Session, environment: Mapping[str, str]) -> str | None:
        """A URL of the API that this session's agent uses."""
        post = self._posts.get(session.agent)
        if post is None:
            return None
        question = partial(post.agent.steering.endpoint, post.home, environment, session)
        return await self._aside.ask(question)

    async def remains(self, session: Session) -> Remains | None:
        """What is stored of a session, to be put into the trash."""
        post = self._posts.get(session.agent)
        if post is None:
            return None
        return await asyncio.to_thread(post.agent.steering.remains, post.home, session.id)

    def history(self, transcript: Transcript) -> History:
        """Open a stored transcript."""
        post = self._posts[transcript.agent]
        return post.agent.open(transcript, partial(self._lines, root=post.home))

    def stored(self) -> Sequence[Transcript]:
        """Every stored transcript of every agent, newest change first. May block on disk."""
        found = [t for post in self._posts.values() for t in post.agent.transcripts(post.home)]
        own = [transcript for transcript in found if transcript.parent_id is None]
        return sorted(own, key=lambda transcript: transcript.changed_at, reverse=True)

    def close(self) -> None:
        """Let go of everything."""
        for session_id in list(self._followed):
            self.unfollow(session_id)
