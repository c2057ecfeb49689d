"""The line to Codex's daemon, against a small one that says what the real one was heard to say."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs Unix sockets", allow_module_level=True)
assert sys.platform != "win32"

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from supervisor.agents.codex.line import DaemonLine
from supervisor.core.errors import Failed, NotNow, Refused, WrongUse
from supervisor.core.model import Run, Session, Sighting, Sign
from supervisor.core.steering import Approval, Decision, Prompt, Verdict
from tests.lab.hearing import Ear
from tests.supervisor.agents.codex.daemons import ASKS, IDLE, WORKS, Daemon, soon
from tests.supervisor.agents.codex.requests import COMMAND, EDIT, command

pytestmark = pytest.mark.anyio

A = "01a1ff00-0000-7000-8000-00000000000a"
B = "01a1ff00-0000-7000-8000-00000000000b"
SUB = "01a1ff00-0000-7000-8000-0000000000ff"
ALLOW = Decision(verdict=Verdict.ALLOW)
DENY = Decision(verdict=Verdict.DENY)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a short name: the path of a socket may have about a hundred letters."""
    with tempfile.TemporaryDirectory(prefix="wl") as folder:
        yield Path(folder)


@pytest.fixture
def ear() -> Ear:
    """Remembers what it is told."""
    return Ear()


@asynccontextmanager
async def listening(home: Path, ear: Ear) -> AsyncIterator[DaemonLine]:
    """A line that is listened to; it ends with this."""
    line = DaemonLine(home)
    task = asyncio.create_task(line.listen(ear))
    try:
        yield line
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


async def only(ear: Ear) -> Approval:
    """The one question, when it is asked."""
    await soon(lambda: ear.asked, "nothing is asked")
    return next(iter(ear.asked.values()))


def session(name: str = A, *argv: str) -> Session:
    """A session of the daemon."""
    return Session(id=name, agent="codex", run=Run(1, 1.0), argv=argv or ("codex", "app-server"))


def prompt(text: str = "go on", when: str = "idle", name: str = "p1") -> Prompt:
    """A prompt for a session."""
    return Prompt(id=name, session_id=A, agent="codex", text=text, when=when, by="phone", at=1.0)


# -- how sessions stand ---------------------------------------------------------------------------


async def test_the_state_of_every_thread_is_told_at_once(home: Path, ear: Ear) -> None:
    """Who connects late knows how everybody stands; only who asks is subscribed to."""
    daemon = Daemon(home)
    for name, status in {"a": ASKS, "b": WORKS, "c": {"type": "systemError"}, "d": IDLE}.items():
        daemon.thread(name, status)

    async with daemon.runs(), listening(home, ear):
        await soon(lambda: len(ear.turns) == 4)
        await soon(lambda: daemon.subscribed() == {"a"})

    assert ear.turns == [
        ("a", Sign.ASKING, "approval"),
        ("b", Sign.WORKING, None),
        ("c", Sign.FAILED, None),
        ("d", Sign.IDLE, None),
    ]


async def test_changes_are_told_as_they_come(home: Path, ear: Ear) -> None:
    """Working, asking for an approval or an answer, failing and resting."""
    daemon = Daemon(home)
    daemon.thread("a")
    asks = {"type": "active", "activeFlags": ["waitingOnUserInput"]}

    async with daemon.runs(), listening(home, ear):
        await soon(lambda: ear.turns)
        for status in (WORKS, ASKS, asks, {"type": "systemError"}, IDLE, {"type": "notLoaded"}):
            await daemon.status("a", status)
        await soon(lambda: len(ear.turns) == 6)

    assert ear.turns[1:] == [
        ("a", Sign.WORKING, None),
        ("a", Sign.ASKING, "approval"),
        ("a", Sign.ASKING, "an answer"),
        ("a", Sign.FAILED, None),
        ("a", Sign.IDLE, None),
    ]


async def test_we_come_under_a_name_that_changes_nothing(home: Path, ear: Ear) -> None:
    """Codex would go by our name with its servers if we said it; and we need not hear every word."""
    daemon = Daemon(home)

    async with daemon.runs(), listening(home, ear):
        await soon(lambda: daemon.asked("initialize"))

    told = daemon.asked("initialize")[0]
    assert told["clientInfo"]["name"] == "codex_app_server_daemon"
    assert "item/agentMessage/delta" in told["capabilities"]["optOutNotificationMethods"]


