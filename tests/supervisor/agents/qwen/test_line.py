"""The channels on files, with nobody behind them who is real."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents import qwen
from supervisor.agents.qwen import channel
from supervisor.agents.qwen.line import QwenLine
from supervisor.core.errors import NotYet, Refused
from supervisor.core.model import Session, Sign
from supervisor.core.steering import DESK, Decision, Prompt, Verdict
from tests.fakes.processes import PID, process, world
from tests.lab.hearing import Ear
from tests.supervisor.agents.qwen.test_registry import SESSION, register, store

pytestmark = pytest.mark.anyio

RECORDED = Path(__file__).parents[3] / "data" / "qwen"
STARTED = {"type": "system", "subtype": "session_start", "session_id": SESSION}
REQUEST = {"subtype": "can_use_tool", "tool_name": "run_shell_command", "tool_use_id": "call_1"}
ASKS = {"type": "control_request", "request_id": "one", "request": {**REQUEST, "input": {"command": "ls"}}}


class Desk:
    """A session with a channel, heard."""

    def __init__(self, home: Path) -> None:
        """Nobody listens yet."""
        self.home = home
        self.channel = channel.begun(home)
        self.process = process("qwen", *self.channel.options)
        self.transcript = store(home)
        register(home)
        self.heard = asyncio.Event()
        self.ear = Ear(self.heard.set)
        self.line = QwenLine(home, world(self.process))
        self.session = Session(
            id=SESSION, agent="qwen", run=self.process.run, argv=self.process.argv, terminal="one"
        )

    def tell(self, *events: dict[str, Any]) -> None:
        """What Qwen Code tells."""
        with self.channel.tells.open("a") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)
        self.line.changed()

    async def until_sign(self, sign: Sign) -> None:
        """Wait until the turn stands like that."""
        async with asyncio.timeout(60):
            while not self.ear.turns or self.ear.turns[-1][1] is not sign:
                self.heard.clear()
                await self.heard.wait()

    def told(self) -> list[dict[str, Any]]:
        """What it is told."""
        return [json.loads(line) for line in self.channel.told.read_text().splitlines()]

    def prompt(self, text: str, name: str = "p1", by: str = "phone") -> Prompt:
        """A prompt."""
        return Prompt(id=name, session_id=SESSION, agent="qwen", text=text, when="now", by=by, at=0.0)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A session of a test."""
    return Desk(tmp_path)


async def listened(desk: Desk) -> "asyncio.Task[None]":
    """Somebody listens, and knows how the turn stands."""
    desk.tell(STARTED)
    task = asyncio.create_task(desk.line.listen(desk.ear))
    await desk.until_sign(Sign.IDLE)
    return task


async def test_how_the_turn_stands_is_told_as_it_goes(desk: Desk) -> None:
    """At rest, at work, asking; and when nobody is left, listening ends."""
    task = await listened(desk)

    desk.tell({"type": "user", "session_id": SESSION, "message": {"content": []}})
    await desk.until_sign(Sign.WORKING)
    desk.tell(ASKS)
    await desk.until_sign(Sign.ASKING)
    desk.line.noticed([])

    await asyncio.wait_for(task, 60)
    assert list(desk.ear.asked) == ["one"]
    assert desk.ear.over == ["one"]


async def test_a_prompt_is_told_once(desk: Desk) -> None:
    """Also to one that nobody listens to yet, if it has begun to tell."""
    with pytest.raises(NotYet):
        await desk.line.prompt(desk.session, desk.prompt("hello"))
    desk.tell(STARTED)

    given = [await desk.line.prompt(desk.session, desk.prompt("hello")) for _ in range(2)]

    assert given == [True, True]
    assert [(line["type"], line["text"]) for line in desk.told()] == [("submit", "hello")]


async def test_a_command_is_for_the_desk(desk: Desk) -> None:
    """From afar it is refused; a path that begins with a slash is no command."""
    desk.tell(STARTED)

    with pytest.raises(Refused, match="command"):
        await desk.line.prompt(desk.session, desk.prompt("/clear"))
    by_hand = await desk.line.prompt(desk.session, desk.prompt("/clear", by=DESK))
    path = await desk.line.prompt(desk.session, desk.prompt("/etc/hosts is what?"))

    assert (by_hand, path) == (False, True)


async def test_who_has_no_channel_is_typed_at(desk: Desk) -> None:
    """Or whose process is another one by now."""
    plain = Session(id=SESSION, agent="qwen", run=desk.process.run, argv=("qwen",))
    gone = Session(id=SESSION, agent="qwen", run=process(pid=PID - 1).run, argv=desk.process.argv)

    assert not await desk.line.prompt(plain, desk.prompt("hello"))
    assert not await desk.line.prompt(gone, desk.prompt("hello"))


@pytest.mark.parametrize(("verdict", "allowed"), [(Verdict.ALLOW, True), (Verdict.DENY, False)])
async def test_a_question_is_answered_once(desk: Desk, verdict: Verdict, allowed: bool) -> None:
    """It is over at once; another answer comes too late."""
    task = await listened(desk)
    desk.tell(ASKS)
    await desk.until_sign(Sign.ASKING)
    asked = desk.ear.asked["one"]

    taken = await desk.line.answer(asked, Decision(verdict=verdict))
    await desk.until_sign(Sign.WORKING)

    assert taken
    assert desk.told() == [
        {"type": "confirmation_response", "request_id": "one", "allowed": allowed, "id": "one"}
    ]
    with pytest.raises(Refused, match="over"):
        await desk.line.answer(asked, Decision(verdict=verdict))
    task.cancel()


@pytest.mark.parametrize(("recorded", "sign"), [("normal", Sign.FAILED), ("error-401", Sign.IDLE)])
async def test_a_failure_is_told_where_the_transcript_does_not(desk: Desk, recorded: str, sign: Sign) -> None:
    """There the reason stands beside it: the transcript's own word is to be heard."""
    desk.transcript.write_bytes((RECORDED / f"{recorded}.jsonl").read_bytes())
    task = await listened(desk)
    desk.tell({"type": "user", "session_id": SESSION, "message": {"content": []}})
    await desk.until_sign(Sign.WORKING)

    desk.tell(
        {"type": "assistant", "message": {"content": [{"type": "text", "text": "[API Error: 400]"}]}},
        {"type": "stream_event", "event": {"type": "message_stop"}},
    )
    await desk.until_sign(sign)

    assert [turn[1] for turn in desk.ear.turns] == [Sign.IDLE, Sign.WORKING, sign]
    task.cancel()


async def test_a_turn_that_is_stopped_before_its_answer_is_told(desk: Desk) -> None:
    """The key is pressed in its terminal; of that it tells nothing."""
    task = await listened(desk)
    desk.tell({"type": "user", "session_id": SESSION, "message": {"content": []}})
    await desk.until_sign(Sign.WORKING)

    taken = await desk.line.interrupt(desk.session)
    await desk.until_sign(Sign.INTERRUPTED)

    assert not taken
    task.cancel()


def test_a_channel_counts_for_who_looks(desk: Desk) -> None:
    """A session is in reach as soon as its command line names one."""
    (seen,) = qwen.look(desk.home, world(desk.process))

    assert desk.line.reaches(replace(seen, argv=desk.process.argv))
    assert not desk.line.reaches(seen)
