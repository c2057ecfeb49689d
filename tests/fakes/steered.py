"""A supervisor in memory whose sessions can be steered: what is ordered is done to them at once,
as far as a screen can see it.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest

from supervisor.core import abilities
from supervisor.core.errors import NoSuchSession, Refused, WakelineError
from supervisor.core.link import Policy
from supervisor.core.model import Job, Kind, Machine, Session, State
from supervisor.core.outbox import objection
from supervisor.core.steering import DONE, Approval, Decision, Focus, Prompt, PromptState, Trashed, Typing
from supervisor.remote import wire
from supervisor.remote.backend import Lost, Who
from tests.fakes.backend import MemoryBackend
from tests.fakes.steer import MemorySteer
from tests.fakes.terminal import Terminal

UNTIL = 1_790_000_000.0
_TYPING = Typing(takes_while_working=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """A lost session, and what is left of it."""

    session: Session
    folder_exists: bool = True
    branch_now: str | None = None
    transcript_exists: bool = True


class Steered(MemorySteer):
    """Owns what was ordered, what is in the trash, and the terminals. Lives on the server's loop."""

    def __init__(self, backend: MemoryBackend) -> None:
        super().__init__()
        self._backend = backend
        self._numbers = count(1)
        self._given: dict[str, str] = {}
        self.terminals: dict[str, Terminal] = {}
        self.thrown: dict[str, Session] = {}
        #: What is refused from now on, by verb.
        self.refusals: dict[str, WakelineError] = {}
        #: Why something is not possible, by verb.
        self.reasons: dict[str, str] = {}
        #: Processes that can be neither paused nor ended.
        self.stubborn: list[int] = []
        #: The end of what jobs wrote, and the bytes before it.
        self.outputs: dict[int, tuple[str, int]] = {}
        #: What is left of lost sessions, where that is not everything.
        self.remains: dict[str, Remains] = {}
        #: Whether a terminal at the desk is attached, so that nobody else decides its size.
        self.at_desk = False

    # --- what the page is told

    def can(self, session: Session) -> list[str]:
        """What is possible now."""
        shown = replace(
            session,
            reachable=_is_reachable(session),
            terminal="t1" if session.kind is Kind.HOSTED else None,
            pane="tmux %1" if session.kind is Kind.ADOPTED else None,
            transcript="/t.jsonl",
        )
        return [one for one in abilities.can(shown) if one not in self.cannot(session)]

    def cannot(self, session: Session) -> dict[str, str]:
        """Why not, for what one would expect."""
        trouble = self._objection(session, "idle")
        return {**self.reasons, **({"prompt": trouble} if trouble else {})}

    def _objection(self, session: Session, when: str) -> str | None:
        return objection(replace(session, reachable=_is_reachable(session)), when, _TYPING)

    # --- what happens without a phone

    def session(self, session_id: str) -> Session:
        """A session that is there."""
        if known := self._backend.sessions.get(session_id):
            return known
        raise NoSuchSession("No session has that id.", "See wakeline ls --all.")

    def terminal(self, session_id: str) -> Terminal:
        """Its terminal, empty at first."""
        return self.terminals.setdefault(session_id, Terminal())

    def give(self, session_id: str, holder: Focus | None) -> None:
        """Somebody types there now, or nobody."""
        self._backend.journal.publish("focus", session_id, holder)
        self._change(session_id, focus=holder)

    def move_prompt(self, prompt_id: str, state: PromptState, note: str | None = None) -> None:
        """What became of it; what is done is no longer told of."""
        moved = self.prompts[prompt_id] = replace(self.prompts[prompt_id], state=state, note=note)
        self.show_prompts(moved.session_id)

    def forget_prompt(self, prompt_id: str) -> None:
        """Nobody knows of it any more."""
        self.show_prompts(self.prompts.pop(prompt_id).session_id)

    def show_prompts(self, session_id: str) -> None:
        """All of its prompts that are not done."""
        known = [one for one in self.prompts.values() if one.session_id == session_id]
        self._change(session_id, prompts=tuple(one for one in known if one.state not in DONE))

    def ask(self, session_id: str, *approvals: Approval) -> None:
        """These are asked now, and nothing else."""
        state = State.NEEDS_YOU if approvals else State.WORKING
        self._change(session_id, approvals=approvals, state=state)

    def throw_away(self, session_id: str) -> Trashed:
        """Into the trash."""
        gone = self._backend.sessions.pop(session_id)
        trash_id = f"t-{next(self._numbers)}"
        self.thrown[trash_id] = gone
        told = {"id": session_id, "removed": True, "replaced_by": None}
        self._backend.journal.publish("session", session_id, told)
        return _trashed(trash_id, gone)

    # --- what phones order

    async def take_focus(self, session_id: str, who: Who) -> Focus:
        """Theirs now."""
        self._take("focus", session_id)
        held = Focus(holder=who.name, label=who.label, since=UNTIL)
        self.give(session_id, held)
        return held

    async def give_focus(self, session_id: str, who: Who) -> None:
        """Nobody's now, if it was theirs."""
        self._take("give focus", session_id)
        held = self.session(session_id).focus
        if held and held.holder == who.name:
            self.give(session_id, None)

    async def prompt(self, session_id: str, text: str, when: str, who: Who, order: str | None) -> Prompt:
        """One that waits, or a refusal; the same order again is the same prompt."""
        if order in self._given:
            return self.prompts[self._given[order]]
        self._take("prompt", session_id, text=text, when=when)
        session = self.session(session_id)
        if trouble := self._objection(session, when):
            raise Refused(trouble)
        prompt_id = f"p-{len(self.prompts) + 1}"
        given = Prompt(
            id=prompt_id,
            session_id=session_id,
            agent=session.agent,
            text=text,
            when=when,
            by=who.name,
            at=UNTIL,
        )
        self.prompts[prompt_id] = given
        self._given[order or prompt_id] = prompt_id
        self.show_prompts(session_id)
        return given

    async def cancel(self, session_id: str, prompt_id: str) -> None:
        """Taken back, if it waits."""
        self._take("cancel", session_id)
        if self.prompts[prompt_id].state is not PromptState.WAITING:
            raise Refused("This prompt no longer waits.")
        self.move_prompt(prompt_id, PromptState.CANCELLED)

    async def keys(self, session_id: str, keys: Sequence[str], who: Who) -> None:
        """For whoever has the focus."""
        held = self.session(session_id).focus
        if held is None or held.holder != who.name:
            raise Refused("Somebody else types there now.", "Take over first.")
        self._take("keys", session_id, keys=list(keys))

    async def interrupt(self, session_id: str) -> None:
        """Idle at once."""
        self._take("interrupt", session_id)
        self._change(session_id, state=State.IDLE)

    async def pause(self, session_id: str) -> Mapping[str, Any]:
        """Paused at once."""
        self._take("pause", session_id)
        self._change(session_id, state=State.PAUSED)
        return {"paused": not self.stubborn, "escaped": self.stubborn}

    async def go_on(self, session_id: str) -> Mapping[str, Any]:
        """At work at once."""
        self._take("continue", session_id)
        self._change(session_id, state=State.WORKING)
        return {"paused": False}

    async def stop(self, session_id: str, *, left_behind: bool) -> Mapping[str, Any]:
        """Noted."""
        self._take("stop", session_id, left_behind=left_behind)
        return {"ended": [1], "left": [{"pid": pid, "command": "npm"} for pid in self.stubborn]}

    async def resume(self, session_id: str) -> str:
        """Noted."""
        self._take("resume", session_id)
        return "t1"

    async def take_over(self, session_id: str, *, confirmed: bool) -> str:
        """Hosted now; while it works only if that is confirmed."""
        self._take("takeover", session_id, confirm=confirmed)
        if self.session(session_id).state is State.WORKING and not confirmed:
            raise Refused("The agent works.", "What it is doing now will be lost.")
        self._change(session_id, kind=Kind.HOSTED)
        return "t1"

    async def discard(self, session_id: str) -> Trashed:
        """Into the trash."""
        self._take("delete", session_id)
        return self.throw_away(session_id)

    async def trash(self) -> Sequence[Trashed]:
        """What is in it."""
        return [_trashed(trash_id, session) for trash_id, session in self.thrown.items()]

    async def restore(self, trash_id: str) -> None:
        """Back in the list."""
        if trash_id not in self.thrown:
            raise NoSuchSession("Nothing in the trash has that id.")
        self._backend.put(self.thrown.pop(trash_id))

    async def decide(self, approval_id: str, digest: str, decision: Decision, who: Who) -> None:  # noqa: ARG002
        """Over, if it is still the same."""
        known = [one for session in self._backend.sessions.values() for one in session.approvals]
        asked = next((one for one in known if one.id == approval_id and one.digest == digest), None)
        if trouble := self.refusals.get("answer"):
            raise trouble
        if asked is None:
            raise Refused("This question is over, or it has changed.", "Look at what is asked now.")
        answers = {question: list(words) for question, words in decision.answers.items()}
        told = {"id": approval_id, "decision": decision.verdict, "digest": digest}
        told |= {"reason": decision.reason} if decision.reason else {}
        self._take("answer", asked.session_id, **told, **({"answers": answers} if answers else {}))
        left = [one for one in self.session(asked.session_id).approvals if one.id != approval_id]
        self._backend.journal.publish("approval", asked.session_id, None)
        self.ask(asked.session_id, *left)

    async def reconnect(self, session_id: str, action: str | None, policy: Policy | None) -> None:
        """Noted."""
        self._take("reconnect", session_id, action=action, policy=policy)

    async def lost(self) -> Sequence[Lost]:
        """All that are lost, as far as anything is left of them."""
        lost = [one for one in self._backend.sessions.values() if one.state is State.LOST]
        return [self.remains.get(one.id) or Remains(session=one) for one in lost]

    async def recover(self, wanted: Sequence[str] | None) -> Sequence[str]:
        """Noted; they start."""
        lost = [one.session.id for one in await self.lost()]
        chosen = lost if wanted is None else [one for one in lost if one in wanted]
        for session_id in chosen:
            self._take("recover", session_id)
            self._change(session_id, state=State.STARTING, reconnect=None)
        return chosen

    async def jobs(self, session_id: str) -> Sequence[Job]:
        """Those that a test set, else those that it is shown with."""
        return self.known_jobs.get(session_id) or self.session(session_id).jobs

    async def job_output(self, session_id: str, pid: int, size: int) -> tuple[str, int, int]:  # noqa: ARG002
        """The end of what a test set, below as much as was written before it."""
        text, before = self.outputs[pid]
        return text[-size:], before, before + len(text)

    async def change(
        self,
        session_id: str,
        prompt_id: str,
        text: str | None,
        when: str | None,
        who: Who,  # noqa: ARG002
    ) -> Prompt:
        """Changed, if it waits."""
        self._take("change", session_id, text=text, when=when)
        before = self.prompts[prompt_id]
        changed = replace(before, text=text or before.text, when=when or before.when)
        self.prompts[prompt_id] = changed
        self.show_prompts(session_id)
        return changed

    async def screen(self, session_id: str) -> AsyncIterator[bytes]:
        """Its terminal."""
        self.session(session_id)
        return self.terminal(session_id).frames()

    async def fit(self, session_id: str, rows: int, columns: int) -> None:
        """Resized, unless somebody at the desk looks."""
        self._take("fit", session_id)
        if self.at_desk:
            raise Refused("A terminal at the desk shows this session.", "Its size is decided there.")
        self.terminal(session_id).resize(rows, columns)

    async def scrollback(self, session_id: str, before: int, count: int) -> bytes:
        """Lines above its screen."""
        return self.terminal(session_id).past(before, count)

    def _take(self, verb: str, session_id: str, **body: Any) -> None:
        """Note an order that is not refused."""
        self.session(session_id)
        if trouble := self.refusals.get(verb):
            raise trouble
        self.orders.append((verb, session_id, body))

    def _change(self, session_id: str, **facts: Any) -> None:
        self._backend.put(replace(self.session(session_id), **facts))


class SteeredBackend(MemoryBackend):
    """A supervisor in memory whose sessions can be steered."""

    def __init__(self) -> None:
        """As it is at first."""
        super().__init__()
        self.steer = self.steered = Steered(self)


def _is_reachable(session: Session) -> bool:
    return session.kind is not Kind.SEEN


def _trashed(trash_id: str, session: Session) -> Trashed:
    return Trashed(
        id=trash_id,
        agent=session.agent,
        session_id=session.id,
        title=session.title,
        cwd=session.cwd,
        deleted_at=UNTIL,
        until=UNTIL,
    )


@contextmanager
def steering(of: Callable[[], Steered]) -> Iterator[None]:
    """As long as it lasts, sessions say what can be done to them."""
    tell = wire.session

    def told(known: Session, machine: Machine) -> dict[str, Any]:
        return {**tell(known, machine), "can": of().can(known), "cannot": of().cannot(known)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "session", told)
        yield