async def test_codexs_own_threads_are_not_told(home: Path, ear: Ear) -> None:
    """The hidden thread that thinks of a title is nobody's session, and asks nobody."""
    daemon = Daemon(home)
    daemon.thread("title", WORKS, ephemeral=True)

    async with daemon.runs(), listening(home, ear):
        await soon(lambda: daemon.listeners)
        await daemon.status("title", ASKS)
        await daemon.ask(1, COMMAND, command("title"))
        daemon.thread("a")
        await daemon.say("thread/started", {"thread": daemon.threads["a"]})
        await soon(lambda: ear.turns)

    assert ear.turns == [("a", Sign.IDLE, None)]
    assert ear.asked == {}


async def test_nonsense_is_passed_over(home: Path, ear: Ear) -> None:
    """Whatever a daemon of another version says, the feed goes on."""
    daemon = Daemon(home)
    daemon.thread("a")
    nonsense: list[str | bytes] = [
        "no json",
        b"\xff\xfe",
        "[]",
        '{"id":"x","result":[]}',
        '{"id":99,"error":{}}',
        '{"method":7,"params":[]}',
        '{"method":"thread/status/changed"}',
        '{"method":"thread/started","params":{"thread":[]}}',
        '{"method":"serverRequest/resolved","params":{"requestId":{}}}',
        '{"method":"thread/status/changed","params":{"threadId":["a"],"status":{"type":"idle"}}}',
        '{"method":"thread/status/changed","params":{"threadId":"a","status":{"type":["idle"]}}}',
        '{"method":"thread/status/changed","params":{"threadId":"a","status":{"activeFlags":[[],1]}}}',
        '{"method":"item/unknown/requestApproval","id":{},"params":{"threadId":"a"}}',
        '{"method":"item/fileChange/requestApproval","id":null,"params":[]}',
        '{"method":"item/tool/requestUserInput","id":5,"params":{"threadId":"a","questions":[7,{"options":3}]}}',
        '{"method":"currentTime/read","id":6,"params":{"threadId":"a"}}',
    ]

    async with daemon.runs(), listening(home, ear):
        await soon(lambda: ear.turns)
        for each in nonsense:
            await next(iter(daemon.listeners)).send(each)
        await daemon.status("a", WORKS)
        await soon(lambda: len(ear.turns) == 2)

    assert ear.turns == [("a", Sign.IDLE, None), ("a", Sign.WORKING, None)]
    assert not any(asked.answerable for asked in ear.asked.values() if not asked.questions)


async def test_without_a_daemon_there_is_nothing_to_hear(home: Path, ear: Ear) -> None:
    """No socket, a dead one, or a plain file in its place: listening ends at once."""
    line, daemon = DaemonLine(home), Daemon(home)
    await line.listen(ear)

    async with daemon.runs():
        pass
    await line.listen(ear)

    daemon.socket.unlink(missing_ok=True)
    daemon.socket.write_text("no socket")
    await line.listen(ear)
    assert (ear.turns, ear.asked) == ([], {})
    assert await line.prompt(session(), prompt()) is False


async def test_a_broken_connection_is_made_again(home: Path, ear: Ear) -> None:
    """Without anybody's doing, and what has changed meanwhile is told."""
    daemon = Daemon(home)
    daemon.thread("a")

    async with daemon.runs(), listening(home, ear):
        await soon(lambda: ear.turns)
        daemon.threads["a"]["status"] = WORKS
        await daemon.drop()
        await soon(lambda: len(ear.turns) == 2)

    assert ear.turns == [("a", Sign.IDLE, None), ("a", Sign.WORKING, None)]


