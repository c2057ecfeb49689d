"""The channel to all servers: who is listened to, and what is said to whom."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.opencode.line import OpenCodeLine, _end_of
from supervisor.core.errors import Failed, Refused
from supervisor.core.model import Facts, Run, Session, Sighting, Sign
from supervisor.core.steering import DESK, Approval, Decision, Prompt, Verdict
from tests.fakes.processes import FewProcesses
from tests.lab.hearing import Ear
from tests.supervisor.agents.opencode.conftest import insert
from tests.supervisor.agents.opencode.talking import FOLDER, PID, Talking, hearing, process, talking, world

pytestmark = pytest.mark.anyio

ONE = "ses_e015d8d31ffe10Q9c0CQ4lVKGV"
SESSION = Session(id=ONE, agent="opencode", run=process().run, cwd=FOLDER)
SEEN = Sighting(agent="opencode", session_id=ONE, run=process().run, alive=True)
PROMPT = Prompt(
    id="p1", session_id=ONE, agent="opencode", text="go on", when="now", by="device", at=1_795_276_000.0
)
TOUCH = {
    "id": "per_1fea276fc001xXAwkj79FISsao",
    "sessionID": ONE,
    "permission": "bash",
    "patterns": ["touch one"],
    "metadata": {"command": "touch one"},
}
INFO = {"id": ONE, "agent": "plan", "model": {"id": "big", "providerID": "fake", "variant": "high"}}
ALLOW, DENY = Decision(verdict=Verdict.ALLOW), Decision(verdict=Verdict.DENY)


@pytest.fixture
def stored(home: Path) -> Path:
    """A home with one message of the session."""
    with sqlite3.connect(home / "opencode.db") as writer:
        writer.execute("CREATE TABLE message (id, session_id, time_created, time_updated, data)")
    writer.close()
    _message(home, "msg_1fea272e1001QqmxEQw5atk5WE", 1)
    return home


def _message(home: Path, name: str, at: int) -> None:
    with sqlite3.connect(home / "opencode.db") as writer:
        row = {"id": name, "session_id": ONE, "time_created": at, "time_updated": at, "data": "{}"}
        insert(writer, "message", row)
    writer.close()


@asynccontextmanager
async def listening(
    server: Talking, home: Path, ear: Ear | None = None, processes: FewProcesses | None = None
) -> AsyncIterator[OpenCodeLine]:
    """A line to that server, which has said its first word."""
    line = OpenCodeLine(home, processes or world(server))
    task = asyncio.create_task(line.listen(ear or hearing(server)))
    try:
        await server.until(lambda: line.reaches(SEEN) and server.asked_for("/question"))
        yield line
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _talks() -> dict[str, tuple[int, Any]]:
    return {f"/session/{ONE}": (200, INFO), f"/session/{ONE}/prompt_async": (204, None)}


# -- listening --------------------------------------------------------------------------------------


async def test_without_a_door_there_is_nobody_to_listen_to(home: Path) -> None:
    """Processes without a server, and programs that hold no session, are not waited for."""
    others = [process(), process("serve", pid=2), process("export", "x", pid=3), process("--help", pid=4)]
    strange = replace(process(pid=5), argv=("python", "-m", "http.server"))
    doors = {pid: [("127.0.0.1", 1)] for pid in (3, 4, 5)}
    line = OpenCodeLine(home, FewProcesses(processes=[*others, strange], doors=doors))

    await asyncio.wait_for(line.listen(Ear()), 60)

    assert not line.reaches(SEEN)


async def test_a_process_that_comes_later_is_listened_to(home: Path) -> None:
    """Whoever looks at files and processes tells of a new server, and it is heard beside the others."""
    async with talking() as server, talking() as later:
        processes = world(server)
        async with listening(server, home, processes=processes) as line:
            second = process(pid=99)
            processes.processes = [process(), second]
            processes.doors = {**processes.doors, 99: [("127.0.0.1", later.port)]}
            await asyncio.to_thread(line.noticed, processes.running(), ())
            await later.until(lambda: later.asked_for("/question"))

            assert line.reaches(replace(SEEN, run=second.run))
            assert not line.reaches(replace(SEEN, session_id=None))


async def test_the_end_of_the_last_one_ends_the_listening(home: Path) -> None:
    """When no process with a server is left, listening returns."""
    async with talking() as server:
        processes = world(server)
        line = OpenCodeLine(home, processes)
        task = asyncio.create_task(line.listen(hearing(server)))
        await server.until(lambda: server.asked_for("/question"))

        processes.processes = ()
        server.hang_up()
        await asyncio.wait_for(task, 60)

    assert not line.reaches(SEEN)
    assert line.waits_for(SEEN.run) is None


async def test_a_session_in_another_folder_is_asked_for_there(home: Path) -> None:
    """What is seen to work elsewhere than where its process began is asked about with that folder."""
    async with talking() as server, listening(server, home) as line:
        working = replace(SEEN, sign=Sign.WORKING, facts=Facts(cwd="/elsewhere"))

        await asyncio.to_thread(line.noticed, [process()], [working])

        await server.until(lambda: "directory=/elsewhere" in server.heard[-1].path)


async def test_what_sessions_wait_for_is_told_to_who_looks(home: Path) -> None:
    """Whoever looks from outside is told what is asked, and which sessions were worked on."""
    answers = {"/session/status": (200, {ONE: {"type": "busy"}}), "/permission": (200, [TOUCH])}
    async with talking(answers=answers) as server, listening(server, home) as line:
        await server.until(lambda: line.waits_for(SEEN.run))

        waits = line.waits_for(SEEN.run)
        assert waits is not None
        assert waits[ONE].text == "touch one"
        assert list(line.sessions(SEEN.run)) == [ONE]
        assert line.waits_for(Run(1, 1.0)) is None


# -- prompts ------------------------------------------------------------------------------------------


async def test_a_prompt_goes_to_the_agent_and_model_of_before(stored: Path) -> None:
    """A prompt has an id of its own that follows all others, and changes neither agent nor model."""
    async with talking(answers=_talks()) as server, listening(server, stored) as line:
        assert await line.prompt(SESSION, PROMPT)

    (sent,) = server.asked_for(f"/session/{ONE}/prompt_async")
    name = sent.body["messageID"].removeprefix("msg_")
    assert sent.body == {
        "messageID": f"msg_{name}",
        "agent": "plan",
        "model": {"providerID": "fake", "modelID": "big"},
        "variant": "high",
        "parts": [{"id": f"prt_{name}", "type": "text", "text": "go on"}],
    }
    assert len(name) == 26
    assert name.isalnum()
    assert f"msg_{name}" > "msg_1fea272e1001QqmxEQw5atk5WE"


async def test_a_prompt_that_stands_there_is_not_sent_again(stored: Path) -> None:
    """Whoever sends the same prompt again, at whatever time, sends nothing if the message is there."""
    async with talking(answers=_talks()) as server, listening(server, stored) as line:
        await line.prompt(SESSION, PROMPT)
        (sent,) = server.asked_for(f"/session/{ONE}/prompt_async")
        _message(stored, sent.body["messageID"], 2)
        _message(stored, "msg_1fea28ba40019iyRlmwN08DR5H", 3)

        assert await line.prompt(SESSION, replace(PROMPT, moved_at=PROMPT.at + 5000))
        assert len(server.asked_for(f"/session/{ONE}/prompt_async")) == 1
        await line.prompt(SESSION, replace(PROMPT, id="p2"))
        first, second = server.asked_for(f"/session/{ONE}/prompt_async")

    assert first.body["messageID"][16:] != second.body["messageID"][16:]


async def test_a_prompt_whose_fate_is_not_known_has_the_same_name_again(stored: Path) -> None:
    """Sent twice before the message is seen, it is the same message with the same part."""
    async with talking(answers=_talks()) as server, listening(server, stored) as line:
        await line.prompt(SESSION, PROMPT)
        await line.prompt(SESSION, PROMPT)

    one, two = server.asked_for(f"/session/{ONE}/prompt_async")
    assert one.body == two.body


async def test_a_prompt_that_waited_long_follows_what_was_said_meanwhile(stored: Path) -> None:
    """OpenCode orders by ids: one that was made earlier than the last message comes after it all the same."""
    _message(stored, "msg_ffffff000001QqmxEQw5atk5WE", 9)
    async with talking(answers=_talks()) as server, listening(server, stored) as line:
        await line.prompt(SESSION, PROMPT)

    (sent,) = server.asked_for(f"/session/{ONE}/prompt_async")
    assert sent.body["messageID"].startswith("msg_ffffff000002")


@pytest.mark.parametrize(
    "session",
    [
        replace(SESSION, run=None),
        replace(SESSION, run=Run(PID, 1.0)),
        replace(SESSION, run=Run(1, 1.0)),
        replace(SESSION, id="opencode-4711-1"),
        replace(SESSION, id="../../session"),
    ],
    ids=["nobody's", "of a reused PID", "another's", "without an id", "no id"],
)
async def test_only_its_own_server_is_spoken_to(stored: Path, session: Session) -> None:
    """A session that this very process does not serve gets nothing by its server."""
    async with talking(answers=_talks()) as server, listening(server, stored) as line:
        before = len(server.heard)

        assert not await line.prompt(session, PROMPT)
        assert not await line.interrupt(session)
        assert len(server.heard) == before


async def test_a_session_that_the_server_does_not_know_is_typed_at(stored: Path) -> None:
    """A process with other data than we look at is not given what it does not know."""
    answers = {f"/session/{ONE}": (404, {"name": "NotFoundError"})}
    async with talking(answers=answers) as server, listening(server, stored) as line:
        assert not await line.prompt(SESSION, PROMPT)

    assert server.asked_for(f"/session/{ONE}/prompt_async") == []


async def test_the_desks_commands_are_typed_where_that_can_be(stored: Path) -> None:
    """A command of the person at the machine goes to its terminal; a phone's are words."""
    held, theirs = replace(SESSION, terminal="t"), replace(PROMPT, text="/compact", by=DESK)
    async with talking(answers=_talks()) as server, listening(server, stored) as line:
        assert not await line.prompt(held, theirs)
        assert await line.prompt(held, replace(theirs, by="device", id="p2"))
        assert await line.prompt(SESSION, replace(theirs, id="p3"))


