"""Listens to Codex's shared daemon, which says of every thread whether it works, asks or rests.

JSON-RPC without its version member, in WebSocket messages over a Unix socket. We only ask for the state;
we subscribe to no thread, because a thread with subscribers is never put away.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from supervisor.agents.fields import mapping, parsed, sequence, strings
from supervisor.agents.steering import Ear
from supervisor.core.model import Sign

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

#: Seconds that the daemon may take to answer the first time.
_PATIENCE: Final = 10.0
#: Bytes of one message; without subscriptions all are small.
_LARGEST: Final = 16 * 1024 * 1024
_WAITS_FOR: Final[Mapping[object, str]] = {
    "waitingOnApproval": "approval",
    "waitingOnUserInput": "an answer",
}
_SIGNS: Final[Mapping[object, Sign]] = {
    "active": Sign.WORKING,
    "idle": Sign.IDLE,
    "systemError": Sign.FAILED,
}


def socket_in(home: Path) -> Path:
    """Where the daemon of this home listens."""
    return home / "app-server-control" / "app-server-control.sock"


async def listen(home: Path, ear: Ear) -> None:
    """Pass on what the daemon says for as long as it lives; returns when there is none."""
    socket = socket_in(home)
    if not _is_there(socket):
        return
    # Imported late: most of the time nobody uses Codex.
    from websockets.asyncio.client import unix_connect
    from websockets.exceptions import WebSocketException

    try:
        async with unix_connect(
            str(socket),
            uri="ws://localhost/",
            compression=None,
            open_timeout=_PATIENCE,
            ping_interval=None,
            max_size=_LARGEST,
        ) as connection:
            await _Conversation(connection, ear).run()
    except (OSError, WebSocketException, NotImplementedError):
        # Gone, going, not yet there, or a system without such sockets: its files tell when to come again.
        return


def _is_there(socket: Path) -> bool:
    return os.path.lexists(socket)


class _Conversation:
    """One connection to the daemon. Owns the numbers of our questions and who is hidden."""

    def __init__(self, connection: "ClientConnection", ear: Ear) -> None:
        self._connection = connection
        self._ear = ear
        self._asked: dict[int, Callable[[Mapping[str, Any]], Any]] = {}
        self._number = 0
        #: Threads of Codex's own, such as the one that thinks of a title.
        self._hidden: set[str] = set()

    async def run(self) -> None:
        """Introduce ourselves, ask how everybody is, then take in what happens."""
        us = {"name": "wakeline", "title": "Wakeline", "version": "1"}
        await self._ask("initialize", {"clientInfo": us}, self._welcomed)
        async for message in self._connection:
            await self._take(message)

    async def _take(self, message: str | bytes) -> None:
        said = mapping(parsed(message))
        if "method" in said:
            self._happened(said["method"], mapping(said.get("params")))
        elif isinstance(said.get("id"), int) and (then := self._asked.pop(said["id"], None)):
            await then(mapping(said.get("result")))

    async def _ask(self, method: str, params: Mapping[str, Any], then: Callable[..., Any]) -> None:
        self._number += 1
        self._asked[self._number] = then
        question = {"id": self._number, "method": method, "params": params}
        await self._connection.send(json.dumps(question))

    async def _welcomed(self, _: Mapping[str, Any]) -> None:
        await self._connection.send(json.dumps({"method": "initialized"}))
        await self._ask("thread/loaded/list", {}, self._listed)

    async def _listed(self, answer: Mapping[str, Any]) -> None:
        for thread in sequence(answer.get("data")):
            await self._ask("thread/read", {"threadId": thread, "includeTurns": False}, self._read)

    async def _read(self, answer: Mapping[str, Any]) -> None:
        self._introduced(mapping(answer.get("thread")))

    def _happened(self, method: object, params: Mapping[str, Any]) -> None:
        if method == "thread/started":
            self._introduced(mapping(params.get("thread")))
        elif method == "thread/status/changed":
            self._status(params.get("threadId"), mapping(params.get("status")))
        elif method == "thread/closed":
            self._hidden.discard(str(params.get("threadId")))

    def _introduced(self, thread: Mapping[str, Any]) -> None:
        name = thread.get("id")
        if isinstance(name, str) and thread.get("ephemeral") is True:
            self._hidden.add(name)
        self._status(name, mapping(thread.get("status")))

    def _status(self, thread: object, status: Mapping[str, Any]) -> None:
        if not isinstance(thread, str) or thread in self._hidden:
            return
        flags = status.get("activeFlags")
        waits = [_WAITS_FOR[flag] for flag in strings(flags) if flag in _WAITS_FOR]
        kind = status.get("type")
        if waits:
            self._ear.turn(thread, Sign.ASKING, waits[0])
        elif isinstance(kind, str) and kind in _SIGNS:
            self._ear.turn(thread, _SIGNS[kind], None)
