"""One server: what it tells, what it asks, and how it is told from others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.opencode import server as servers
from supervisor.agents.opencode.server import Server
from supervisor.core.model import Sign
from supervisor.core.steering import Decision, Verdict
from tests.fakes.processes import FewProcesses
from tests.lab.hearing import Ear
from tests.supervisor.agents.opencode.talking import FOLDER, PID, Talking, hearing, process, talking, world

pytestmark = pytest.mark.anyio

ONE, TWO = "ses_e015d8d31ffe10Q9c0CQ4lVKGV", "ses_e015d02f8ffe52wXoYvlBgqne3"
TOUCH = {
    "id": "per_1fea276fc001xXAwkj79FISsao",
    "sessionID": ONE,
    "permission": "bash",
    "patterns": ["touch one", "echo done"],
    "metadata": {"command": "touch one && echo done"},
    "always": ["touch *", "echo *"],
    "tool": {"messageID": "msg_1fea272f6001gEM8f3bNvhGCmy", "callID": "call_f07ba94e40fa"},
}
FETCH = {**TOUCH, "id": "per_1fecbe2c8001RJ6vumtIH7ZTEz", "permission": "webfetch", "metadata": {}}
BUSY = {"type": "busy"}


@asynccontextmanager
async def attended(
    talking: Talking, ear: Ear, home: Path, processes: FewProcesses | None = None
) -> AsyncIterator[Server]:
    """A server that is listened to, from its first word on."""
    server = Server(process(), home, processes or world(talking), ear)
    task = asyncio.create_task(server.attend())
    try:
        await talking.until(lambda: server.door and talking.asked_for("/question"))
        yield server
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_turns_are_told_when_they_change(home: Path) -> None:
    """Working, resting and failing are told once each, and why a turn ended outlives that it ended."""
    async with talking() as server:
        ear = hearing(server)
        async with attended(server, ear, home):
            await server.tell("session.status", sessionID=ONE, status=BUSY)
            await server.tell("session.status", sessionID=ONE, status={"type": "retry", "attempt": 1})
            await server.tell("session.status", sessionID=ONE, status={"type": "idle"})
            await server.tell("session.idle", sessionID=ONE)
            await server.tell("session.status", sessionID=TWO, status=BUSY)
            await server.tell("session.error", sessionID=TWO, error={"name": "APIError"})
            await server.tell("session.idle", sessionID=TWO)
            await server.tell("session.status", sessionID=TWO, status=BUSY)
            await server.tell("session.error", sessionID=TWO, error={"name": "MessageAbortedError"})
            await server.tell("session.idle", sessionID=TWO)
            await server.until(lambda: (TWO, Sign.INTERRUPTED, None) in ear.turns)

    assert ear.turns == [
        (ONE, Sign.WORKING, None),
        (ONE, Sign.IDLE, None),
        (TWO, Sign.WORKING, None),
        (TWO, Sign.FAILED, None),
        (TWO, Sign.WORKING, None),
        (TWO, Sign.INTERRUPTED, None),
    ]


async def test_a_status_of_another_kind_is_passed_over(home: Path) -> None:
    """Of whatever type; what is said after it is heard."""
    async with talking() as server:
        ear = hearing(server)
        async with attended(server, ear, home):
            kinds: list[Any] = [[], {}, None, 7, "waiting"]
            for odd in kinds:
                await server.tell("session.status", sessionID=ONE, status={"type": odd})
            await server.tell("session.status", sessionID=ONE, status=BUSY)
            await server.until(lambda: ear.turns)

    assert ear.turns == [(ONE, Sign.WORKING, None)]


async def test_a_question_waits_until_it_is_answered(home: Path) -> None:
    """While something is asked its session waits, whatever else is told; answered, it works on."""
    async with talking() as server:
        ear = hearing(server)
        async with attended(server, ear, home) as known:
            await server.tell("session.status", sessionID=ONE, status=BUSY)
            await server.tell("permission.asked", **TOUCH)
            await server.tell("session.status", sessionID=ONE, status=BUSY)
            await server.tell("permission.asked", **TOUCH)
            await server.until(lambda: TOUCH["id"] in known.asked)
            await server.tell("permission.replied", sessionID=ONE, requestID=TOUCH["id"], reply="once")
            await server.until(lambda: ear.over)

    assert list(ear.asked) == ear.over == [TOUCH["id"]]
    assert ear.asked[str(TOUCH["id"])].text == "touch one && echo done"
    assert ear.turns == [
        (ONE, Sign.WORKING, None),
        (ONE, Sign.ASKING, "bash: touch one, echo done"),
        (ONE, Sign.WORKING, None),
    ]


async def test_what_waits_is_told_at_the_first_word(home: Path) -> None:
    """Who comes later is told how all sessions stand and what they ask; what nobody waits for is not told."""
    stale = {**TOUCH, "id": "per_1fea2d412001DhZboC3uaxzdmY", "sessionID": TWO}
    answers = {"/session/status": (200, {ONE: BUSY}), "/permission": (200, [stale, TOUCH])}
    async with talking(answers=answers) as server:
        ear = hearing(server)
        async with attended(server, ear, home):
            await server.until(lambda: ear.turns)

    assert list(ear.asked) == [TOUCH["id"]]
    assert ear.turns == [(ONE, Sign.ASKING, "bash: touch one, echo done")]
    assert server.asked_for("/permission")[0].path == "/permission?directory=/home/user/projects/alpha"


async def test_what_happened_while_nobody_listened_is_found_out(home: Path) -> None:
    """After the line was cut, what was answered meanwhile is over, and nothing is told twice."""
    answers: dict[str, tuple[int, Any]] = {"/session/status": (200, {ONE: BUSY, TWO: BUSY})}
    answers["/permission"] = (200, [TOUCH, {**FETCH, "sessionID": TWO}])
    async with talking(answers=answers) as server:
        ear = hearing(server)
        async with attended(server, ear, home):
            await server.until(lambda: len(ear.asked) == 2)
            answers["/session/status"], answers["/permission"] = (200, {ONE: BUSY}), (200, [TOUCH])
            server.hang_up()
            await server.until(lambda: ear.over)
            await server.until(lambda: ear.turns[-1] == (TWO, Sign.IDLE, None))

    assert ear.over == [FETCH["id"]]
    assert [name for name, sign, _ in ear.turns if sign is Sign.ASKING] == [ONE, TWO]


async def test_a_list_that_it_cannot_make_is_no_proof(home: Path) -> None:
    """It cannot list some of its own questions: then none is taken for answered, and it is not believed."""
    answers: dict[str, tuple[int, Any]] = {"/session/status": (200, {ONE: BUSY})}
    async with talking(answers=answers) as server:
        ear = hearing(server)
        async with attended(server, ear, home) as known:
            await server.tell("permission.asked", **FETCH)
            await server.until(lambda: ear.asked)
            answers["/permission"] = (400, {"name": "BadRequest"})
            server.hang_up()
            await server.until(lambda: known.door and len(server.asked_for("/permission")) == 2)
            await server.until(lambda: server.listeners == 1)
            answer = await known.answer(known.asked[str(FETCH["id"])], Decision(verdict=Verdict.ALLOW))

            assert not known.lists_all
    assert ear.over == []
    assert answer.status == 200
    (replied,) = server.asked_for(f"/permission/{FETCH['id']}/reply")
    assert replied.body == {"reply": "once"}
    assert replied.path.endswith("?directory=/home/user/projects/alpha")


async def test_a_turn_that_ends_takes_its_questions_along(home: Path) -> None:
    """An aborted turn leaves questions in the server's list: they are over, and stay so."""
    async with talking() as server:
        ear = hearing(server)
        async with attended(server, ear, home) as known:
            await server.tell("permission.asked", **TOUCH)
            await server.tell("session.error", sessionID=ONE, error={"name": "MessageAbortedError"})
            await server.until(lambda: ear.over)
            await server.tell("permission.asked", **TOUCH)
            await server.tell("session.status", sessionID=TWO, status=BUSY)
            await server.until(lambda: ear.turns[-1][0] == TWO)

            assert known.is_over(str(TOUCH["id"]))
    assert ear.over == [TOUCH["id"]]
    assert ear.turns[1] == (ONE, Sign.INTERRUPTED, None)


