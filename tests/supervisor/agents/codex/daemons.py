"""A small daemon that says what the real one was heard to say."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

assert sys.platform != "win32"

from websockets.asyncio.server import Server, ServerConnection, unix_serve

Status = dict[str, Any]
IDLE: Status = {"type": "idle"}
WORKS: Status = {"type": "active", "activeFlags": []}
ASKS: Status = {"type": "active", "activeFlags": ["waitingOnApproval"]}


class Daemon:
    """Owns threads, what they ask, and who listens."""

    def __init__(self, home: Path) -> None:
        """It listens in this home when it is entered."""
        self.socket = home / "app-server-control" / "app-server-control.sock"
        self.threads: dict[str, dict[str, Any]] = {}
        #: What is asked: number → thread and request.
        self.pending: dict[int, dict[str, Any]] = {}
        self.heard: list[tuple[str, Mapping[str, Any]]] = []
        self.answers: list[tuple[object, Mapping[str, Any]]] = []
        self.turn: str | None = "turn-1"
        #: Methods that are refused, with the words; and those that get no answer at all.
        self.refused: dict[str, str] = {}
        self.silent: set[str] = set()
        self.changes: list[Mapping[str, Any]] = []
        self.listeners: dict[ServerConnection, set[str]] = {}
        self._server: Server | None = None

    # -- what happens ---------------------------------------------------------------------------

    def thread(self, name: str, status: Status = IDLE, **more: Any) -> None:
        """A thread is loaded."""
        self.threads[name] = {"id": name, "sessionId": name, "status": status, "ephemeral": False, **more}

    async def say(self, method: str, params: Mapping[str, Any]) -> None:
        """Tell everybody."""
        for listener in self.listeners:
            await listener.send(json.dumps({"method": method, "params": params}))

    async def status(self, name: str, status: Status) -> None:
        """A thread's state changes."""
        self.threads[name]["status"] = status
        await self.say("thread/status/changed", {"threadId": name, "status": status})

    async def ask(self, number: int, method: str, params: Mapping[str, Any]) -> None:
        """A thread asks its subscribers."""
        self.pending[number] = {"id": number, "method": method, "params": params}
        for listener, subscribed in self.listeners.items():
            if params["threadId"] in subscribed:
                await listener.send(json.dumps(self.pending[number]))

    async def resolve(self, number: int) -> None:
        """Somebody has answered."""
        thread = self.pending.pop(number)["params"]["threadId"]
        for listener, subscribed in self.listeners.items():
            if thread in subscribed:
                words = {"threadId": thread, "requestId": number}
                await listener.send(json.dumps({"method": "serverRequest/resolved", "params": words}))

    async def drop(self) -> None:
        """All connections break."""
        for listener in list(self.listeners):
            listener.transport.abort()
            await listener.wait_closed()

    def subscribed(self) -> set[str]:
        """All threads that somebody subscribes to."""
        return set().union(*self.listeners.values())

    def asked(self, method: str) -> list[Mapping[str, Any]]:
        """The parameters of all calls of this method."""
        return [params for name, params in self.heard if name == method]

    # -- what is said to it ---------------------------------------------------------------------

    async def _serve(self, connection: ServerConnection) -> None:
        self.listeners[connection] = set()
        try:
            async for message in connection:
                said = json.loads(message)
                if "method" in said:
                    await self._question(connection, said)
                else:
                    self.answers.append((said["id"], said["result"]))
                    if said["id"] in self.pending:
                        await self.resolve(said["id"])
        finally:
            del self.listeners[connection]

    async def _question(self, connection: ServerConnection, said: Mapping[str, Any]) -> None:
        method, params = said["method"], said.get("params", {})
        self.heard.append((method, params))
        if "id" not in said or method in self.silent:
            return
        if method in self.refused:
            answer: dict[str, Any] = {"error": {"code": -32600, "message": self.refused[method]}}
        else:
            answer = self._answer(connection, method, params)
        await connection.send(json.dumps({"id": said["id"], **answer}))
        if method == "thread/resume":
            for asked in [a for a in self.pending.values() if a["params"]["threadId"] == params["threadId"]]:
                await connection.send(json.dumps(asked))

    def _answer(
        self, connection: ServerConnection, method: str, params: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        name = params.get("threadId", "")
        match method:
            case "thread/loaded/list":
                return {"result": {"data": list(self.threads)}}
            case "thread/read" if name not in self.threads:
                return {"error": {"message": f"thread not loaded: {name}"}}
            case "thread/read":
                return {"result": {"thread": self.threads[name]}}
            case "thread/resume":
                self.listeners[connection].add(name)
                items = [{"type": "fileChange", "id": "item", "changes": self.changes}]
                page = {"data": [{"id": self.turn, "items": items}]}
                return {"result": {"thread": self.threads[name], "initialTurnsPage": page}}
            case "thread/unsubscribe":
                self.listeners[connection].discard(name)
                return {"result": {"status": "unsubscribed"}}
            case "thread/turns/list":
                return {"result": {"data": [{"id": self.turn}] if self.turn else []}}
            case _:
                return {"result": {}}

    @asynccontextmanager
    async def runs(self) -> AsyncIterator["Daemon"]:
        """As long as this."""
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        async with unix_serve(self._serve, str(self.socket)):
            yield self


async def soon(question: Any, saying: str = "") -> None:
    """Wait until the answer is true; AssertionError after ten seconds."""
    try:
        async with asyncio.timeout(60):
            while not question():  # noqa: ASYNC110 - what others do nobody announces
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(saying or question) from None
