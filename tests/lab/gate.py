"""A gate between an agent and its model: what goes wrong on the way is chosen here, for any agent alike.

It passes everything on until it is told to fail; then it fails until it is opened again. What is
asked beside the model (lists of models, what a probe looks at) fails only where nobody answers.
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

#: Closing with this resets the connection, as a box in between does that has forgotten it.
_RESET = struct.pack("ii", 1, 0)
_CHUNK = 64 * 1024
_LOGIN = b"<!doctype html><title>Welcome</title><form><input name=room><button>Log in</button></form>"
#: How the paths end at which models are asked.
_MODEL = ("/responses", "/messages", "/chat/completions", ":streamGenerateContent", ":generateContent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How it fails.

    ``refused``: nobody listens; ``reset``: the answer is cut after *after* bytes; ``silent``: it stops
    there, and nothing is closed; ``unheard``: the question is taken, and never answered; ``delayed``:
    the answer begins *seconds* late; ``status``: an HTTP error, with these headers and words; ``portal``:
    whatever is asked, a page to log in is the answer, as in a hotel.
    """

    kind: str
    after: int = 400
    seconds: float = 2.0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, Any] = field(default_factory=dict)


class Gate:
    """Owns a thread with a loop, one listening socket and all connections through it."""

    def __init__(self, url: str, host: str = "127.0.0.1", enter: Callable[[], None] = lambda: None) -> None:
        """*url*: of the model server behind it; *host*: where it listens, having gone there by *enter*."""
        told = urlsplit(url)
        self._behind = told.hostname or "127.0.0.1", told.port or 80
        self._loop = asyncio.new_event_loop()
        self._fault: Fault | None = None
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        #: Whoever waits for an answer that does not come waits until then; that they close is no matter.
        self._shutting = asyncio.Event()
        self._port = 0
        #: What it is called where names are known.
        self.name = ""
        #: When the model was asked, and whether that was passed on.
        self.asked: list[tuple[float, bool]] = []
        #: How often somebody else has looked in vain whether it is there.
        self.looked = 0
        self._host = host
        self._enter = enter
        self._thread = threading.Thread(target=self._run, name="gate", daemon=True)
        self._thread.start()
        self._call(self._listen())

    @property
    def url(self) -> str:
        """What the agent is told."""
        return f"http://{self.name or self._host}:{self._port}"

    def fail(self, kind: str, **details: Any) -> None:
        """Fail like that from now on; a refusing gate also cuts what goes through it."""
        self._call(self._set(Fault(kind=kind, **details)))

    def open(self) -> float:
        """Let everything pass again; the time at which it does."""
        self._call(self._set(None))
        return time.time()

    def tried(self) -> int:
        """How often the model was asked in vain."""
        return sum(not passed for _, passed in self.asked)

    def passed(self, since: float = 0.0) -> list[float]:
        """When the model was asked and answered, from that time on."""
        return [at for at, passed in self.asked if passed and at >= since]

    def close(self) -> None:
        """Let nothing pass any more."""
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    def _run(self) -> None:
        self._enter()
        self._loop.run_forever()

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> None:
        self._shutting = asyncio.Event()
        self._server = await asyncio.start_server(self._come, self._host, self._port, reuse_address=True)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _set(self, fault: Fault | None) -> None:
        self._fault = fault
        if fault and fault.kind == "refused":
            await self._shut()
        elif self._server is None:
            await self._listen()

    async def _shut(self) -> None:
        self._shutting.set()
        server, self._server = self._server, None
        if server:
            server.close()
        for writer in tuple(self._open):
            _reset(writer)

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while request := await _request(reader):
                if not await self._answer(request, writer):
                    return
        except (OSError, asyncio.IncompleteReadError, ValueError):
            return
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, request: bytes, writer: asyncio.StreamWriter) -> bool:
        """Pass one question on, or fail; whether the connection goes on."""
        path = request.split(b" ", 2)[1].split(b"?")[0].decode("latin-1")
        to_model = request.startswith(b"POST") and path.endswith(_MODEL)
        fault = self._fault if to_model or (self._fault and self._fault.kind == "portal") else None
        if fault and not to_model:
            self.looked += 1
        if to_model:
            self.asked.append((time.time(), fault is None or fault.kind == "delayed"))
        match fault.kind if fault else None:
            case "status":
                assert fault is not None
                return await _refuse(writer, fault)
            case "portal":
                return await _say(writer, "200 OK", "text/html", _LOGIN)
            case "unheard":
                await self._shutting.wait()
                return False
            case "delayed":
                assert fault is not None
                await asyncio.sleep(fault.seconds)
            case _:
                pass
        cut = fault.after if fault and fault.kind in {"reset", "silent"} else None
        await self._pass(request, writer, cut)
        if fault and fault.kind == "silent":
            await self._shutting.wait()
        elif fault and fault.kind == "reset":
            _reset(writer)
        return False

    async def _pass(self, request: bytes, writer: asyncio.StreamWriter, cut: int | None) -> None:
        """One question, one connection: the answer ends with it, or after *cut* bytes."""
        reader, behind = await asyncio.open_connection(*self._behind)
        passed = 0
        try:
            behind.write(_for_once(request))
            while passed != cut and (chunk := await reader.read(_CHUNK)):
                kept = chunk if cut is None else chunk[: cut - passed]
                writer.write(kept)
                await writer.drain()
                passed += len(kept)
        finally:
            behind.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """A whole question, head and body; empty at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    told = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if b"content-length" in told:
        return head + await reader.readexactly(int(told[b"content-length"]))
    body = b""
    while b"chunked" in told.get(b"transfer-encoding", b""):
        size = await reader.readline()
        body += size + await reader.readexactly(int(size.split(b";")[0], 16) + 2)
        if int(size.split(b";")[0], 16) == 0:
            break
    return head + body


def _for_once(request: bytes) -> bytes:
    """The same, on a connection that is closed behind it."""
    head, _, body = request.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    if b"upgrade" not in head.lower():
        kept.append(b"Connection: close")
    return b"\r\n".join(kept) + b"\r\n\r\n" + body


async def _refuse(writer: asyncio.StreamWriter, fault: Fault) -> bool:
    error = {"message": f"the model says {fault.status}", "type": "error", "code": "error", **fault.error}
    body = json.dumps({"type": "error", "error": error}).encode()
    return await _say(writer, f"{fault.status} Refused", "application/json", body, **fault.headers)


async def _say(writer: asyncio.StreamWriter, status: str, kind: str, body: bytes, **more: str) -> bool:
    headers = {"content-type": kind, "content-length": str(len(body)), **more}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)
    await writer.drain()
    return True


@contextmanager
def gate(url: str, host: str = "127.0.0.1", enter: Callable[[], None] = lambda: None) -> Iterator[Gate]:
    """A gate before the model server at *url*, open. See ``Gate``."""
    opened = Gate(url, host, enter)
    try:
        yield opened
    finally:
        opened.close()
