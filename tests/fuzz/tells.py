"""What agents tell beside their conversations, malformed: registries, channels, daemons, servers, hooks."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, cast

from supervisor.agents.catalog import AGENTS
from supervisor.agents.claude import asking as claude_asking
from supervisor.agents.codex import asking as codex_asking
from supervisor.agents.codex.daemon import Talk
from supervisor.agents.codex.line import DaemonLine
from supervisor.agents.fields import mapping, parsed
from supervisor.agents.opencode.log import Log
from supervisor.agents.opencode.server import Server
from supervisor.agents.qwen.channel import Follower
from supervisor.agents.qwen.hearing import Hearing
from supervisor.core.errors import WakelineError
from supervisor.core.model import Process, Run
from supervisor.core.steering import Approval, Decision, Verdict
from supervisor.remote import access, wire
from supervisor.remote.exchange import Refusal
from tests.fuzz import malform
from tests.fuzz.transcripts import RECORDED, SESSION, recorded
from tests.lab.hearing import Ear

_THREAD: Final = "01a1ff00-0000-7000-8000-00000000000a"


class World:
    """Some processes of every agent's name; none of them is asked twice for the same."""

    def __init__(self) -> None:
        """They are there."""
        argvs = (("claude",), ("codex",), ("opencode",), ("qwen",), ("gemini", "-r", SESSION), ("copilot",))
        self._all = [
            Process(run=Run(4_000_000 + place, float(place)), parent_pid=1, argv=argv, cwd="/a")
            for place, argv in enumerate(argvs)
        ]

    def running(self) -> Sequence[Process]:
        return self._all

    def find(self, pid: int) -> Process | None:
        return next((process for process in self._all if process.run.pid == pid), None)

    def alive(self, run: Run) -> bool:
        return run.pid >= 4_000_000

    def environment(self, pid: int) -> Mapping[str, str]:
        return {"PID": str(pid)}

    def listening(self, pid: int) -> Sequence[tuple[str, int]]:
        del pid
        return ()

    def lock_owner(self, path: Path) -> int | None:
        return 4_000_001 if path.name.startswith("1") else None


def registries(folder: Path) -> Callable[[Random], None]:
    """Who is alive, by files that say nonsense."""
    documents = [path.read_bytes() for path in sorted((RECORDED / "claude" / "sessions").glob("*.json"))]
    documents += [(RECORDED / "claude" / "jobs" / "state.json").read_bytes()]
    yaml = b"id: 11111111-2222-4333-8444-555555555555\ncwd: /a\nname: x\nbranch: main\n"
    places: Mapping[str, Sequence[Sequence[bytes]]] = {
        "claude": (documents,),
        "qwen": (documents, recorded("qwen/*.jsonl")),
        "copilot": ((yaml,), recorded("copilot/*.jsonl")),
        "gemini": (recorded("gemini/*.jsonl"),),
        "codex": (recorded("codex/*.jsonl"),),
    }
    files: Mapping[str, Sequence[str]] = {
        "claude": (".claude/sessions/4000000.json",),
        "qwen": (".qwen/sessions/4000003.json", f".qwen/projects/-a/chats/{SESSION}.jsonl"),
        "copilot": (
            f".copilot/session-state/{SESSION}/workspace.yaml",
            f".copilot/session-state/{SESSION}/events.jsonl",
        ),
        "gemini": (".gemini/tmp/a/chats/session-2026-11-21T00-00-11111111.jsonl",),
        "codex": (f".codex/sessions/2026/11/21/rollout-2026-11-21T00-00-00-{SESSION}.jsonl",),
    }
    for path in (path for paths in files.values() for path in paths):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / f".copilot/session-state/{SESSION}/inuse.4000005.lock").touch()
    world = World()

    def take(dice: Random) -> None:
        name = dice.choice(list(files))
        place = dice.randrange(len(files[name]))
        known = dice.choice(places[name][place])
        is_json = known.startswith(b"{")
        made = malform.document(dice, known) if is_json else malform.noise(dice, known)
        (folder / files[name][place]).write_bytes(made + b"\n" * dice.randrange(2))
        agent, home = AGENTS[name], AGENTS[name].home({}, folder)
        for sighting in agent.look(home, world):
            wire.encode([str(sighting.session_id), sighting.name, sighting.waiting_for, sighting.facts.cwd])
            wire.encode(sighting.run.started_at)
        for _ in agent.transcripts(home):
            pass
        agent.find(home, SESSION)

    return take