async def test_why_a_prompt_was_not_taken_is_said(stored: Path) -> None:
    """What the server says against a prompt is passed on."""
    answers = _talks() | {f"/session/{ONE}/prompt_async": (400, {"data": {"message": "No such model"}})}
    async with talking(answers=answers) as server, listening(server, stored) as line:
        with pytest.raises(Refused) as refused:
            await line.prompt(SESSION, PROMPT)

    assert refused.value.hint == "No such model"


async def test_without_the_database_a_prompt_is_not_sent(home: Path) -> None:
    """Where it cannot be known whether a prompt stands there already, it is not sent."""
    async with talking(answers=_talks()) as server, listening(server, home) as line:
        with pytest.raises(Failed):
            await line.prompt(SESSION, PROMPT)

    assert server.asked_for(f"/session/{ONE}/prompt_async") == []


# -- answers and interruptions --------------------------------------------------------------------------


async def _asked(server: Talking, ear: Ear) -> Approval:
    await server.tell("permission.asked", **TOUCH)
    await server.until(lambda: ear.asked)
    return ear.asked[str(TOUCH["id"])]


async def test_an_answer_goes_to_who_asked(stored: Path) -> None:
    """An answer is given once, to the server that asked, in the folder in which it asked."""
    async with talking() as server:
        ear = hearing(server)
        async with listening(server, stored, ear) as line:
            asked = await _asked(server, ear)

            assert await line.answer(asked, ALLOW)
            assert not await line.answer(replace(asked, id="per_another"), ALLOW)

    (sent,) = server.asked_for(f"/permission/{asked.id}/reply")
    assert (sent.method, sent.body) == ("POST", {"reply": "once"})
    assert sent.path.endswith(f"?directory={FOLDER}")


