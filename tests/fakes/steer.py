"""Steering in memory: it remembers every order, and does what a test wants instead."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from supervisor.core.errors import NoSuchSession, WakelineError
from supervisor.core.link import Policy
from supervisor.core.model import Job
from supervisor.core.steering import Decision, Focus, Prompt, Trashed
from supervisor.remote.backend import Lost, Who


@dataclass
class MemorySteer:
    """What was ordered, in order: a name and its words."""

    orders: list[tuple[Any, ...]] = field(default_factory=list)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    trashed: list[Trashed] = field(default_factory=list)
    known_jobs: dict[str, tuple[Job, ...]] = field(default_factory=dict)
    #: Raised by the next order.
    refuses: WakelineError | None = None
    #: What a screen shows, part by part; a hook prints what ``words`` is set to.
    frames: list[bytes] = field(default_factory=list)
    words: "asyncio.Future[bytes] | None" = None
    hooks: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    #: Screens and hooks that were let go of.
    left: int = 0

    def _note(self, *order: Any) -> None:
        if self.refuses:
            raise self.refuses
        self.orders.append(order)

    async def take_focus(self, session_id: str, who: Who) -> Focus:
        """Noted."""
        self._note("focus", session_id, who.name, who.label)
        return Focus(holder=who.name, label=who.label, since=1.0)

    async def give_focus(self, session_id: str, who: Who) -> None:
        """Noted."""
        self._note("give focus", session_id, who.name)

    async def prompt(self, session_id: str, text: str, when: str, who: Who, order: str | None) -> Prompt:
        """Noted; the same order again is the same prompt."""
        known = self.prompts.get(order or "")
        if known:
            return known
        self._note("prompt", session_id, text, when, who.name)
        given = Prompt(
            id=order or f"p{len(self.prompts)}",
            session_id=session_id,
            agent="claude",
            text=text,
            when=when,
            by=who.name,
            at=1.0,
        )
        self.prompts[given.id] = given
        return given

    async def given(self, session_id: str, prompt_id: str) -> Prompt:
        """What was given."""
        found = self.prompts.get(prompt_id)
        if found is None or found.session_id != session_id:
            raise NoSuchSession("There is no such prompt.")
        return found

    async def cancel(self, session_id: str, prompt_id: str) -> None:
        """Noted."""
        self._note("cancel", session_id, prompt_id)

    async def change(
        self, session_id: str, prompt_id: str, text: str | None, when: str | None, who: Who
    ) -> Prompt:
        """Noted, and changed."""
        self._note("change", session_id, prompt_id, text, when, who.name)
        before = await self.given(session_id, prompt_id)
        changed = replace(before, text=text or before.text, when=when or before.when)
        self.prompts[prompt_id] = changed
        return changed

    def all_prompts(self) -> Sequence[Prompt]:
        """What was given."""
        return tuple(self.prompts.values())

    async def jobs(self, session_id: str) -> Sequence[Job]:
        """Those that a test set."""
        return self.known_jobs.get(session_id, ())

    async def job_output(self, session_id: str, pid: int, size: int) -> tuple[str, int, int]:
        """As many letters as were asked for."""
        self._note("output", session_id, pid, size)
        return "x" * size, 0, size

    async def keys(self, session_id: str, keys: Sequence[str], who: Who) -> None:
        """Noted."""
        self._note("keys", session_id, tuple(keys), who.name)

    async def interrupt(self, session_id: str) -> None:
        """Noted."""
        self._note("interrupt", session_id)

    async def pause(self, session_id: str) -> Mapping[str, Any]:
        """Noted."""
        self._note("pause", session_id)
        return {"paused": True, "escaped": []}

    async def go_on(self, session_id: str) -> Mapping[str, Any]:
        """Noted."""
        self._note("continue", session_id)
        return {"paused": False}

    async def stop(self, session_id: str, *, left_behind: bool) -> Mapping[str, Any]:
        """Noted."""
        self._note("stop", session_id, left_behind)
        return {"ended": [1], "left": []}

    async def resume(self, session_id: str) -> str:
        """Noted."""
        self._note("resume", session_id)
        return "t1"

    async def take_over(self, session_id: str, *, confirmed: bool) -> str:
        """Noted."""
        self._note("takeover", session_id, confirmed)
        return "t1"

    async def discard(self, session_id: str) -> Trashed:
        """Noted."""
        self._note("discard", session_id)
        gone = Trashed(
            id="x1",
            agent="claude",
            session_id=session_id,
            title=None,
            cwd=None,
            deleted_at=1.0,
            until=2_592_001.0,
        )
        self.trashed.append(gone)
        return gone

    async def trash(self) -> Sequence[Trashed]:
        """What was discarded."""
        return self.trashed

    async def restore(self, trash_id: str) -> None:
        """Noted."""
        self._note("restore", trash_id)

    async def decide(self, approval_id: str, digest: str, decision: Decision, who: Who) -> None:
        """Noted."""
        self._note("decide", approval_id, digest, decision, who.name)

    async def reconnect(self, session_id: str, action: str | None, policy: Policy | None) -> None:
        """Noted."""
        self._note("reconnect", session_id, action, policy)

    async def lost(self) -> Sequence[Lost]:
        """Nothing."""
        return ()

    async def recover(self, wanted: Sequence[str] | None) -> Sequence[str]:
        """Noted."""
        self._note("recover", wanted)
        return wanted or ()

    async def screen(self, session_id: str) -> AsyncIterator[bytes]:
        """The frames there are, then nothing until it is closed."""
        self._note("screen", session_id)
        return self._frames()

    async def _frames(self) -> AsyncIterator[bytes]:
        try:
            for frame in self.frames:
                yield frame
            await asyncio.Event().wait()
        finally:
            self.left += 1

    async def fit(self, session_id: str, rows: int, columns: int) -> None:
        """Noted."""
        self._note("fit", session_id, rows, columns)

    async def scrollback(self, session_id: str, before: int, count: int) -> bytes:
        """Noted."""
        self._note("history", session_id, before, count)
        return b'{"first":0,"history":[0,0],"rows":[]}'

    async def hook(self, agent: str, told: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """What ``words`` says, once it says it."""
        self.hooks.append((agent, told))
        self.words = asyncio.get_running_loop().create_future()
        try:
            if words := await self.words:
                yield words
        finally:
            self.left += 1
