"""Prompts: taken in, kept, brought to their session when their time has come, and confirmed."""

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from supervisor.agents.steering import Line, Steering
from supervisor.chores import Chores
from supervisor.core import effects, events, followup
from supervisor.core.desk import Desk
from supervisor.core.errors import NoSuchSession, NotNow, NotYet, Refused, WakelineError
from supervisor.core.followup import Wait, When
from supervisor.core.model import Entry, EntryKind, Page, Role, Session
from supervisor.core.outbox import objection, same_words
from supervisor.core.steering import DESK, Prompt, PromptState
from supervisor.remote.backend import Who
from supervisor.steering.jobs import JobWatch
from supervisor.steering.keyboard import forgets_when_interrupted, has_focus
from supervisor.steering.living import live
from supervisor.steering.typist import Typist

#: Entries that are looked through for a prompt that may have been taken before we died.
_LOOK_BACK: Final = 50
#: A transcript's clock may be that much behind ours.
_CLOCK_SLACK: Final = 2.0


class Kept(Protocol):
    """Where prompts survive: on disk when each call returns."""

    async def keep_prompt(self, prompt: Prompt) -> None:
        """A prompt and its state."""
        ...

    async def prompt(self, prompt_id: str) -> Prompt | None:
        """A prompt of the last day."""
        ...


class Prompts:
    """Owns the deliveries under way. On the event loop."""

    def __init__(
        self,
        *,
        desk: Desk,
        post: Callable[[events.Event], None],
        entries: Callable[[str, int | None, int], Awaitable[Page]],
        steering: Callable[[str], Steering],
        line: Callable[[str], Line],
        typist: Typist,
        jobs: JobWatch,
        kept: Kept,
        chores: Chores,
    ) -> None:
        """*entries*: of a session, as every screen sees them."""
        self._desk = desk
        self._post = post
        self._entries = entries
        self._steering = steering
        self._line = line
        self._typist = typist
        self._jobs = jobs
        self._kept = kept
        self._chores = chores

    async def prompt(self, session_id: str, text: str, when: str, who: Who, order: str | None) -> Prompt:
        """Take a prompt in; on disk when this returns. The same *order* again is the same prompt."""
        prompt_id = order or secrets.token_hex(10)
        if known := self._desk.helm.outbox.find(prompt_id) or await self._kept.prompt(prompt_id):
            return known
        session = live(self._desk, session_id)
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
        await self._kept.keep_prompt(prompt)
        self._post(events.PromptGiven(prompt=prompt, at=now))
        return self._desk.helm.outbox.find(prompt_id) or prompt

    def _check(self, session: Session, waits: When, who: Who) -> None:
        if reason := objection(session, waits.wait, self._steering(session.agent).typing):
            raise _refused(reason)
        if waits.wait is Wait.NOW and who.name != DESK and not has_focus(session, who):
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
            session, waits = live(self._desk, session_id), followup.parse(when)
            self._check(session, waits, who)
            changed = await self._waiting(changed, waits, session)
            self._waits_still(session_id, prompt_id)
        self._post(events.PromptChanged(prompt=changed, at=time.time()))
        now = self._desk.helm.outbox.find(prompt_id) or changed
        await self._kept.keep_prompt(now)
        return now

    def all_prompts(self) -> Sequence[Prompt]:
        """All that still wait or are on their way, of all sessions; oldest first."""
        return self._desk.helm.outbox.all()

    async def given(self, session_id: str, prompt_id: str) -> Prompt:
        """A prompt of the last day, and what has become of it."""
        found = self._desk.helm.outbox.find(prompt_id) or await self._kept.prompt(prompt_id)
        # Its session may have had another id when it was given: until its agent told its own.
        if found is None or (found.session_id != session_id and session_id in self._desk.sessions):
            raise NoSuchSession("There is no such prompt.")
        return found

    async def give(self, prompt: Prompt) -> None:
        """Take in a prompt of our own; one that is known already is not given twice."""
        if self._desk.helm.outbox.find(prompt.id) or await self._kept.prompt(prompt.id):
            return
        session = live(self._desk, prompt.session_id)
        typing = self._steering(session.agent).typing
        # One that has just been brought back is not seen in its terminal yet: the outbox waits for that.
        if prompt.when == "now" and (reason := objection(session, prompt.when, typing)):
            raise _refused(reason)
        await self._kept.keep_prompt(prompt)
        self._post(events.PromptGiven(prompt=prompt, at=time.time()))

    async def words(self, session: Session) -> str:
        """What continues its turn; empty if nothing does. One that works is interrupted before."""
        page = await self._entries(session.id, None, _LOOK_BACK)
        asked = [e.text for e in page.entries if e.role is Role.USER and e.kind is EntryKind.TEXT]
        steering = self._steering(session.agent)
        if asked and forgets_when_interrupted(session, steering):
            return asked[-1]
        return steering.continuation(asked[-1] if asked else None) or ""

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

    # -- delivering -----------------------------------------------------------------------------

    def keep(self, wish: effects.KeepPrompt) -> None:
        """A prompt's new state, soon on disk."""
        self._chores.begin(self._kept.keep_prompt(wish.prompt), f"keep prompt {wish.prompt.id}")

    def deliver(self, wish: effects.Deliver) -> None:
        """Begin to bring a prompt to its session."""
        self._chores.begin(self._bring(wish), f"deliver {wish.prompt.id}")

    async def _bring(self, wish: effects.Deliver) -> None:
        prompt, session = wish.prompt, wish.session
        try:
            # What was begun is known before it is begun: after a crash it goes on under the same id.
            await self._kept.keep_prompt(prompt)
            if wish.again and await self._stands_written(prompt):
                self._moved(prompt, PromptState.TAKEN)
                return
            if prompt.state is PromptState.SENT:
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


def _is_of(prompt: Prompt, entry: Entry) -> bool:
    late_enough = entry.at is None or entry.at >= prompt.at - _CLOCK_SLACK
    return entry.role is Role.USER and late_enough and same_words(entry.text, prompt.text)


def _refused(reason: str) -> Refused:
    title, _, hint = reason.partition(". ")
    return Refused(f"{title.rstrip('.')}.", hint)


def _said(trouble: WakelineError) -> str:
    return f"{trouble.title} {trouble.hint}".strip()
