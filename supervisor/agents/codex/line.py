"""The channel to all threads that Codex's shared daemon serves: one connection, for as long as it lives.

Of every thread the daemon tells the state. What a thread asks it tells only those who subscribe to it,
latecomers too; a thread with subscribers is never put away, so we subscribe only while it asks.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from supervisor.agents.codex import asking, files, flags, turns
from supervisor.agents.codex.daemon import PATIENCE, Nobody, Talk, called, is_there
from supervisor.agents.codex.threads import Threads
from supervisor.agents.fields import mapping, string, strings
from supervisor.agents.steering import Ear, Line
from supervisor.core.errors import Failed, NotNow, Refused, WakelineError
from supervisor.core.model import Session, Sighting
from supervisor.core.steering import Approval, Decision, Prompt, Verdict

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

logger = logging.getLogger(__name__)

#: Seconds before the daemon is called again; longer each time, where that is in vain.
_AGAIN_AFTER: Final = 0.25
_AGAIN_AT_MOST: Final = 15.0
#: Seconds that a connection lasts that was not in vain.
_LASTING: Final = 30.0
#: Seconds in which the daemon repeats what is asked to who has just subscribed.
_REPEATS_WITHIN: Final = 1.0


@dataclass(slots=True, kw_only=True)
class _Asked:
    """Something asked and not yet answered. Owner: the line."""

    id: str
    thread: str
    method: str
    params: Mapping[str, Any]
    #: By what it is answered, and in which connection.
    number: object
    talk: Talk
    approval: Approval | None = None
    looked: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)


class DaemonLine(Line):
    """Owns the connection, and what is asked. On the event loop."""

    def __init__(self, home: Path) -> None:
        """*home*: where Codex keeps its files."""
        self._home = home
        self._ear: Ear | None = None
        self._talk: Talk | None = None
        #: Whether we know if there is a daemon, and what it asks.
        self._known = asyncio.Event()
        self._threads = Threads(lambda *_: None)
        self._asked: dict[str, _Asked] = {}
        self._joined: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        #: Prompts that were handed over in this life: the rollout shows them a moment later.
        self._given: set[str] = set()

    # -- listening ------------------------------------------------------------------------------

    async def listen(self, ear: Ear) -> None:
        """See ``Line.listen``."""
        self._ear = ear
        self._known.clear()
        pause = _AGAIN_AFTER
        while True:
            began = time.monotonic()
            try:
                async with called(self._home) as connection:
                    await self._hear(connection, ear)
            except Nobody:
                break
            except TimeoutError:
                logger.info("Codex's daemon does not answer")
            await asyncio.sleep(pause)
            pause = _AGAIN_AFTER if time.monotonic() - began > _LASTING else min(2 * pause, _AGAIN_AT_MOST)
        self._threads = Threads(ear.turn)
        # Whoever asked is no more, and nobody else can take an answer.
        for asked in list(self._asked.values()):
            self._is_over(asked)
        self._known.set()

    async def _hear(self, connection: "ClientConnection", ear: Ear) -> None:
        """One connection from its beginning to its end."""
        self._threads = Threads(ear.turn)
        talk = Talk(connection, happened=self._happened, asked=self._was_asked)
        self._talk = talk
        listening = asyncio.create_task(talk.listen(), name="listen to Codex's daemon")
        try:
            await self._greet(talk)
            self._known.set()
            await listening
        except WakelineError as trouble:
            logger.info("Codex's daemon: %s", trouble.title)
        finally:
            self._known.clear()
            self._talk = None
            tasks = (listening, *self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tasks.clear()
            self._joined.clear()

    async def _greet(self, talk: Talk) -> None:
        """Ask how everybody stands, and what is asked."""
        await talk.introduce()
        for thread in strings((await talk.ask("thread/loaded/list", {})).get("data")):
            await self._ask_who(talk, thread)
        if talk.over:
            return
        for asked in list(self._asked.values()):
            if not self._threads.asks(asked.thread):
                self._is_over(asked)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=PATIENCE)

    def _happened(self, method: str, params: Mapping[str, Any]) -> None:
        thread = string(params.get("threadId"))
        if method == "thread/started":
            thread = self._threads.introduced(mapping(params.get("thread")))
        elif method == "thread/status/changed" and thread:
            self._threads.changed(thread, mapping(params.get("status")))
        elif method == "thread/closed" and thread:
            self._threads.closed(thread)
            self._joined.discard(thread)
            self._all_over(thread)
            return
        elif method == "serverRequest/resolved":
            self._resolved(thread, params.get("requestId"))
            return
        else:
            return
        if thread:
            self._attend(thread)

    async def _ask_who(self, talk: Talk, thread: str) -> None:
        """Learn whose a thread is that nobody introduced."""
        greeting = not self._known.is_set()
        try:
            told = await turns.read(talk, thread)
        except WakelineError:
            told = None
        self._threads.introduced(told or {"id": thread})
        if self._threads.is_sub_agent(thread) and not greeting:
            # Whoever is there when a sub-agent begins is subscribed to it unasked.
            self._joined.add(thread)
        for asked in [a for a in self._asked.values() if a.thread == thread]:
            self._look_at(talk, asked)
        self._attend(thread)

    # -- subscribing ----------------------------------------------------------------------------

    def _attend(self, thread: str) -> None:
        """See to it that we hear what it asks, and that nothing it no longer asks is open."""
        if self._talk and not self._threads.knows(thread):
            self._begin(f"who is {thread}", self._ask_who(self._talk, thread))
            return
        asks = self._threads.asks(thread)
        if not asks:
            self._all_over(thread)
        if asks != (thread in self._joined) and self._talk:
            self._begin(thread, self._subscribe(self._talk, thread))

    async def _subscribe(self, talk: Talk, thread: str) -> None:
        """Subscribe while it asks, and no longer."""
        try:
            while (asks := self._threads.asks(thread)) != (thread in self._joined):
                await (self._join(talk, thread) if asks else self._leave(talk, thread))
        except WakelineError as trouble:
            logger.info("Codex's thread %s: %s", thread, trouble.title)

    async def _join(self, talk: Talk, thread: str) -> None:
        self._joined.add(thread)
        told = await talk.ask("thread/resume", {"threadId": thread, "excludeTurns": True})
        self._threads.introduced(mapping(told.get("thread")))
        await asyncio.sleep(_REPEATS_WITHIN)
        # What was asked before a connection was lost, and is not repeated, was answered meanwhile.
        self._all_over(thread, but_of=talk)

    async def _leave(self, talk: Talk, thread: str) -> None:
        await talk.ask("thread/unsubscribe", {"threadId": thread})
        self._joined.discard(thread)

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Do this beside, unless it is being done."""
        running = self._tasks.get(name)
        if running and not running.done():
            work.close()
            return
        self._tasks[name] = asyncio.create_task(work, name=f"Codex: {name}")
        self._tasks[name].add_done_callback(partial(self._done, name))

    def _done(self, name: str, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(name) is task:
            del self._tasks[name]

    # -- what is asked --------------------------------------------------------------------------

    def _was_asked(self, method: str, params: Mapping[str, Any], number: object) -> None:
        thread, talk = string(params.get("threadId")), self._talk
        if thread is None or talk is None:
            return
        name = asking.identity(params, number)
        asked = self._asked.get(name)
        if asked is None:
            asked = _Asked(id=name, thread=thread, method=method, params=params, number=number, talk=talk)
            self._asked[name] = asked
        elif asked.talk is talk:
            return
        asked.number, asked.talk = number, talk
        if self._threads.knows(thread):
            self._look_at(talk, asked)
        else:
            self._attend(thread)

    def _look_at(self, talk: Talk, asked: _Asked) -> None:
        """Tell it, with what belongs to it."""
        if self._threads.session_of(asked.thread) is None:
            del self._asked[asked.id]
        elif asked.approval is None and asking.wants_changes(asked.method) and not asked.looked:
            asked.looked = True
            self._begin(f"changes of {asked.id}", self._look_at_changes(talk, asked))
        else:
            self._tell(asked, None)

    async def _look_at_changes(self, talk: Talk, asked: _Asked) -> None:
        changes = await turns.changes(talk, asked.thread, asked.params.get("itemId"))
        if not asked.over.is_set():
            self._tell(asked, changes)

    def _tell(self, asked: _Asked, changes: object) -> None:
        session = self._threads.session_of(asked.thread)
        if asked.approval is None and session:
            asked.approval = asking.approval(
                asked.method,
                asked.params,
                number=asked.number,
                session_id=session,
                at=time.time(),
                changes=changes,
            )
        if asked.approval is None:
            # Codex asks its clients for other things too: for the time, for its own tools.
            del self._asked[asked.id]
        elif self._ear:
            self._ear.asks(asked.approval)

    def _resolved(self, thread: str | None, number: object) -> None:
        for asked in list(self._asked.values()):
            if (asked.thread, asked.number) == (thread, number):
                self._is_over(asked)

    def _all_over(self, thread: str, but_of: Talk | None = None) -> None:
        """All that it asked, but for what was told in that connection."""
        for asked in list(self._asked.values()):
            if asked.thread == thread and (but_of is None or asked.talk is not but_of):
                self._is_over(asked)

    def _is_over(self, asked: _Asked) -> None:
        asked.over.set()
        del self._asked[asked.id]
        if asked.approval and self._ear:
            self._ear.answered(asked.id)

    # -- steering -------------------------------------------------------------------------------

    def reaches(self, seen: Sighting) -> bool:
        """Whatever the daemon serves. See ``Line.reaches``."""
        return seen.screens is not None

    async def answer(self, approval: Approval, decision: Decision) -> bool:
        """See ``Line.answer``. Where an answer has no place for the reason of a no, it is said beside."""
        talk = await self._reached() if approval.answerable else None
        if talk is None:
            return False
        asked = self._asked.get(approval.id)
        if asked is None:
            raise _over()
        result = asking.reply(asked.method, asked.params, decision)
        trouble = await self._give_reason(talk, asked, decision)
        if asked.over.is_set():
            raise _over()
        await talk.answer(asked.number, result, asked.over)
        if trouble:
            raise Failed("It was denied, but the reason did not get through.", trouble.title)
        return True

    async def _give_reason(self, talk: Talk, asked: _Asked, decision: Decision) -> WakelineError | None:
        if decision.verdict is not Verdict.DENY or not decision.reason or asking.takes_reason(asked.method):
            return None
        try:
            await turns.say(
                talk, asked.thread, asked.params.get("turnId"), decision.reason, f"{asked.id}:reason"
            )
        except WakelineError as trouble:
            return trouble
        return None

    async def prompt(self, session: Session, prompt: Prompt) -> bool:
        """See ``Line.prompt``."""
        if prompt.id in self._given or await asyncio.to_thread(
            files.tells_of, self._home, session.id, prompt.id
        ):
            return True
        try:
            talk = await self._serving(session)
            if talk is None:
                return False
            await turns.give(talk, session.id, prompt)
        except Failed as trouble:
            # Perhaps it has been taken all the same; the rollout will show it before it is given again.
            raise NotNow(trouble.title, trouble.hint) from trouble
        self._given.add(prompt.id)
        return True

    async def interrupt(self, session: Session) -> bool:
        """See ``Line.interrupt``."""
        talk = await self._serving(session)
        if talk is None:
            return False
        await turns.end(talk, session.id)
        return True

    async def _serving(self, session: Session) -> Talk | None:
        """The daemon, if it serves this session."""
        if flags.is_apart(session.argv) or not files.SESSION_ID.fullmatch(session.id):
            return None
        talk = await self._reached()
        return talk if talk and await turns.is_at_work(talk, session.id) is not None else None

    async def _reached(self) -> Talk | None:
        """The daemon, as soon as it is known what it asks; ``None``: there is none."""
        if not is_there(self._home):
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                await self._known.wait()
        except TimeoutError as problem:
            raise Failed("Codex's daemon does not answer.", "Look at its terminal.") from problem
        return self._talk


def _over() -> Refused:
    return Refused("That question is over.", "It was answered elsewhere.")
