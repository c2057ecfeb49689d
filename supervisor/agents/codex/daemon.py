"""A line to Codex's shared daemon: JSON-RPC without its version member, by WebSocket on a Unix socket.

Whoever introduces himself changes the name under which Codex speaks to its servers, for all sessions; only
those whom it takes for its own tools do not. So we come under the name of such a tool.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from supervisor.agents.fields import mapping, parsed, string
from supervisor.core.errors import Failed, Refused, WakelineError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

#: Seconds that the daemon may take to answer.
PATIENCE: Final = 10.0
#: Bytes of one message: a whole turn is one.
_LARGEST: Final = 64 * 1024 * 1024
_US: Final = {"name": "codex_app_server_daemon", "title": "Wakeline", "version": "1"}
#: What is said while the model speaks, and what we never ask about.
_UNHEARD: Final = (
    "command/exec/outputDelta",
    "item/agentMessage/delta",
    "item/commandExecution/outputDelta",
    "item/fileChange/outputDelta",
    "item/fileChange/patchUpdated",
    "item/mcpToolCall/progress",
    "item/plan/delta",
    "item/reasoning/summaryPartAdded",
    "item/reasoning/summaryTextDelta",
    "item/reasoning/textDelta",
    "thread/tokenUsage/updated",
    "turn/diff/updated",
)


class Nobody(Exception):
    """No daemon is there."""


def socket_in(home: Path) -> Path:
    """Where the daemon of this home listens."""
    return home / "app-server-control" / "app-server-control.sock"


def is_there(home: Path) -> bool:
    """Whether a daemon listens there, or one did and was killed."""
    return os.path.lexists(socket_in(home))


@asynccontextmanager
async def called(home: Path) -> AsyncIterator["ClientConnection"]:
    """A connection to the daemon of this home.

    Raises ``Nobody``; ``TimeoutError`` where one is there that does not answer.
    """
    if not is_there(home):
        raise Nobody
    # Imported late: most of the time nobody uses Codex.
    from websockets.asyncio.client import unix_connect
    from websockets.exceptions import WebSocketException

    calling = unix_connect(
        str(socket_in(home)),
        uri="ws://localhost/",
        compression=None,
        open_timeout=PATIENCE,
        close_timeout=1.0,
        ping_interval=None,
        max_size=_LARGEST,
    )
    try:
        connection = await calling
    except TimeoutError:
        raise
    except (OSError, WebSocketException, NotImplementedError) as problem:
        # Gone, going, not yet there, no daemon at all, or a system without such sockets.
        raise Nobody from problem
    try:
        yield connection
    finally:
        await connection.close()


class Talk:
    """One connection to the daemon. Owns the numbers of our questions."""

    def __init__(
        self,
        connection: "ClientConnection",
        *,
        happened: Callable[[str, Mapping[str, Any]], None],
        asked: Callable[[str, Mapping[str, Any], object], None],
    ) -> None:
        """*happened* is told a method and its parameters; *asked* also the number to answer to."""
        self._connection = connection
        self._happened = happened
        self._asked = asked
        self._number = 0
        self._open: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self.over = False

    async def listen(self) -> None:
        """Take in what it says until it hangs up; whoever waits for an answer then gets none."""
        from websockets.exceptions import WebSocketException

        try:
            async for message in self._connection:
                self._take(message)
        except (OSError, WebSocketException):
            pass
        finally:
            self.over = True
            for answer in self._open.values():
                if not answer.done():
                    answer.set_exception(_gone())

    async def introduce(self) -> None:
        """Say who we are, and what we need not hear."""
        wishes = {"experimentalApi": True, "optOutNotificationMethods": _UNHEARD}
        await self.ask("initialize", {"clientInfo": _US, "capabilities": wishes})
        await self._say({"method": "initialized"})

    async def ask(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """What it answers. Raises ``Refused`` in its words, ``Failed`` where it does not answer."""
        if self.over:
            raise _gone()
        self._number += 1
        number = self._number
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        try:
            async with _patience():
                await self._say({"id": number, "method": method, "params": params})
                return await answer
        finally:
            del self._open[number]

    async def answer(self, number: object, result: Mapping[str, Any], taken: asyncio.Event) -> None:
        """Answer what it asked us, and wait until that is *taken*. Raises ``Failed``."""
        async with _patience():
            await self._say({"id": number, "result": result})
            await taken.wait()

    async def _say(self, message: Mapping[str, Any]) -> None:
        from websockets.exceptions import WebSocketException

        try:
            await self._connection.send(json.dumps(message))
        except (OSError, WebSocketException) as problem:
            raise _gone() from problem

    def _take(self, message: str | bytes) -> None:
        said = mapping(parsed(message))
        method, number = string(said.get("method")), said.get("id")
        if method and "id" in said:
            self._asked(method, mapping(said.get("params")), number)
        elif method:
            self._happened(method, mapping(said.get("params")))
        elif isinstance(number, int) and (answer := self._open.get(number)) and not answer.done():
            if "error" in said:
                answer.set_exception(_in_its_words(mapping(said.get("error"))))
            else:
                answer.set_result(mapping(said.get("result")))


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError as problem:
        raise Failed("Codex's daemon does not answer.", "Look at its terminal.") from problem


def _in_its_words(error: Mapping[str, Any]) -> WakelineError:
    words = string(error.get("message")) or "no reason told"
    return Refused(f"Codex refused it: {words[:300]}")


def _gone() -> WakelineError:
    return Failed("Codex's daemon has gone.", "Start codex again: it brings the daemon back.")