async def test_a_daemon_that_hangs_is_called_again(
    home: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there, so somebody will listen when it comes to itself; until then nothing is typed instead."""
    monkeypatch.setattr("supervisor.agents.codex.daemon.PATIENCE", 0.2)
    monkeypatch.setattr("supervisor.agents.codex.line.PATIENCE", 0.2)
    daemon = Daemon(home)
    daemon.thread(A)
    daemon.silent = {"initialize"}

    async with daemon.runs(), listening(home, ear) as line:
        await soon(lambda: daemon.asked("initialize"))
        with pytest.raises(NotNow):
            await line.prompt(session(), prompt())
        daemon.silent = set()
        await soon(lambda: ear.turns)

    assert ear.turns == [(A, Sign.IDLE, None)]


# -- what is asked ---------------------------------------------------------------------------------


async def test_a_question_is_told_whole_and_only_while_it_is_asked(home: Path, ear: Ear) -> None:
    """We subscribe for as long as it asks: a thread with subscribers is never put away."""
    daemon = Daemon(home)
    daemon.thread(A, WORKS)

    async with daemon.runs(), listening(home, ear):
        await soon(lambda: ear.turns)
        daemon.pending[7] = {"id": 7, "method": COMMAND, "params": command(A)}
        await daemon.status(A, ASKS)
        asked = await only(ear)
        await daemon.resolve(7)
        await soon(lambda: ear.over)
        await daemon.status(A, WORKS)
        await soon(lambda: not daemon.subscribed(), "still subscribed")

    assert (asked.session_id, asked.text, asked.reason) == (A, "rm -rf build", "to clean up")
    assert (asked.cwd, asked.at, asked.answerable) == ("/work", 1_700_000_000.0, True)
    assert ear.over == [asked.id]


async def test_a_question_is_over_when_its_thread_no_longer_asks(home: Path, ear: Ear) -> None:
    """Whether its turn goes on, ends, or the thread is put away."""
    daemon = Daemon(home)
    for name in (A, B):
        daemon.thread(name, ASKS)
        number = len(daemon.pending)
        daemon.pending[number] = {"id": number, "method": COMMAND, "params": command(name)}

    async with daemon.runs(), listening(home, ear):
        await soon(lambda: len(ear.asked) == 2)
        await daemon.status(A, IDLE)
        await daemon.say("thread/closed", {"threadId": B})
        await soon(lambda: len(ear.over) == 2)

    assert set(ear.over) == set(ear.asked)


async def test_after_a_broken_connection_the_same_questions_are_asked(home: Path, ear: Ear) -> None:
    """Under the same ids; what was answered meanwhile is withdrawn."""
    daemon = Daemon(home)
    daemon.thread(A, ASKS)
    for number, item in enumerate(("first", "second")):
        asked = command(A, item, itemId=item)
        daemon.pending[number] = {"id": number, "method": COMMAND, "params": asked}

    async with daemon.runs(), listening(home, ear) as line:
        await soon(lambda: len(ear.asked) == 2)
        by_text = {str(asked.text): asked for asked in ear.asked.values()}
        del daemon.pending[0]
        daemon.pending[5] = {**daemon.pending.pop(1), "id": 5}
        await daemon.drop()
        await soon(lambda: ear.over == [by_text["first"].id])
        taken = await line.answer(by_text["second"], ALLOW)

    assert taken
    assert len(ear.asked) == 2
    assert daemon.answers == [(5, {"decision": "accept"})]


async def test_a_daemon_that_goes_takes_its_questions_along(home: Path, ear: Ear) -> None:
    """Nobody else could take the answer."""
    daemon = Daemon(home)
    daemon.thread(A, ASKS)
    daemon.pending[0] = {"id": 0, "method": COMMAND, "params": command(A)}
    line = DaemonLine(home)

    async with daemon.runs():
        task = asyncio.create_task(line.listen(ear))
        asked = await only(ear)
    daemon.socket.unlink(missing_ok=True)
    await asyncio.wait_for(task, 60)

    assert ear.over == [asked.id]
    assert await line.answer(asked, ALLOW) is False


async def test_changes_to_files_are_told_as_a_diff(home: Path, ear: Ear) -> None:
    """The request does not hold them: they are looked up in the turn."""
    daemon = Daemon(home)
    daemon.thread(A, ASKS)
    daemon.changes = [{"path": "/a", "kind": {"type": "add"}, "diff": "one\n"}]
    params = {"threadId": A, "turnId": "turn-1", "itemId": "item", "startedAtMs": 1}
    daemon.pending[0] = {"id": 0, "method": EDIT, "params": params}

    async with daemon.runs(), listening(home, ear):
        asked = await only(ear)

    assert asked.diff == "--- /dev/null\n+++ /a\n@@ -0,0 +1,1 @@\n+one\n"
    assert asked.answerable


async def test_changes_that_cannot_be_shown_are_for_the_desk(home: Path, ear: Ear) -> None:
    """Nobody allows from afar what is not shown there."""
    daemon = Daemon(home)
    daemon.thread(A, ASKS)
    daemon.changes = [{"path": "/a", "kind": {"type": "unheard of"}, "diff": ""}]
    params = {"threadId": A, "turnId": "turn-1", "itemId": "item", "startedAtMs": 1}
    daemon.pending[0] = {"id": 0, "method": EDIT, "params": params}

    async with daemon.runs(), listening(home, ear) as line:
        asked = await only(ear)
        taken = await line.answer(asked, ALLOW)

    assert (asked.answerable, asked.diff, taken) == (False, None, False)
    assert daemon.answers == []


async def test_a_sub_agent_asks_for_its_session(home: Path, ear: Ear) -> None:
    """It begins without a word, and we are subscribed to it unasked; nothing of that shows."""
    daemon = Daemon(home)
    daemon.thread(A)

    async with daemon.runs(), listening(home, ear):
        await soon(lambda: ear.turns)
        daemon.thread(SUB, WORKS, sessionId=A, parentThreadId=A)
        for subscribed in daemon.listeners.values():
            subscribed.add(SUB)
        await daemon.status(SUB, ASKS)
        await daemon.ask(3, COMMAND, command(SUB))
        asked = await only(ear)
        await daemon.resolve(3)
        await daemon.status(SUB, IDLE)
        await soon(lambda: not daemon.subscribed(), "still subscribed")

    assert asked.session_id == A
    assert ear.turns == [(A, Sign.IDLE, None), (A, Sign.ASKING, "approval"), (A, Sign.IDLE, None)]


# -- answers ---------------------------------------------------------------------------------------


async def test_an_answer_is_for_once(home: Path, ear: Ear) -> None:
    """It is told as taken when the daemon says so; a second one comes too late."""
    daemon = Daemon(home)
    daemon.thread(A, ASKS)
    daemon.pending[0] = {"id": 0, "method": COMMAND, "params": command(A)}

    async with daemon.runs(), listening(home, ear) as line:
        asked = await only(ear)
        with pytest.raises(WrongUse):
            await line.answer(asked, Decision(verdict=Verdict.ANSWER))
        taken = await line.answer(asked, ALLOW)
        with pytest.raises(Refused, match="over"):
            await line.answer(asked, DENY)

    assert taken
    assert daemon.answers == [(0, {"decision": "accept"})]


async def test_the_reason_of_a_no_is_said_to_the_agent_first(home: Path, ear: Ear) -> None:
    """The answer itself has no place for it, and a turn that goes on takes words."""
    daemon = Daemon(home)
    daemon.thread(A, ASKS)
    daemon.pending[0] = {"id": 0, "method": COMMAND, "params": command(A)}

    async with daemon.runs(), listening(home, ear) as line:
        asked = await only(ear)
        await line.answer(asked, Decision(verdict=Verdict.DENY, reason="too risky"))

    assert daemon.answers == [(0, {"decision": "decline"})]
    said = daemon.asked("turn/steer")[0]
    assert (said["threadId"], said["expectedTurnId"]) == (A, "turn-1")
    assert said["input"][0]["text"] == "too risky"


async def test_a_reason_that_does_not_get_through_is_no_yes(home: Path, ear: Ear) -> None:
    """It is denied all the same, and who gave the reason hears of it."""
    daemon = Daemon(home)
    daemon.thread(A, ASKS)
    daemon.pending[0] = {"id": 0, "method": COMMAND, "params": command(A)}
    daemon.refused = {"turn/steer": "this turn takes no words"}

    async with daemon.runs(), listening(home, ear) as line:
        asked = await only(ear)
        with pytest.raises(Failed, match="the reason did not get through"):
            await line.answer(asked, Decision(verdict=Verdict.DENY, reason="too risky"))

    assert daemon.answers == [(0, {"decision": "decline"})]


# -- prompts and interruptions ---------------------------------------------------------------------


async def test_a_prompt_begins_a_turn_once(home: Path, ear: Ear) -> None:
    """Under its own id, and nothing of the session's settings is changed."""
    daemon = Daemon(home)
    daemon.thread(A)

    async with daemon.runs(), listening(home, ear) as line:
        taken = [await line.prompt(session(), prompt("/quit")) for _ in range(2)]

    assert taken == [True, True]
    assert daemon.asked("turn/start") == [
        {
            "threadId": A,
            "clientUserMessageId": "p1",
            "input": [{"type": "text", "text": "/quit", "text_elements": []}],
        }
    ]


async def test_a_prompt_that_the_rollout_shows_was_taken(home: Path, ear: Ear) -> None:
    """By a life of ours before this one; even when the daemon has gone since."""
    daemon = Daemon(home)
    day = home / "sessions" / "2026" / "11" / "21"
    day.mkdir(parents=True)
    line = {"payload": {"item": {"type": "UserMessage", "client_id": "p1"}}}
    (day / f"rollout-2026-11-21T00-00-00-{A}.jsonl").write_text(json.dumps(line) + "\n")
    daemon.thread(A)

    async with daemon.runs(), listening(home, ear) as taker:
        known = await taker.prompt(session(), prompt())
    gone = await DaemonLine(home).prompt(session(), prompt())

    assert (known, gone) == (True, True)
    assert daemon.asked("turn/start") == []


async def test_a_prompt_joins_a_turn_only_if_it_is_for_now(home: Path, ear: Ear) -> None:
    """Else it may be tried again soon."""
    daemon = Daemon(home)
    daemon.thread(A, WORKS)

    async with daemon.runs(), listening(home, ear) as line:
        with pytest.raises(NotNow):
            await line.prompt(session(), prompt())
        taken = await line.prompt(session(), prompt("and this", "now"))

    assert taken
    assert daemon.asked("turn/start") == []
    assert [said["clientUserMessageId"] for said in daemon.asked("turn/steer")] == ["p1"]


async def test_a_turn_that_ends_meanwhile_makes_room_for_the_prompt(home: Path, ear: Ear) -> None:
    """What was to join it begins the next one."""
    daemon = Daemon(home)
    daemon.thread(A, WORKS)
    daemon.refused = {"turn/steer": "expected active turn id"}

    async with daemon.runs(), listening(home, ear) as line:
        giving = asyncio.create_task(line.prompt(session(), prompt("and this", "now")))
        await soon(lambda: daemon.asked("turn/steer"))
        await daemon.status(A, IDLE)
        taken = await giving

    assert taken
    assert len(daemon.asked("turn/start")) == 1


async def test_a_prompt_that_is_not_answered_may_be_tried_again(
    home: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows whether it was taken: it is neither refused nor typed."""
    daemon = Daemon(home)
    daemon.thread(A)
    daemon.silent = {"turn/start"}

    async with daemon.runs(), listening(home, ear) as line:
        await soon(lambda: ear.turns)
        monkeypatch.setattr("supervisor.agents.codex.daemon.PATIENCE", 0.2)
        with pytest.raises(NotNow):
            await line.prompt(session(), prompt())


@pytest.mark.parametrize("argv", [("codex", "--no-daemon"), ("codex", "app-server")])
async def test_what_the_daemon_does_not_serve_is_not_steered_by_it(
    argv: tuple[str, ...], home: Path, ear: Ear
) -> None:
    """Terminals of their own, and threads that are not loaded."""
    daemon = Daemon(home)
    daemon.thread(B)

    async with daemon.runs(), listening(home, ear) as line:
        prompted = await line.prompt(session(A, *argv), prompt())
        interrupted = await line.interrupt(session(A, *argv))

    assert (prompted, interrupted) == (False, False)


async def test_a_thread_whose_rollout_is_just_begun_is_waited_for(home: Path, ear: Ear) -> None:
    """For a moment the daemon cannot read it; it is served all the same."""
    daemon = Daemon(home)
    daemon.thread(A)

    async with daemon.runs(), listening(home, ear) as line:
        await soon(lambda: ear.turns)
        daemon.refused = {"thread/read": "rollout is empty"}
        giving = asyncio.create_task(line.prompt(session(), prompt()))
        await soon(lambda: len(daemon.asked("thread/read")) > 2)
        daemon.refused = {}
        taken = await giving

    assert taken


async def test_the_turn_that_runs_is_interrupted(home: Path, ear: Ear) -> None:
    """The list of turns lags behind, so that the newest one in it may be another: it is asked again."""
    daemon = Daemon(home)
    daemon.thread(A, WORKS)
    daemon.refused = {"turn/interrupt": "expected active turn id turn-0 but found turn-1"}

    async with daemon.runs(), listening(home, ear) as line:
        ending = asyncio.create_task(line.interrupt(session()))
        await soon(lambda: daemon.asked("turn/interrupt"))
        daemon.refused = {}
        done = await ending

    assert done
    assert daemon.asked("turn/interrupt")[-1] == {"threadId": A, "turnId": "turn-1"}


async def test_where_nothing_runs_nothing_is_interrupted(home: Path, ear: Ear) -> None:
    """And no key is pressed for it either."""
    daemon = Daemon(home)
    daemon.thread(A)

    async with daemon.runs(), listening(home, ear) as line:
        done = await line.interrupt(session())

    assert done
    assert daemon.asked("turn/interrupt") == []


def test_what_the_daemon_serves_is_reached(home: Path) -> None:
    """Whether a terminal shows it or none."""
    line, run = DaemonLine(home), Run(1, 1.0)
    own = Sighting(agent="codex", session_id=A, run=run, alive=True)

    assert not line.reaches(own)
    assert line.reaches(replace(own, screens=()))
    assert line.reaches(replace(own, screens=(run,)))