def channel(folder: Path) -> Callable[[Random], None]:
    """What Qwen Code tells by its channel."""
    known, path = recorded("qwen/channel.jsonl"), folder / "0123456789abcdef.out.jsonl"
    path.touch()
    follower, hearing = Follower(path), Hearing(SESSION, "/a")

    def take(dice: Random) -> None:
        if path.stat().st_size > 2**20:
            path.write_bytes(b"")
        with path.open("ab") as file:
            file.write(malform.line(dice, dice.choice(known)))
        for event in follower.news():
            hearing.hear(event)
        for approval in hearing.open:
            _check(approval)
        hearing.look_up(None)
        if len(hearing.asked) > 50:
            hearing.asked.clear()

    return take


def _check(approval: Approval) -> None:
    wire.encode(wire.approval(approval))


# -- Codex's daemon --------------------------------------------------------------------------------

_DAEMON: Final[Sequence[Mapping[str, Any]]] = (
    {"method": "thread/started", "params": {"thread": {"id": _THREAD, "sessionId": _THREAD, "status": {}}}},
    {
        "method": "thread/status/changed",
        "params": {"threadId": _THREAD, "status": {"type": "active", "activeFlags": ["waitingOnApproval"]}},
    },
    {"method": "thread/status/changed", "params": {"threadId": _THREAD, "status": {"type": "idle"}}},
    {"method": "thread/closed", "params": {"threadId": _THREAD}},
    {"method": "serverRequest/resolved", "params": {"threadId": _THREAD, "requestId": 0}},
    {
        "id": 0,
        "method": "item/commandExecution/requestApproval",
        "params": {
            "threadId": _THREAD,
            "turnId": "t",
            "itemId": "call_1",
            "approvalId": None,
            "reason": "why",
            "command": "rm -rf build",
            "cwd": "/a",
            "commandActions": [{"type": "unknown", "command": "rm"}],
            "availableDecisions": ["accept", {"acceptWithExecpolicyAmendment": {"x": ["rm"]}}, "cancel"],
        },
    },
    {
        "id": 1,
        "method": "item/fileChange/requestApproval",
        "params": {"threadId": _THREAD, "turnId": "t", "itemId": "call_2", "grantRoot": "/a"},
    },
    {
        "id": 2,
        "method": "item/permissions/requestApproval",
        "params": {
            "threadId": _THREAD,
            "itemId": "call_3",
            "reason": "x",
            "permissions": {"network": {"enabled": True}, "fileSystem": {"read": ["/a"], "write": ["/b"]}},
        },
    },
    {
        "id": 3,
        "method": "item/tool/requestUserInput",
        "params": {
            "threadId": _THREAD,
            "itemId": "call_4",
            "questions": [
                {
                    "id": "q",
                    "header": "H",
                    "question": "Which?",
                    "isOther": True,
                    "isSecret": False,
                    "options": [{"label": "a", "description": "b"}],
                }
            ],
        },
    },
    {
        "id": 4,
        "method": "mcpServer/elicitation/request",
        "params": {"threadId": _THREAD, "serverName": "s", "mode": "form", "message": "m", "_meta": {}},
    },
    {"id": 1, "result": {"data": [_THREAD]}},
    {"id": 2, "error": {"code": -32600, "message": "no"}},
)
_CHANGES: Final = [
    {"path": "/a/b", "kind": {"type": "update", "move_path": None}, "diff": "@@ -1 +1 @@\n-a\n+b\n"}
]


class _Silent:
    """The other end of a connection, which takes all and says nothing."""

    async def send(self, message: str) -> None:
        """Take it."""


def daemon(folder: Path) -> Callable[[Random], None]:
    """What Codex's daemon says."""
    known = [json.dumps(each).encode() for each in _DAEMON]
    line, ear = DaemonLine(folder), Ear()
    line._ear = ear
    talk = Talk(cast("Any", _Silent()), happened=line._happened, asked=line._was_asked)
    line._talk = talk
    line._threads.introduced({"id": _THREAD})

    async def hear(message: bytes) -> None:
        with contextlib.suppress(WakelineError):
            talk._take(message)
        await asyncio.sleep(0)
        tasks = tuple(line._tasks.values())
        for task in tasks:
            task.cancel()
        for trouble in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(trouble, Exception):
                raise trouble
        line._tasks.clear()

    def take(dice: Random) -> None:
        asyncio.run(hear(malform.document(dice, dice.choice(known))))
        if len(line._asked) > 50:
            line._asked.clear()
        _take_approval(dice)
        for approval in ear.asked.values():
            _check(approval)
        ear.asked.clear()
        ear.turns.clear()
        ear.over.clear()

    return take