@pytest.mark.parametrize(("status", "error"), [(404, Refused), (500, Failed), (401, Failed)])
async def test_an_answer_that_was_not_taken_is_no_success(
    stored: Path, status: int, error: type[Exception]
) -> None:
    """Too late, or not taken: both are said, and what is over is withdrawn."""
    answers: dict[str, tuple[int, Any]] = {f"/permission/{TOUCH['id']}/reply": (status, None)}
    async with talking(answers=answers) as server:
        ear = hearing(server)
        async with listening(server, stored, ear) as line:
            asked = await _asked(server, ear)

            with pytest.raises(error):
                await line.answer(asked, ALLOW)
            assert (ear.over == [asked.id]) is (status == 404)


async def test_what_was_answered_at_the_desk_is_refused_here(stored: Path) -> None:
    """A question that somebody else has answered is over, and the server is not asked again."""
    async with talking() as server:
        ear = hearing(server)
        async with listening(server, stored, ear) as line:
            asked = await _asked(server, ear)
            await server.tell("permission.replied", sessionID=ONE, requestID=asked.id, reply="once")
            await server.until(lambda: ear.over)

            with pytest.raises(Refused):
                await line.answer(asked, DENY)

    assert server.asked_for(f"/permission/{asked.id}/reply") == []


async def test_an_interruption_answers_what_is_asked_first(stored: Path) -> None:
    """A turn that asks is turned down and then ended: else its question would stay on the screen."""
    async with talking() as server:
        ear = hearing(server)
        async with listening(server, stored, ear) as line:
            asked = await _asked(server, ear)

            assert await line.interrupt(SESSION)

    deeds = [(heard.path.partition("?")[0], heard.body) for heard in server.heard if heard.method == "POST"]
    assert deeds == [(f"/permission/{asked.id}/reply", {"reply": "reject"}), (f"/session/{ONE}/abort", None)]


async def test_a_server_that_falls_silent_is_not_taken_for_success(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no answer comes, a prompt has failed, and an interruption is left to the keys."""
    monkeypatch.setattr("supervisor.agents.opencode.wire.PATIENCE", 0.3)
    async with talking() as server, listening(server, stored) as line:
        server.answers[f"/session/{ONE}"] = server.answers[f"/session/{ONE}/abort"] = (-1, None)

        with pytest.raises(Failed):
            await line.prompt(SESSION, PROMPT)
        assert not await line.interrupt(SESSION)


def test_the_end_of_a_name_is_the_same_for_the_same_prompt() -> None:
    """Names are letters and digits that nothing but the prompt's id decides."""
    assert _end_of("p1") == _end_of("p1") != _end_of("p2")
    assert all(len(_end_of(json.dumps(number))) == 14 for number in range(50))
