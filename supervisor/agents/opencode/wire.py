"""HTTP to a server on this machine: one question and its answer, or a stream of its events.

Nothing is said before it is proved whose the server is: a port that its owner has left may be
anybody's. Sizes and times are bounded, whatever the other side sends.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from supervisor.agents.fields import parsed

#: Seconds for connecting, and for a whole question with its answer.
PATIENCE: Final = 10.0
#: Seconds without a word after which a stream is given up; OpenCode sends a heartbeat every 10.
_SILENCE: Final = 25.0
LARGEST_ANSWER: Final = 64 * 1024 * 1024
LARGEST_EVENT: Final = 32 * 1024 * 1024
_LINE_BYTES: Final = 64 * 1024
_MOST_HEADERS: Final = 100
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r?\n)")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;|\r?\n)")


class Broken(Exception):
    """There is nobody, it is somebody else, or it does not answer as a server should. Its text says which."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where a server is, and what lets us in. *own*: whether it is the right one's now; may block."""

    host: str
    port: int
    authorization: str | None
    own: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status of HTTP, and what came with it as JSON."""

    status: int
    body: object


async def ask(
    door: Door, method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float | None = None
) -> Answer:
    """Ask once. Raises ``Broken``."""
    try:
        async with asyncio.timeout(seconds or PATIENCE), _asked(door, method, path, body) as (status, pieces):
            found = bytearray()
            async for piece in pieces:
                found += piece
                if len(found) > LARGEST_ANSWER:
                    raise Broken("the answer is too large")
            return Answer(status, parsed(bytes(found)))
    except TimeoutError as late:
        raise Broken("no answer in time") from late


@asynccontextmanager
async def events(door: Door, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """Listen: the text of each event. Entering and listening raise ``Broken``, also when it ends."""
    async with _asked(door, "GET", path, None) as (status, pieces):
        if status != 200:
            raise Broken(f"it answers {status}")
        yield _events(pieces)


async def _events(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """See section 9.2.6 of the HTML standard: an event ends with an empty line."""
    said: list[bytes] = []
    async for line in _lines(pieces):
        if line.startswith(b"data:"):
            said.append(line[5:].removeprefix(b" "))
        elif not line and said:
            yield b"\n".join(said)
            said = []
        if sum(map(len, said)) > LARGEST_EVENT:
            raise Broken("an event is too large")
    raise Broken("it has hung up")


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    kept = bytearray()
    while (piece := await _next(pieces)) is not None:
        seen = len(kept)
        kept += piece
        begin = 0
        while (end := kept.find(b"\n", max(begin, seen))) >= 0:
            yield bytes(kept[begin:end]).removesuffix(b"\r")
            begin = end + 1
        del kept[:begin]
        if len(kept) > LARGEST_EVENT:
            raise Broken("an event is too large")


async def _next(pieces: AsyncIterator[bytes]) -> bytes | None:
    try:
        async with asyncio.timeout(_SILENCE):
            return await anext(pieces, None)
    except TimeoutError as late:
        raise Broken("it has fallen silent") from late


@asynccontextmanager
async def _asked(
    door: Door, method: str, path: str, body: Mapping[str, Any] | None
) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
    """The status and the pieces of the body. What the network does wrong is ``Broken``."""
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(door.host, door.port, limit=_LINE_BYTES)
            if not await asyncio.to_thread(door.own):
                raise Broken("somebody else has its port")
            writer.write(_request(door, method, path, body))
            await writer.drain()
            status, headers = await _head(reader)
        yield status, _body(reader, headers)
    except TimeoutError as late:
        raise Broken("no answer in time") from late
    except (OSError, EOFError, ValueError) as problem:
        raise Broken(str(problem) or type(problem).__name__) from problem
    finally:
        if writer is not None:
            # Nothing is in it that must still be sent; waiting for a hung server would be long.
            writer.transport.abort()


def _request(door: Door, method: str, path: str, body: Mapping[str, Any] | None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    host = f"[{door.host}]" if ":" in door.host else door.host
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}:{door.port}",
        "Connection: close",
        "Accept: application/json, text/event-stream",
    ]
    if door.authorization is not None:
        lines.append(f"Authorization: {door.authorization}")
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def _head(reader: asyncio.StreamReader) -> tuple[int, Mapping[bytes, bytes]]:
    status = _STATUS.match(await reader.readline())
    if status is None:
        raise Broken("it does not speak HTTP")
    headers: dict[bytes, bytes] = {}
    for _ in range(_MOST_HEADERS):
        line = await reader.readline()
        if line in (b"\r\n", b"\n"):
            return int(status[1]), headers
        if not line.endswith(b"\n"):
            raise Broken("it has hung up")
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip()
    raise Broken("it sends too many headers")


def _body(reader: asyncio.StreamReader, headers: Mapping[bytes, bytes]) -> AsyncIterator[bytes]:
    """What follows the headers: in chunks, of a stated length, or until it hangs up (RFC 9112, 6.3)."""
    if headers.get(b"transfer-encoding", b"").lower().endswith(b"chunked"):
        return _chunks(reader)
    length = headers.get(b"content-length")
    if length is not None and not length.isdigit():
        raise Broken("it tells no length")
    return _exactly(reader, None if length is None else int(length))


async def _exactly(reader: asyncio.StreamReader, left: int | None) -> AsyncIterator[bytes]:
    while left is None or left > 0:
        piece = await reader.read(_LINE_BYTES if left is None else min(left, _LINE_BYTES))
        if not piece:
            if left is None:
                return
            raise Broken("it has hung up")
        left = None if left is None else left - len(piece)
        yield piece


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        size = _CHUNK.match(await reader.readline())
        if size is None:
            raise Broken("it sends no whole chunks")
        if (left := int(size[1], 16)) == 0:
            return
        async for piece in _exactly(reader, left):
            yield piece
        await reader.readline()
