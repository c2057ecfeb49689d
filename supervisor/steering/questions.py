"""What agents ask, and how a person's answer reaches them: by a waiting hook, or a channel of theirs."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from supervisor.agents.steering import Line, Steering
from supervisor.core import events
from supervisor.core.errors import Refused
from supervisor.core.steering import Approval, Decision, Question, Verdict

#: Seconds between two looks whether somebody has come to the desk.
_LOOK_AROUND: Final = 1.0
#: Keeps the words for a hook until it has surely got them, and finds them again: id → words.
Keep = Callable[[Approval, bytes], Awaitable[None]]
Kept = Callable[[str], Awaitable[bytes | None]]


@dataclass(slots=True)
class _Waiting:
    """A hook that waits for an answer. Owner: the questions."""

    payload: Mapping[str, Any]
    answer: "asyncio.Future[bytes]"


class Questions:
    """Owns the hooks that wait. On the event loop."""

    def __init__(
        self,
        *,
        steering: Callable[[str], Steering],
        line: Callable[[str], Line],
        agent_of: Callable[[str], str],
        find: Callable[[str], Approval | None],
        post: Callable[[events.Event], None],
        keep: Keep,
        kept: Kept,
        attended: Callable[[str], Awaitable[bool]],
    ) -> None:
        """*find*: an open question by its id; *agent_of*: of a session.

        *attended*: whether somebody is before a session's terminal.
        """
        self._steering = steering
        self._line = line
        self._agent_of = agent_of
        self._find = find
        self._post = post
        self._keep = keep
        self._kept = kept
        self._attended = attended
        self._waiting: dict[str, _Waiting] = {}
        self._deciding: set[str] = set()

    async def hook(self, agent: str, told: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """What that hook is to print; nothing when its question is over."""
        approval = self._steering(agent).asked(told, time.time())
        if approval is None:
            return
        words = await self._kept(approval.id)
        if words is None and self._steering(agent).hides_dialog(told):
            words = await self._wait_while_away(agent, replace(approval, hidden=True), told)
        elif words is None:
            words = await self._wait(agent, approval, told)
        if words:
            yield words

    async def _wait_while_away(self, agent: str, approval: Approval, told: Mapping[str, Any]) -> bytes:
        """Whoever is at the desk must get the agent's own dialog, which waits for the hook to end."""
        waiting = asyncio.ensure_future(self._wait(agent, approval, told))
        try:
            while not waiting.done() and not await self._attended(approval.session_id):
                await asyncio.wait({waiting}, timeout=_LOOK_AROUND)
            return await waiting if waiting.done() else b""
        finally:
            waiting.cancel()

    async def _wait(self, agent: str, approval: Approval, told: Mapping[str, Any]) -> bytes:
        waiting = _Waiting(told, asyncio.get_running_loop().create_future())
        self._waiting[approval.id] = waiting
        self._post(events.Asked(agent=agent, approval=approval, at=time.time()))
        try:
            return await waiting.answer
        finally:
            # The agent took its hook back, or was answered: either way nobody waits any more.
            if self._waiting.get(approval.id) is waiting:
                del self._waiting[approval.id]
                self._post(events.Answered(approval_id=approval.id, at=time.time()))

    def withdraw(self, approval_id: str) -> None:
        """It was answered elsewhere: the hook has nothing to say."""
        waiting = self._waiting.get(approval_id)
        if waiting and not waiting.answer.done():
            waiting.answer.set_result(b"")

    async def decide(self, approval_id: str, digest: str, decision: Decision) -> None:
        """Answer; what is told here surely reaches the agent. Raises ``Refused``, ``Failed``."""
        approval = self._find(approval_id)
        if approval is None or approval_id in self._deciding:
            raise Refused("That question is over.", "It was answered, here or elsewhere.")
        if approval.digest != digest:
            raise Refused("That question has changed.", "Look at it again.")
        _check(approval, decision)
        self._deciding.add(approval_id)
        try:
            await self._answer(approval, decision)
        finally:
            self._deciding.discard(approval_id)
        self._post(events.Answered(approval_id=approval_id, at=time.time()))

    async def _answer(self, approval: Approval, decision: Decision) -> None:
        agent = self._agent_of(approval.session_id)
        waiting = self._waiting.get(approval.id)
        if waiting is None:
            if not await self._line(agent).answer(approval, decision):
                raise _at_the_desk()
            return
        words = self._steering(agent).decided(approval, waiting.payload, decision)
        await self._keep(approval, words)
        if waiting.answer.done():
            raise Refused("That question is over.", "It was answered elsewhere.")
        waiting.answer.set_result(words)


def _check(approval: Approval, decision: Decision) -> None:
    """Whether that is an answer to this question. Raises ``Refused``."""
    if not approval.answerable:
        raise _at_the_desk()
    if decision.verdict is Verdict.DENY:
        return
    if (decision.verdict is Verdict.ANSWER) != bool(approval.questions):
        raise Refused("That is no answer to this question.", "Look at it again.")
    texts = {question.text for question in approval.questions}
    if decision.answers.keys() != texts:
        raise Refused("Not every question has an answer.", "Answer all of them, or deny.")
    for question in approval.questions:
        _check_answer(question, list(decision.answers[question.text]))


def _check_answer(question: Question, given: list[str]) -> None:
    labels = {choice.label for choice in question.choices}
    if not given or (len(given) > 1 and not question.many):
        raise Refused(f"{question.text[:80]!r} wants one answer.")
    if not question.free and not labels.issuperset(given):
        raise Refused(f"{question.text[:80]!r} has no such answer.")


def _at_the_desk() -> Refused:
    return Refused("This can only be answered at the desk.", "Go to its terminal.")