@pytest.mark.parametrize(
    "words",
    [
        b"\xff\xfe",
        b"{",
        b'"permission.asked"',
        b'["permission.asked"]',
        b'{"payload": "session.idle"}',
        b'{"payload": {"type": "session.status", "properties": {"sessionID": 7, "status": []}}}',
        b'{"payload": {"type": "session.idle", "properties": {"sessionID": "../x"}}}',
        b'{"payload": {"type": "session.error", "properties": {}}}',
        b'{"payload": {"type": "permission.asked", "properties": {"id": "per_x"}}}',
        b'{"payload": {"type": "permission.asked", "properties": {"id": ["per_x"], "sessionID": {}}}}',
        b'{"payload": {"type": "permission.replied", "properties": {"requestID": 1}}}',
        b'{"payload": {"type": "question.asked", "properties": {"questions": 1}}}',
        b'{"directory": 1, "payload": {"type": ["session.idle"], "properties": null}}',
        b"[" * 100_000 + b'"session.idle"',
    ],
)
async def test_nonsense_in_events_is_passed_over(home: Path, words: bytes) -> None:
    """Whatever an event holds, the next one is heard, over the same connection."""
    async with talking() as server:
        ear = hearing(server)
        async with attended(server, ear, home):
            await server.say(words)
            await server.tell("session.status", sessionID=ONE, status=BUSY)
            await server.until(lambda: ear.turns)

    assert ear.turns == [(ONE, Sign.WORKING, None)]
    assert ear.asked == {}
    assert len(server.asked_for("/global/event")) == 1


