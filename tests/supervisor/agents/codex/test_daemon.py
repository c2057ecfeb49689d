"""The live feed of Codex's daemon, against a small one that says what the real one was heard to say."""

import json
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("needs Unix sockets", allow_module_level=True)
assert sys.platform != "win32"

from websockets.asyncio.server import ServerConnection, unix_serve

from supervisor.agents.codex import daemon as daemons
from supervisor.core.model import Sign
from tests.lab.hearing import Ear

Told = list[tuple[str, Sign, str | None]]


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a short name: the path of a socket may have about a hundred letters."""
    with tempfile.TemporaryDirectory(prefix="wl") as folder:
        yield Path(folder)


def thread(name: str, status: dict[str, Any], *, ephemeral: bool = False) -> dict[str, Any]:
    """A thread as the daemon describes it."""
    return {"thread": {"id": name, "status": status, "ephemeral": ephemeral}}


def changed(name: str, kind: str, *flags: str) -> str:
    """What the daemon says when a thread's state changes."""
    status = {"type": kind, "activeFlags": list(flags)} if kind == "active" else {"type": kind}
    return said("thread/status/changed", {"threadId": name, "status": status})


def said(method: str, params: dict[str, Any]) -> str:
    """Any notification."""
    return json.dumps({"method": method, "params": params})


@asynccontextmanager
async def daemon(home: Path, loaded: dict[str, Any], news: Sequence[str | bytes]) -> AsyncIterator[list[str]]:
    """A daemon with these threads that says *news* once it was asked for all of them, and hangs up."""
    asked: list[str] = []

    async def serve(connection: ServerConnection) -> None:
        waiting = len(loaded)
        async for message in connection:
            question = json.loads(message)
            asked.append(question["method"])
            if "id" in question:
                await connection.send(json.dumps({"id": question["id"], "result": answer(question)}))
            waiting -= question["method"] == "thread/read"
            if not waiting and question["method"] in {"thread/read", "thread/loaded/list"}:
                for each in news:
                    await connection.send(each)
                return

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        match question["method"]:
            case "thread/loaded/list":
                return {"data": list(loaded)}
            case "thread/read":
                return thread(question["params"]["threadId"], loaded[question["params"]["threadId"]])
            case _:
                return {"userAgent": "codex"}

    socket = home / "app-server-control" / "app-server-control.sock"
    socket.parent.mkdir(parents=True)
    async with unix_serve(serve, str(socket)):
        yield asked


async def heard(home: Path) -> Told:
    """All that is told until the daemon hangs up."""
    ear = Ear()
    await daemons.listen(home, ear)
    return ear.turns


@pytest.mark.anyio
async def test_the_state_of_every_thread_is_told_at_once(home: Path) -> None:
    """Who connects late knows how everybody stands; nothing is subscribed to."""
    loaded = {
        "a": {"type": "active", "activeFlags": ["waitingOnApproval"]},
        "b": {"type": "active", "activeFlags": []},
        "c": {"type": "systemError"},
        "d": {"type": "idle"},
    }

    async with daemon(home, loaded, []) as asked:
        told = await heard(home)

    assert told == [
        ("a", Sign.ASKING, "approval"),
        ("b", Sign.WORKING, None),
        ("c", Sign.FAILED, None),
        ("d", Sign.IDLE, None),
    ]
    assert asked == ["initialize", "initialized", "thread/loaded/list", *["thread/read"] * 4]


@pytest.mark.anyio
async def test_changes_are_told_as_they_come(home: Path) -> None:
    """Working, asking for an approval or an answer, failing and resting."""
    news = [
        changed("a", "active"),
        changed("a", "active", "waitingOnApproval"),
        changed("a", "active", "waitingOnUserInput"),
        changed("a", "systemError"),
        changed("a", "idle"),
        changed("a", "notLoaded"),
    ]

    async with daemon(home, {}, news):
        told = await heard(home)

    assert told == [
        ("a", Sign.WORKING, None),
        ("a", Sign.ASKING, "approval"),
        ("a", Sign.ASKING, "an answer"),
        ("a", Sign.FAILED, None),
        ("a", Sign.IDLE, None),
    ]


@pytest.mark.anyio
async def test_codexs_own_threads_are_not_told(home: Path) -> None:
    """The hidden thread that thinks of a title is nobody's session."""
    news = [
        said("thread/started", thread("a", {"type": "idle"})),
        said("thread/started", thread("title", {"type": "idle"}, ephemeral=True)),
        changed("title", "active"),
        changed("title", "idle"),
    ]

    async with daemon(home, {}, news):
        told = await heard(home)

    assert told == [("a", Sign.IDLE, None)]


@pytest.mark.anyio
async def test_nonsense_is_passed_over(home: Path) -> None:
    """Whatever a daemon of another version says, the feed goes on."""
    news: list[str | bytes] = [
        "no json",
        b"\xff\xfe",
        "[]",
        '{"id":"x","result":[]}',
        '{"id":99,"error":{}}',
        '{"method":7,"params":[]}',
        '{"method":"thread/status/changed"}',
        said("thread/status/changed", {"threadId": ["a"], "status": {"type": "idle"}}),
        said("thread/status/changed", {"threadId": "a", "status": {"type": ["idle"]}}),
        said(
            "thread/status/changed", {"threadId": "a", "status": {"type": "active", "activeFlags": [[], 1]}}
        ),
        changed("a", "asleep"),
        changed("a", "idle"),
    ]

    async with daemon(home, {}, news):
        told = await heard(home)

    assert told == [("a", Sign.WORKING, None), ("a", Sign.IDLE, None)]


@pytest.mark.anyio
async def test_without_a_daemon_there_is_nothing_to_hear(home: Path) -> None:
    """No socket, a dead one, or a plain file in its place: the feed ends at once."""
    assert await heard(home) == []

    async with daemon(home, {}, []):
        pass
    socket = home / "app-server-control" / "app-server-control.sock"
    assert await heard(home) == []

    socket.unlink(missing_ok=True)
    socket.write_text("no socket")
    assert await heard(home) == []
