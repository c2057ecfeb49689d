"""What every screen may ask of the supervisor: sessions, pages of transcripts, keep-awake, devices.

Satisfies ``remote.backend.Backend``. Disk is touched in threads only; the store has one of its own.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from supervisor.core import events
from supervisor.core.desk import Desk
from supervisor.core.errors import NoSuchSession
from supervisor.core.journal import Journal
from supervisor.core.model import (
    Awake,
    AwakeMode,
    Device,
    Facts,
    Job,
    Machine,
    Page,
    Record,
    Resume,
    Session,
    State,
    Transcript,
)
from supervisor.core.notice import Notice
from supervisor.core.pictures import newest_first
from supervisor.observe import Observer
from supervisor.remote.backend import Picture, Steer, Told
from supervisor.store import answers, audit, devices, jobs, notes, retention, sessions
from supervisor.store import notices as told
from supervisor.store.database import Database, Unkept

logger = logging.getLogger(__name__)

T = TypeVar("T")


#: Seconds in which agents were looked at once; where a disk hangs, orders do not wait for it.
_FIRST_LOOK = 5.0
_TIDY_EVERY = 86_400.0
#: So many stored sessions of the very same time are told in one page, and no more.
_MOST_AT_ONCE = 500


class Front:
    """Owns the store's thread. Asks the desk on the loop; never changes it but by an event."""

    def __init__(
        self,
        *,
        desk: Desk,
        journal: Journal,
        observer: Observer,
        post: Callable[[events.Event], None],
        database: Database,
        machine: Machine,
        resume: Callable[[str, str, str | None], Resume | None],
    ) -> None:
        self._desk = desk
        self._journal = journal
        self._observer = observer
        self._post = post
        self._database = database
        self._machine = machine
        self._resume = resume
        self._store_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._tidied_at = 0.0
        #: Why nothing can be kept, in a sentence for every screen.
        self.trouble: str | None = None
        #: Told, from any thread, when something could not be kept.
        self.unkept: Callable[[], object] = lambda: None
        self.stop = asyncio.Event()
        self._steer: Steer | None = None

    @property
    def steer(self) -> Steer:
        """What is done to sessions."""
        assert self._steer is not None, "nobody serves before everything is put together"
        return self._steer

    def steered_by(self, steer: Steer) -> None:
        """Whom to ask for what is done to sessions."""
        self._steer = steer

    @property
    def stream(self) -> Journal:
        """The journal."""
        return self._journal

    def picture(self) -> Picture:
        """All of it, now."""
        keeper = self._desk.keeper
        return Picture(
            machine=self._machine,
            sessions=newest_first(self._desk.sessions.values()),
            awake=keeper.awake,
            power=keeper.power,
            online=None,
            trouble=self.trouble,
        )

    def told(self) -> Told:
        """What people were told."""
        board = self._desk.notices.board
        return Told(notices=board.newest, on_desktop=board.rules.desktop)

    # -- sessions -------------------------------------------------------------------------------

    async def past_sessions(self, before: float | None, limit: int) -> Sequence[Session]:
        """Stored sessions that are not in the picture, newest change first, changed before *before*."""
        stored = await asyncio.to_thread(self._observer.stored)
        known = self._desk.sessions
        stored = [t for t in stored if t.session_id not in known]
        wanted = [t for t in stored if before is None or _tick(t.changed_at) < _tick(before)]
        page = wanted[:limit]
        # Files from a backup may share their time: a page never ends between two of them.
        page += [
            t
            for t in wanted[limit : limit + _MOST_AT_ONCE]
            if _tick(t.changed_at) == _tick(page[-1].changed_at)
        ]
        return [await self._past(transcript) for transcript in page]

    async def session(self, session_id: str) -> Session:
        """One session by id, live or stored. Raises ``NoSuchSession``."""
        if session := self._desk.sessions.get(session_id):
            return session
        return await self._past(await self._stored(session_id))

    async def entries(self, session_id: str, before: int | None, limit: int) -> Page:
        """A page of its transcript; empty while nothing is written. Raises ``NoSuchSession``."""
        session = self._desk.sessions.get(session_id)
        try:
            transcript = await self._stored(session_id, session.agent if session else None)
        except NoSuchSession:
            if session is None:
                raise
            return Page(entries=(), before=None)
        return await asyncio.to_thread(self._page, transcript, before, limit)

    async def resume(self, session_id: str) -> Resume | None:
        """The agent's own command to bring it back, ``None`` if there is none."""
        return (await self.session(session_id)).resume

    async def _stored(self, session_id: str, agent: str | None = None) -> Transcript:
        return await asyncio.to_thread(self._find, session_id, agent)

    def _find(self, session_id: str, agent: str | None) -> Transcript:
        for name in [agent] if agent else self._observer.agents:
            if found := self._observer.find(name, session_id):
                return found
        raise NoSuchSession(f"There is no session {session_id[:80]!r}.", "See: wakeline ls --all")

    def _page(self, transcript: Transcript, before: int | None, limit: int) -> Page:
        history = self._observer.history(transcript)
        try:
            return history.page(before, limit)
        finally:
            history.close()

    async def _past(self, transcript: Transcript) -> Session:
        """A stored conversation as a session that is over; read once, then remembered."""
        known = await self.store(sessions.known_facts, transcript)
        if known is None:
            record = await asyncio.to_thread(self._recent, transcript)
            known = (record.facts or Facts(), record.at)
            await self.store(sessions.keep_facts, transcript, *known)
        facts, _ = known
        # Not what its last record says: pages of the list are cut by this.
        moved = transcript.changed_at
        return Session(
            id=transcript.session_id,
            agent=transcript.agent,
            state=State.ENDED,
            since=moved,
            last_activity_at=moved,
            title=facts.title,
            cwd=facts.cwd,
            git_branch=facts.git_branch,
            agent_version=facts.agent_version,
            model=facts.model,
            tokens=facts.tokens,
            cost_usd=facts.cost_usd,
            context_used_percent=facts.context_used_percent,
            transcript=transcript.where,
            resume=self._resume(transcript.agent, transcript.session_id, facts.cwd),
        )

    def _recent(self, transcript: Transcript) -> Record:
        history = self._observer.history(transcript)
        try:
            return history.recent()
        finally:
            history.close()

    # -- keep-awake -----------------------------------------------------------------------------

    async def set_awake(self, mode: AwakeMode, seconds: float | None) -> Awake:
        """Change the keep-awake mode, for *seconds* or until changed again."""
        self._post(events.AwakeChosen(mode=mode, seconds=seconds, at=time.time()))
        return self._desk.keeper.awake

    # -- what must survive ----------------------------------------------------------------------

    async def store(self, deed: Callable[..., T], *values: Any) -> T:
        """Do something with the store, in its thread; done when this returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._store_thread, deed, self._database, *values)

    def save(self, session: Session) -> None:
        """Keep a session, soon; and let go of old ones, once a day."""
        self._keep(sessions.save, session)
        now = time.time()
        if not 0.0 <= now - self._tidied_at < _TIDY_EVERY:
            self._tidied_at = now
            self._keep(retention.tidy, now)

    def keep_notices(self, notices: Sequence[Notice]) -> None:
        """Keep what people were told, soon."""
        self._keep(told.save, notices)

    def keep_job(self, session_id: str, job: Job) -> None:
        """Keep a job, soon."""
        self._keep(jobs.keep, session_id, job)

    def _keep(self, deed: Callable[..., object], *values: Any) -> None:
        self._store_thread.submit(deed, self._database, *values).add_done_callback(self._kept)

    def _kept(self, done: "Future[Any]") -> None:
        if not done.cancelled() and (trouble := done.exception()):
            logger.warning("could not keep something: %s", trouble)
            self.unkept()

    @property
    def database(self) -> Database:
        """Where everything is kept now."""
        return self._database

    def keep_in(self, database: Database) -> None:
        """Keep everything there from now on; the one before is closed."""
        before, self._database = self._database, database
        if before is not database:
            self._store_thread.submit(before.close)

    def keep_all_again(self) -> None:
        """Keep what may have been lost on the way while nothing could be kept, soon."""
        for session in self._desk.sessions.values():
            self.save(session)
            for job in session.jobs:
                self.keep_job(session.id, job)
        self.keep_notices(tuple(reversed(self._desk.notices.board.newest)))

    async def devices(self) -> Sequence[Device]:
        """All paired devices."""
        return await self.store(devices.all_devices)

    async def add_device(self, device: Device) -> None:
        """Remember a device; on disk when this returns."""
        await self.store(devices.add, device)

    async def remove_device(self, device_id: str) -> bool:
        """Forget a device; on disk when this returns."""
        return await self.store(devices.remove, device_id)

    async def seen_device(self, device_id: str, address: str) -> None:
        """Note that a device was here; where that cannot be noted, it was here all the same."""
        try:
            await self.store(devices.seen, device_id, address, time.time())
        except Unkept as trouble:
            logger.warning("could not note who was here: %s", trouble.title)

    async def ready_for_orders(self) -> None:
        """Wait, after a start, until it is known who is alive. Raises ``Failed``: nothing can be kept."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_LOOK):
                await self._observer.seen()
        await asyncio.to_thread(self._database.check_room)

    async def audit(self, what: str, details: Mapping[str, str]) -> None:
        """Append one line to the audit log."""
        await self.store(audit.append, what, details)

    async def remembered(self, caller: str, key: str) -> tuple[str, int, bytes] | None:
        """What was answered to this idempotency key."""
        return await self.store(answers.given, caller, key)

    async def remember(self, caller: str, key: str, body_hash: str, status: int, answer: bytes) -> None:
        """Keep an answer for a repeat; on disk when this returns."""
        await self.store(answers.keep, caller, key, body_hash, status, answer)

    async def note(self, name: str) -> str | None:
        """A small fact that survived, by its name."""
        return await self.store(notes.read, name)

    async def keep_note(self, name: str, value: str | None) -> None:
        """Keep a small fact, or with ``None`` forget it; on disk when this returns."""
        if value is None:
            await self.store(notes.forget, name)
        else:
            await self.store(notes.write, name, value)

    # -- ending ---------------------------------------------------------------------------------

    async def shut_down(self) -> None:
        """Stop the supervisor soon."""
        self.stop.set()

    def close(self) -> None:
        """Finish writing, let go of the file."""
        self._store_thread.shutdown(wait=True)
        self._database.close()


def _tick(seconds: float) -> int:
    """A time as exactly as the API tells it."""
    return int(seconds * 1000)


def hostname() -> str:
    """The name of this machine, without its domain."""
    return socket.gethostname().split(".")[0]
