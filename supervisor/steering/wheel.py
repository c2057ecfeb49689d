"""What every screen may do to sessions. Satisfies ``remote.backend.Steer``."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from supervisor.agents.steering import Line, Steering
from supervisor.core import effects, events, followup
from supervisor.core.desk import Desk
from supervisor.core.errors import NoSuchSession, NotNow, NotYet, Refused, WakelineError
from supervisor.core.followup import Wait, When
from supervisor.core.link import Policy
from supervisor.core.model import OVER, Entry, EntryKind, Job, Page, Role, Run, Session, State
from supervisor.core.outbox import objection, same_words
from supervisor.core.steering import DESK, Decision, Focus, Prompt, PromptState, Remains, Trashed
from supervisor.remote.backend import Lost, Who
from supervisor.steering.copies import Copies
from supervisor.steering.errands import Errands
from supervisor.steering.jobs import JobWatch, Tail
from supervisor.steering.processes import Doer
from supervisor.steering.questions import Questions
from supervisor.steering.recovery import Recovery
from supervisor.steering.typist import Typist
from supervisor.system import tree
from supervisor.terminal import Roll
from supervisor.terminal.view import keys
from supervisor.terminal.view.picture import Modes
from supervisor.terminal.view.views import Views

logger = logging.getLogger(__name__)

#: Entries that are looked through for a prompt that may have been taken before we died.
_LOOK_BACK: Final = 50
#: A transcript's clock may be that much behind ours.
_CLOCK_SLACK: Final = 2.0


class Shelf(Protocol):
    """What must survive of steering: on disk when each call returns."""

    async def keep_prompt(self, prompt: Prompt) -> None:
        """A prompt and its state."""
        ...

    async def prompt(self, prompt_id: str) -> Prompt | None:
        """A prompt of the last day."""
        ...

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


class Wheel:
    """Owns the deliveries under way. On the event loop."""

    def __init__(
        self,
        *,
        desk: Desk,
        post: Callable[[events.Event], None],
        session: Callable[[str], Awaitable[Session]],
        entries: Callable[[str, int | None, int], Awaitable[Page]],
        steering: Callable[[str], Steering],
        line: Callable[[str], Line],
        remains: Callable[[Session], Awaitable[Remains | None]],
        typist: Typist,
        questions: Questions,
        doer: Doer,
        recovery: Recovery,
        views: Views,
        shelf: Shelf,
        copies: Copies,
        errands: Errands,
        roll: Roll,
        jobs: JobWatch,
    ) -> None:
        """*session*, *entries*: as every screen sees them."""
        self._desk = desk
        self._post = post
        self._session = session
        self._entries = entries
        self._steering = steering
        self._line = line
        self._remains = remains
        self._typist = typist
        self._questions = questions
        self._doer = doer
        self._recovery = recovery
        self._views = views
        self._shelf = shelf
        self._copies = copies
        self._errands = errands
        self._roll = roll
        self._jobs = jobs
        self._under_way: set[asyncio.Task[None]] = set()

    # -- focus ----------------------------------------------------------------------------------

    async def take_focus(self, session_id: str, who: Who) -> Focus:
        """This screen types from now on."""
        session = self._live(session_id)
        if not session.reachable:
            raise Refused("Nothing can be typed into this session's terminal.", "Take it over first.")
        if who.name != DESK:
            await self._typist.take(session)
        self._post(events.Focused(session_id=session_id, holder=who.name, label=who.label, at=time.time()))
        focus = self._desk.helm.focus(session_id)
        if focus is None:
            raise Refused("The session has just ended.")
        return focus

    async def give_focus(self, session_id: str, who: Who) -> None:
        """This screen types no more."""
        self._post(events.FocusGiven(session_id=session_id, holder=who.name, at=time.time()))

    def focus_lost(self, wish: effects.FocusLost) -> None:
        """Its terminal is the desk's again."""
        self._soon(self._typist.give(wish.session), f"give back {wish.session.id}")

    def turned(self, terminal: str, remote: bool, draft: bool) -> None:
        """Who may type into a terminal has changed; *draft* changes when prompts may go."""
        if not remote:
            self.desk_typed(terminal)
        session = next((s for s in self._desk.sessions.values() if s.terminal == terminal), None)
        if session:
            self._post(events.Drafted(session_id=session.id, draft=draft, at=time.time()))

    def desk_typed(self, terminal: str) -> None:
        """Somebody pressed a key at a local screen: the desk has the focus."""
        if not self._typist.lost(terminal):
            return
        session = next((s for s in self._desk.sessions.values() if s.terminal == terminal), None)
        if session and session.focus and session.focus.holder != DESK:
            self._post(events.Focused(session_id=session.id, holder=DESK, label="the desk", at=time.time()))

    # -- typing ---------------------------------------------------------------------------------

    async def prompt(self, session_id: str, text: str, when: str, who: Who, order: str | None) -> Prompt:
        """Take a prompt in; on disk when this returns. The same *order* again is the same prompt."""
        prompt_id = order or secrets.token_hex(10)
        if known := self._desk.helm.outbox.find(prompt_id) or await self._shelf.prompt(prompt_id):
            return known
        session = self._live(session_id)
        waits = followup.parse(when)
        self._check(session, waits, who)
        now = time.time()
        prompt = Prompt(
            id=prompt_id,
            session_id=session_id,
            agent=session.agent,
            text=text,
            when=when,
            by=who.name,
            at=now,
        )
        prompt = await self._waiting(prompt, waits, session)
        await self._shelf.keep_prompt(prompt)
        self._post(events.PromptGiven(prompt=prompt, at=now))
        return self._desk.helm.outbox.find(prompt_id) or prompt

    def _check(self, session: Session, waits: When, who: Who) -> None:
        if reason := objection(session, waits.wait, self._steering(session.agent).typing):
            raise _refused(reason)
        if waits.wait is Wait.NOW and who.name != DESK and not _has_focus(session, who):
            raise Refused("Another screen types into this session.", "Take the focus first.")

    async def _waiting(self, prompt: Prompt, waits: When, session: Session) -> Prompt:
        """The prompt with what it waits for. Raises ``Refused`` where that makes no sense."""
        if reason := followup.objection(waits, session, time.time()):
            raise _refused(reason)
        job = await self._jobs.find(session.id, waits.pid) if waits.pid else None
        if waits.pid and job is None:
            raise Refused(f"Process {waits.pid} is no job that is known.", "See: wakeline jobs")
        return replace(
            prompt,
            when=waits.text,
            job=job.run if job else None,
            due_at=followup.due_at(waits, session),
            met=False,
            note=None,
        )

    async def change(
        self, session_id: str, prompt_id: str, text: str | None, when: str | None, who: Who
    ) -> Prompt:
        """Another text, or another time, for a prompt that waits; on disk when this returns."""
        prompt = self._waits_still(session_id, prompt_id)
        changed = replace(prompt, text=prompt.text if text is None else text, by=who.name)
        if when is not None:
            session, waits = self._live(session_id), followup.parse(when)
            self._check(session, waits, who)
            changed = await self._waiting(changed, waits, session)
            self._waits_still(session_id, prompt_id)
        self._post(events.PromptChanged(prompt=changed, at=time.time()))
        now = self._desk.helm.outbox.find(prompt_id) or changed
        await self._shelf.keep_prompt(now)
        return now

    def all_prompts(self) -> Sequence[Prompt]:
        """All that still wait or are on their way, of all sessions; oldest first."""
        return self._desk.helm.outbox.all()

    async def given(self, session_id: str, prompt_id: str) -> Prompt:
        """A prompt of the last day, and what has become of it."""
        found = self._desk.helm.outbox.find(prompt_id) or await self._shelf.prompt(prompt_id)
        if found is None or found.session_id != session_id:
            raise NoSuchSession("There is no such prompt.")
        return found

    async def give(self, prompt: Prompt) -> None:
        """Take in a prompt of our own; one that is known already is not given twice."""
        if self._desk.helm.outbox.find(prompt.id) or await self._shelf.prompt(prompt.id):
            return
        session = self._live(prompt.session_id)
        typing = self._steering(session.agent).typing
        # One that has just been brought back is not seen in its terminal yet: the outbox waits for that.
        if prompt.when == "now" and (reason := objection(session, prompt.when, typing)):
            raise _refused(reason)
        await self._shelf.keep_prompt(prompt)
        self._post(events.PromptGiven(prompt=prompt, at=time.time()))

    async def words(self, session: Session) -> str:
        """What continues its turn; empty if nothing does."""
        page = await self._entries(session.id, None, _LOOK_BACK)
        asked = [e.text for e in page.entries if e.role is Role.USER and e.kind is EntryKind.TEXT]
        return self._steering(session.agent).continuation(asked[-1] if asked else None) or ""

    async def cancel(self, session_id: str, prompt_id: str) -> None:
        """Take back a prompt that waits."""
        self._moved(self._waits_still(session_id, prompt_id), PromptState.CANCELLED)

    def _waits_still(self, session_id: str, prompt_id: str) -> Prompt:
        prompt = self._desk.helm.outbox.find(prompt_id)
        if prompt is None or prompt.session_id != session_id:
            raise NoSuchSession("That prompt waits no more.")
        if prompt.state is not PromptState.WAITING:
            raise Refused("That prompt is on its way already.", "Interrupt the agent instead.")
        return prompt

    async def keys(self, session_id: str, pressed: Sequence[str], who: Who) -> None:
        """Press these in its terminal; they are there when this returns."""
        session = self._live(session_id)
        if who.name == DESK:
            raise Refused("Keys are for phones.", "At the desk: wakeline attach")
        if not _has_focus(session, who):
            raise Refused("Another screen types into this session.", "Take the focus first.")
        if not session.terminal and not session.pane:
            raise Refused("This session has no terminal that we can type into.", "Take it over first.")
        modes = await self._modes(session)
        data = b"".join(_key(name, modes) for name in pressed)
        try:
            await self._typist.press(session, data, secrets.token_hex(8))
        except Refused:
            self.desk_typed(session.terminal or "")
            raise
        self._post(events.Typed(session_id=session_id, at=time.time()))

    async def _modes(self, session: Session) -> Modes:
        """How its terminal wants keys to be spelled."""
        if session.terminal is None:
            return Modes()
        state = await self._roll.ask(session.terminal)
        return Modes(application_cursor=state.application_cursor)

    async def interrupt(self, session_id: str) -> None:
        """End the turn."""
        session = self._live(session_id)
        if session.state is State.PAUSED:
            raise Refused("This session is paused.", "Continue it first.")
        if not await self._line(session.agent).interrupt(session):
            await self._typist.interrupt(session, secrets.token_hex(8))

    async def interrupt_silent(self, session: Session) -> None:
        """End a turn in which nothing moves. Raises ``Refused`` while a command of that turn runs."""
        begun = await asyncio.to_thread(_has_begun_since, session.run, session.since)
        if begun:
            raise Refused("A command of this turn still runs.", "Interrupt it by hand, if that is meant.")
        await self.interrupt(session.id)

    # -- delivering -----------------------------------------------------------------------------

    def keep(self, wish: effects.KeepPrompt) -> None:
        """A prompt's new state, soon on disk."""
        self._soon(self._shelf.keep_prompt(wish.prompt), f"keep prompt {wish.prompt.id}")

    def deliver(self, wish: effects.Deliver) -> None:
        """Begin to bring a prompt to its session."""
        self._soon(self._deliver(wish), f"deliver {wish.prompt.id}")

    async def _deliver(self, wish: effects.Deliver) -> None:
        prompt, session = wish.prompt, wish.session
        try:
            # What was begun is known before it is begun: after a crash it goes on under the same id.
            await self._shelf.keep_prompt(prompt)
            if wish.again and await self._stands_written(prompt):
                self._moved(prompt, PromptState.TAKEN)
                return
            if not await self._line(session.agent).prompt(session, prompt):
                if wish.again and session.terminal is None:
                    self._moved(prompt, PromptState.SENT, "it may have been typed before")
                    return
                await self._typist.deliver(prompt, session)
        except NotYet as trouble:
            self._moved(prompt, PromptState.WAITING, _said(trouble))
        except NotNow as trouble:
            waits = prompt.when != "now"
            self._moved(prompt, PromptState.WAITING if waits else PromptState.REFUSED, _said(trouble))
        except WakelineError as trouble:
            self._moved(prompt, PromptState.REFUSED, _said(trouble))
        else:
            self._moved(prompt, PromptState.SENT)

    async def _stands_written(self, prompt: Prompt) -> bool:
        page = await self._entries(prompt.session_id, None, _LOOK_BACK)
        return any(_is_of(prompt, entry) for entry in page.entries)

    def _moved(self, prompt: Prompt, state: PromptState, note: str | None = None) -> None:
        self._post(events.PromptMoved(prompt_id=prompt.id, state=state, note=note, at=time.time()))

    # -- processes ------------------------------------------------------------------------------

    async def pause(self, session_id: str) -> Mapping[str, Any]:
        """Stop its processes; says what escaped."""
        told = await self._doer.pause(self._live(session_id))
        self._post(events.Paused(session_id=session_id, paused=True, at=time.time()))
        return told

    async def go_on(self, session_id: str) -> Mapping[str, Any]:
        """Let its processes go on."""
        told = await self._doer.go_on(self._live(session_id))
        self._post(events.Paused(session_id=session_id, paused=False, at=time.time()))
        return told

    async def stop(self, session_id: str, *, left_behind: bool) -> Mapping[str, Any]:
        """End it; says what ended and what was left."""
        session = self._live(session_id)
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

    # -- the trash ------------------------------------------------------------------------------

    async def discard(self, session_id: str) -> Trashed:
        """Put what is stored of it into the trash."""
        session = await self._session(session_id)
        if session.state not in OVER:
            raise Refused("This session runs.", "Stop it first.")
        remains = await self._remains(session)
        if remains is None:
            raise Refused("Nothing is stored of this session that could be put into the trash.")
        trashed = await self._shelf.discard(session, remains)
        await self._copies.forget(session)
        if way := self._steering(session.agent).discarded_by(session):
            # Its remains lie safe: if this fails, it is merely there twice.
            await self._errands.run(way)
        self._post(events.Discarded(session_id=session_id, at=time.time()))
        return trashed

    async def trash(self) -> Sequence[Trashed]:
        """What is in the trash, newest first."""
        return await self._shelf.trash()

    async def restore(self, trash_id: str) -> None:
        """Bring it back out of the trash."""
        agent, export = await self._shelf.export(trash_id)
        for document, way in self._steering(agent).restored_by(export) if export else ():
            await self._errands.run(way, document)
        await self._shelf.restore(trash_id)

    # -- bringing back ---------------------------------------------------------------------------

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

    # -- background jobs ------------------------------------------------------------------------

    async def jobs(self, session_id: str) -> Sequence[Job]:
        """The background jobs of a session as they are now, and those that have ended."""
        await self._session(session_id)
        return await self._jobs.of(session_id)

    async def job_output(self, session_id: str, pid: int, size: int) -> Tail:
        """The end of what a job has written."""
        return await self._jobs.tail(session_id, pid, size)

    # -- questions ------------------------------------------------------------------------------

    async def decide(self, approval_id: str, digest: str, decision: Decision, who: Who) -> None:
        """Answer a question."""
        del who
        await self._questions.decide(approval_id, digest, decision)

    def hook(self, agent: str, told: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """What an agent's hook is to print."""
        return self._questions.hook(agent, told)

    def withdraw(self, wish: effects.Withdraw) -> None:
        """A question is over."""
        self._questions.withdraw(wish.approval_id)

    # -- the terminal ---------------------------------------------------------------------------

    async def screen(self, session_id: str) -> AsyncIterator[bytes]:
        """Its terminal, as frames of JSON: the newest whenever one is asked for."""
        view = await self._views.open(self._terminal(session_id))

        async def frames() -> AsyncIterator[bytes]:
            async with view:
                async for frame in view.frames():
                    yield frame.encoded()

        return frames()

    async def fit(self, session_id: str, rows: int, columns: int) -> None:
        """Give its terminal this size."""
        terminal = self._terminal(session_id)
        if (await self._roll.ask(terminal)).screens:
            raise Refused("A screen at the desk shows this terminal.", "It keeps that screen's size.")
        await self._roll.fit(terminal, rows, columns)

    async def scrollback(self, session_id: str, before: int, count: int) -> bytes:
        """Lines above the screen, as JSON."""
        view = await self._views.open(self._terminal(session_id))
        async with view:
            return (await view.history(before, count)).encoded()

    # -------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Begin nothing more."""
        for task in self._under_way:
            task.cancel()

    def _live(self, session_id: str) -> Session:
        session = self._desk.sessions.get(session_id)
        if session is None:
            raise NoSuchSession(f"No live session is called {session_id[:80]!r}.", "See: wakeline ls")
        if session.state in OVER:
            raise Refused("This session has ended.", "Resume it first.")
        return session

    def _terminal(self, session_id: str) -> str:
        session = self._live(session_id)
        if session.terminal is None:
            raise Refused("The terminal of this session is not ours to show.", "Take it over first.")
        return session.terminal

    def _soon(self, deed: Any, name: str) -> None:
        task = asyncio.get_running_loop().create_task(deed, name=name)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (trouble := task.exception()):
            logger.error("could not %s", task.get_name(), exc_info=trouble)


def _has_begun_since(run: Run | None, since: float) -> bool:
    return run is not None and any(one.started_at > since for one in tree.family(run) if one != run)


def _has_focus(session: Session, who: Who) -> bool:
    return session.focus is not None and session.focus.holder == who.name


def _key(name: str, modes: Modes) -> bytes:
    kind, mark, text = name.partition(":")
    return keys.text(text) if mark and kind == "text" else keys.encode(name, modes)


def _is_of(prompt: Prompt, entry: Entry) -> bool:
    late_enough = entry.at is None or entry.at >= prompt.at - _CLOCK_SLACK
    return entry.role is Role.USER and late_enough and same_words(entry.text, prompt.text)


def _refused(reason: str) -> Refused:
    title, _, hint = reason.partition(". ")
    return Refused(f"{title.rstrip('.')}.", hint)


def _said(trouble: WakelineError) -> str:
    return f"{trouble.title} {trouble.hint}".strip()
