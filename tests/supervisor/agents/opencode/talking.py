"""A small server that says what OpenCode's was heard to say, and keeps what it is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from supervisor.core.model import Process, Run
from tests.fakes.processes import FewProcesses
from tests.lab.hearing import Ear

FOLDER = "/home/user/projects/alpha"
PID, STARTED_AT = 4711, 1_795_248_300.0


USUAL: Mapping[str, tuple[int, Any]] = {
    "/global/health": (200, {"healthy": True, "version": "1.18.33"}),
    "/session/status": (200, {}),
    "/permission": (200, []),
    "/question": (200, []),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request, as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Talking:
    """Answers by path (without its query); what is not set is OpenCode's answer when nothing happens."""

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    password: str | None = None
    heard: list[Heard] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    port: int = 0
    _serving: set[Any] = field(default_factory=set)
    _silent: list[asyncio.StreamWriter] = field(default_factory=list)
    _streams: list[asyncio.StreamWriter] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def asked_for(self, path: str) -> list[Heard]:
        """The requests for this path."""
        return [each for each in self.heard if each.path.partition("?")[0] == path]

    async def until(self, question: Callable[[], object]) -> None:
        """Wait until that is true; asked again after every word to or from us."""
        async with asyncio.timeout(60):
            while not question():
                self._news.clear()
                await self._news.wait()

    def woken(self) -> None:
        """Something has changed that somebody may wait for."""
        self._news.set()

    async def tell(self, kind: str, **properties: Any) -> None:
        """Tell an event to all who listen."""
        await self.say(json.dumps({"directory": FOLDER, "payload": {"type": kind, "properties": properties}}))

    async def say(self, words: str | bytes) -> None:
        """Tell these very words as an event."""
        data = words.encode() if isinstance(words, str) else words
        for stream in self._streams:
            _chunk(stream, b"data: " + data + b"\n\n")
            await stream.drain()

    def hang_up(self) -> None:
        """End all streams."""
        for streams in (self._streams, self._silent):
            while streams:
                streams.pop().transport.abort()

    async def rest(self) -> None:
        """Wait until nobody is being answered."""
        await asyncio.gather(*self._serving)

    @property
    def listeners(self) -> int:
        """How many listen to events now."""
        return len(self._streams)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._serving.add(asyncio.current_task())
        with suppress(OSError, EOFError, ValueError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.raw += head
            request = await _read(head.decode(), reader)
            self.heard.append(request)
            self._answer(request, writer)
            await writer.drain()
        self.woken()
        if writer not in [*self._streams, *self._silent]:
            writer.close()

    def _answer(self, request: Heard, writer: asyncio.StreamWriter) -> None:
        path = request.path.partition("?")[0]
        if self.password and request.headers.get("authorization") != self.password:
            _whole(writer, 401, None)
        elif path == "/global/event":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
            writer.write(b"transfer-encoding: chunked\r\n\r\n")
            _chunk(writer, b'data: {"payload":{"type":"server.connected","properties":{}}}\n\n')
            self._streams.append(writer)
        else:
            status, body = self.answers.get(path, USUAL.get(path, (200, True)))
            # Below nothing: it takes the request and says nothing.
            _whole(writer, status, body) if status > 0 else self._silent.append(writer)


async def _read(head: str, reader: asyncio.StreamReader) -> Heard:
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(method=method, path=path, headers=headers, body=json.loads(body) if body else None)


def _whole(writer: asyncio.StreamWriter, status: int, body: Any) -> None:
    data = b"" if body is None else json.dumps(body).encode()
    writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data)


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


@asynccontextmanager
async def talking(**more: Any) -> AsyncIterator[Talking]:
    """The server, on a port of its own."""
    one = Talking(**more)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        one.hang_up()
        await one.rest()


def process(*arguments: str, pid: int = PID, cwd: str = FOLDER) -> Process:
    """OpenCode in a terminal."""
    return Process(run=Run(pid, STARTED_AT), parent_pid=1, argv=("opencode", *arguments), cwd=cwd)


def world(one: Talking, **environment: str) -> FewProcesses:
    """That process alone, with this server in it."""
    return FewProcesses(
        processes=[process()], environments={PID: environment}, doors={PID: [("127.0.0.1", one.port)]}
    )


def hearing(one: Talking) -> Ear:
    """An ear whose every word is waited for by ``Talking.until``."""
    return Ear(one.woken)


__all__ = ["FOLDER", "PID", "Heard", "Talking", "hearing", "process", "talking", "world"]
