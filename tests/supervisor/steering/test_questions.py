"""What agents ask, and how an answer reaches them: hooks that wait, and channels of their own."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from supervisor.agents.steering import Line, Steering
from supervisor.core import events
from supervisor.core.errors import Refused
from supervisor.core.steering import Approval, Choice, Decision, Question, Verdict
from supervisor.steering.questions import Questions

pytestmark = pytest.mark.anyio

COLOUR = Question(text="Which colour?", choices=(Choice(label="Red"), Choice(label="Blue")))
ALLOW, DENY = Decision(verdict=Verdict.ALLOW), Decision(verdict=Verdict.DENY, reason="no")


class Talkative(Steering):
    """Asks whatever its hook says, and is told the verdict."""

    hides = False

    def asked(self, told: Mapping[str, Any], at: float) -> Approval | None:
        if "request" not in told:
            return None
        fields: dict[str, Any] = {"answerable": True, **told.get("more", {})}
        return Approval(id=told["request"], session_id="s", at=at, summary="may I?", text="make", **fields)

    def decided(self, approval: Approval, told: Mapping[str, Any], decision: Decision) -> bytes:
        del told
        return f"{approval.id}:{decision.verdict}".encode()

    def hides_dialog(self, told: Mapping[str, Any]) -> bool:
        return bool(told.get("hidden"))


class Channel(Line):
    """A channel that takes what it is given."""

    def __init__(self) -> None:
        self.given: list[tuple[str, Verdict]] = []
        self.there = False

    async def answer(self, approval: Approval, decision: Decision) -> bool:
        self.given.append((approval.id, decision.verdict))
        return self.there


class Scene:
    """Questions with everything around them. Owner: the test."""

    def __init__(self) -> None:
        self.open: dict[str, Approval] = {}
        self.words: dict[str, bytes] = {}
        self.channel = Channel()
        self.attended = False
        self.questions = Questions(
            steering=lambda _: Talkative(),
            line=lambda _: self.channel,
            agent_of=lambda _: "talkative",
            find=self.open.get,
            post=self._post,
            keep=self._keep,
            kept=self._kept,
            attended=self._is_attended,
        )

    def _post(self, event: events.Event) -> None:
        if isinstance(event, events.Asked):
            self.open[event.approval.id] = event.approval
        elif isinstance(event, events.Answered):
            self.open.pop(event.approval_id, None)

    async def _keep(self, approval: Approval, words: bytes) -> None:
        self.words[approval.id] = words

    async def _kept(self, approval_id: str) -> bytes | None:
        return self.words.get(approval_id)

    async def _is_attended(self, _session_id: str) -> bool:
        return self.attended

    def ask(self, request: str = "q", **told: Any) -> "asyncio.Task[list[bytes]]":
        """A hook comes with that question."""

        async def heard() -> list[bytes]:
            return [part async for part in self.questions.hook("talkative", {"request": request, **told})]

        return asyncio.ensure_future(heard())

    async def asked(self, request: str = "q") -> Approval:
        """That question, once it is open."""
        async with asyncio.timeout(60):
            while request not in self.open:  # noqa: ASYNC110
                await asyncio.sleep(0)
        return self.open[request]


async def test_an_answer_reaches_the_hook_that_waits() -> None:
    """The hook prints what the person decided, and the question is over."""
    scene = Scene()
    hook = scene.ask()
    approval = await scene.asked()

    await scene.questions.decide("q", approval.digest, ALLOW)

    assert await hook == [b"q:allow"]
    assert scene.open == {}


async def test_an_answer_to_something_else_is_refused() -> None:
    """What has changed since it was shown is not answered: the digest differs."""
    scene = Scene()
    hook = scene.ask()
    await scene.asked()

    with pytest.raises(Refused, match="changed"):
        await scene.questions.decide("q", "0" * 32, ALLOW)

    assert not hook.done()
    hook.cancel()


async def test_the_second_answer_comes_too_late() -> None:
    """Allow after deny, twice, after the end: refused, without effect."""
    scene = Scene()
    hook = scene.ask()
    approval = await scene.asked()
    await scene.questions.decide("q", approval.digest, DENY)

    with pytest.raises(Refused, match="over"):
        await scene.questions.decide("q", approval.digest, ALLOW)

    assert await hook == [b"q:deny"]


async def test_two_answers_at_once_are_one() -> None:
    """Two phones tap at the same moment: one of them is told that it is over."""
    scene = Scene()
    hook = scene.ask()
    approval = await scene.asked()

    done = await asyncio.gather(
        *(scene.questions.decide("q", approval.digest, verdict) for verdict in (ALLOW, DENY)),
        return_exceptions=True,
    )

    assert [type(one) for one in done if one] == [Refused]
    assert len(await hook) == 1


async def test_what_was_answered_at_the_keyboard_frees_the_hook() -> None:
    """Its hook prints nothing."""
    scene = Scene()
    hook = scene.ask()
    await scene.asked()

    scene.questions.withdraw("q")

    assert await hook == []


async def test_an_answer_survives_the_hooks_connection() -> None:
    """Decided, and then the supervisor died: the hook that asks again gets that very answer."""
    scene = Scene()
    scene.words["q"] = b"q:allow"

    assert await scene.ask() == [b"q:allow"]
    assert scene.open == {}


async def test_an_agent_that_goes_takes_its_question_along() -> None:
    """Nobody is asked any more."""
    scene = Scene()
    hook = scene.ask()
    await scene.asked()

    hook.cancel()
    await asyncio.gather(hook, return_exceptions=True)
    await asyncio.sleep(0)

    assert scene.open == {}


async def test_other_words_of_a_hook_are_no_question() -> None:
    """It ends at once with nothing to say."""
    scene = Scene()

    assert [part async for part in scene.questions.hook("talkative", {})] == []


async def test_a_dialog_that_waits_for_its_hook_is_for_who_is_there() -> None:
    """Where the agent shows its own dialog only after the hook, the desk gets it as soon as it is back."""
    scene = Scene()
    hook = scene.ask(hidden=True)
    assert (await scene.asked()).hidden

    scene.attended = True

    assert await asyncio.wait_for(hook, 60) == []


async def test_a_channel_of_the_agents_own_takes_the_answer() -> None:
    """Without a hook the agent's channel is tried; where it has none, the desk must answer."""
    scene = Scene()
    approval = Approval(id="q", session_id="s", at=1.0, summary="may I?", answerable=True)
    scene.open["q"] = approval

    with pytest.raises(Refused, match="desk"):
        await scene.questions.decide("q", approval.digest, ALLOW)
    scene.channel.there = True
    await scene.questions.decide("q", approval.digest, ALLOW)

    assert scene.channel.given == [("q", Verdict.ALLOW)] * 2


@pytest.mark.parametrize(
    ("more", "decision"),
    [
        ({"answerable": False}, ALLOW),
        ({"questions": (COLOUR,)}, ALLOW),
        ({}, Decision(verdict=Verdict.ANSWER, answers={"Which colour?": ["Red"]})),
        ({"questions": (COLOUR,)}, Decision(verdict=Verdict.ANSWER)),
        ({"questions": (COLOUR,)}, Decision(verdict=Verdict.ANSWER, answers={"Which colour?": []})),
        (
            {"questions": (COLOUR,)},
            Decision(verdict=Verdict.ANSWER, answers={"Which colour?": ["Red", "Blue"]}),
        ),
        ({"questions": (COLOUR,)}, Decision(verdict=Verdict.ANSWER, answers={"Which size?": ["Red"]})),
    ],
)
async def test_what_is_no_answer_to_this_question_is_refused(
    more: dict[str, Any], decision: Decision
) -> None:
    """A yes to a question with choices, choices to a yes-or-no, none, too many: nothing happens."""
    scene = Scene()
    hook = scene.ask(more=more)
    approval = await scene.asked()

    with pytest.raises(Refused):
        await scene.questions.decide("q", approval.digest, decision)

    assert not hook.done()
    hook.cancel()