def _take_approval(dice: Random) -> None:
    """A question alone, with changes that are nonsense, and an answer to it."""
    asked = dice.choice([each for each in _DAEMON if "params" in each and "id" in each])
    told = malform.value(dice, json.loads(json.dumps(asked["params"])))
    params = told if isinstance(told, dict) else {}
    changes = malform.value(dice, json.loads(json.dumps(_CHANGES)))
    approval = codex_asking.approval(
        asked["method"], params, number=asked["id"], session_id=SESSION, at=0.0, changes=changes
    )
    if approval is None:
        return
    _check(approval)
    verdict = dice.choice(list(Verdict))
    answers = {question.text: ["a"] for question in approval.questions}
    with contextlib.suppress(WakelineError):
        json.dumps(codex_asking.reply(asked["method"], params, Decision(verdict=verdict, answers=answers)))


# -- OpenCode's server and log ---------------------------------------------------------------------

_OPENCODE: Final = "ses_e02dc9a07ffexCccv43pS8cPw8"
_REQUEST: Final[Mapping[str, Any]] = {
    "id": "per_1fd2370c6001AAAAAAAAAAAAAA",
    "sessionID": _OPENCODE,
    "permission": "bash",
    "patterns": ["rm *"],
    "metadata": {"command": "rm -rf build", "diff": "", "filepath": "/a"},
    "tool": {"messageID": "msg_1", "callID": "call_1"},
}
_ASKS: Final[Mapping[str, Any]] = {
    "id": "que_1fd2370c6001AAAAAAAAAAAAAA",
    "sessionID": _OPENCODE,
    "questions": [
        {
            "question": "Which?",
            "header": "H",
            "options": [{"label": "a", "description": "b"}],
            "multiple": True,
        }
    ],
}
_EVENTS: Final[Sequence[Mapping[str, Any]]] = tuple(
    {"directory": "/a", "payload": {"type": kind, "properties": told}}
    for kind, told in (
        ("session.status", {"sessionID": _OPENCODE, "status": {"type": "busy"}}),
        ("session.status", {"sessionID": _OPENCODE, "status": {"type": "retry", "attempt": 1, "next": 5}}),
        ("session.idle", {"sessionID": _OPENCODE}),
        ("session.error", {"sessionID": _OPENCODE, "error": {"name": "MessageAbortedError"}}),
        ("permission.asked", _REQUEST),
        ("question.asked", _ASKS),
        ("permission.replied", {"sessionID": _OPENCODE, "requestID": _REQUEST["id"]}),
    )
)


def server(folder: Path) -> Callable[[Random], None]:
    """What the server inside OpenCode says."""
    known, ear = [json.dumps(each).encode() for each in _EVENTS], Ear()
    process = Process(run=Run(4_000_002, 0.0), parent_pid=1, argv=("opencode",), cwd="/a")
    heard = Server(process, folder, World(), ear)

    def take(dice: Random) -> None:
        asyncio.run(heard._take(mapping(parsed(malform.document(dice, dice.choice(known))))))
        for approval in ear.asked.values():
            _check(approval)
        for part in (ear.asked, ear.turns, ear.over):
            part.clear()

    return take


def log(folder: Path) -> Callable[[Random], None]:
    """OpenCode's log file."""
    known = (RECORDED / "opencode" / "opencode.log").read_bytes().splitlines(keepends=True)
    path = folder / "opencode.log"
    path.touch()
    read = Log(path)

    def take(dice: Random) -> None:
        if path.stat().st_size > 2**20:
            path.write_bytes(b"")
        with path.open("ab") as file:
            file.write(malform.noise(dice, dice.choice(known)))
        for run in read.read().values():
            assert len(run.asked) <= 50
            assert run.began_at == run.began_at

    return take


# -- hooks -----------------------------------------------------------------------------------------


def hook(_folder: Path) -> Callable[[Random], None]:
    """What Claude Code's hook brings, and what is answered."""
    payloads = [path.read_text() for path in sorted((RECORDED / "claude" / "hooks").glob("*.json"))]
    heads = '{"request":"%s","pid":1,"agent_pid":null,"payload":%s}'
    known = [heads % ("0" * 32, payload) for payload in payloads]

    def take(dice: Random) -> None:
        try:
            told = access.document(malform.document(dice, dice.choice(known)))
        except Refusal:
            return
        claude_asking.hides_dialog(told)
        approval = claude_asking.asked(told, 0.0)
        if approval is None:
            return
        _check(approval)
        answers = {question.text: ["a"] for question in approval.questions}
        with contextlib.suppress(WakelineError):
            claude_asking.decided(
                approval, told, Decision(verdict=dice.choice(list(Verdict)), answers=answers)
            )

    return take