async def test_who_does_not_let_us_in_is_left_alone(home: Path) -> None:
    """A server with another password than its process's environment says is asked once, not again."""
    async with talking(password="Basic other") as server:
        known = Server(process(), home, world(server, OPENCODE_SERVER_PASSWORD="pw"), hearing(server))

        await asyncio.wait_for(known.attend(), 60)

    assert [heard.path for heard in server.heard] == ["/global/health"]
    assert server.heard[0].headers["authorization"] == "Basic b3BlbmNvZGU6cHc="


async def test_the_password_goes_to_the_right_process_only(home: Path) -> None:
    """When the port has become somebody else's meanwhile, that one does not learn the password."""

    class Moved(FewProcesses):
        """The door is the process's when it is found, and somebody else's when it is opened."""

        asked = 0

        def listening(self, pid: int) -> Any:
            del pid
            self.asked += 1
            return [("127.0.0.1", server.port)] if self.asked % 2 else []

        def alive(self, run: Any) -> bool:
            server.woken()
            return self.asked < 8 and super().alive(run)

    async with talking() as server:
        processes = Moved(processes=[process()], environments={PID: {"OPENCODE_SERVER_PASSWORD": "pw"}})
        known = Server(process(), home, processes, hearing(server))

        await asyncio.wait_for(known.attend(), 60)

    assert processes.asked >= 8
    assert bytes(server.raw) == b""


async def test_another_door_of_the_same_process_is_passed_over(home: Path) -> None:
    """A process may listen elsewhere too (for a log-in, say): the server is what answers like one."""
    odd = {"/global/health": (404, None)}
    async with talking(answers=odd) as other, talking() as server:
        doors = [("127.0.0.1", other.port), ("127.0.0.1", server.port), ("not an address", 1)]
        processes = FewProcesses(processes=[process()], doors={PID: doors})
        async with attended(server, hearing(server), home, processes) as known:
            assert known.door is not None
            assert known.door.port == server.port


@pytest.mark.parametrize(
    ("address", "host"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("127.0.0.2", "127.0.0.2"), ("x", None)]
)
def test_who_listens_everywhere_is_called_from_inside(address: str, host: str | None) -> None:
    """Words to a server never leave the machine."""
    assert servers._reachable(address) == host


async def test_when_its_process_is_gone_so_are_its_questions(home: Path) -> None:
    """The end of the process ends the listening, and everything that it asked."""
    async with talking() as server:
        ear = hearing(server)
        processes = world(server)
        known = Server(process(), home, processes, ear)
        task = asyncio.create_task(known.attend())
        await server.until(lambda: server.asked_for("/question"))
        await server.tell("permission.asked", **TOUCH)
        await server.until(lambda: ear.asked)

        processes.processes = ()
        server.hang_up()
        await asyncio.wait_for(task, 60)

    assert ear.over == [TOUCH["id"]]
    assert known.door is None


async def test_a_folder_that_was_not_known_is_asked_about(home: Path) -> None:
    """A server keeps what it asks by folder: what is asked in another one than its own is found too."""
    answers: dict[str, tuple[int, Any]] = {"/session/status": (200, {ONE: BUSY})}
    async with talking(answers=answers) as server:
        ear = hearing(server)
        async with attended(server, ear, home) as known:
            answers["/permission"] = (200, [TOUCH])
            await known.works_in(FOLDER)
            before = dict(ear.asked)
            await known.works_in("/elsewhere")

            assert (before, list(ear.asked)) == ({}, [TOUCH["id"]])
    assert known.asked[str(TOUCH["id"])].directory == "/elsewhere"
    assert server.asked_for("/permission")[-1].path == "/permission?directory=/elsewhere"
