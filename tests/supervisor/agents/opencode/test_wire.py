"""Questions to a server on this machine, and what servers may do wrong."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from supervisor.agents.opencode import wire
from supervisor.agents.opencode.wire import Answer, Broken, Door
from tests.supervisor.agents.opencode.talking import talking

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\n"
STREAM = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def _always() -> bool:
    return True


@asynccontextmanager
async def saying(*pieces: bytes, stays: bool = False) -> AsyncIterator[Door]:
    """A server that says these pieces to whoever has asked, and hangs up unless it *stays*."""
    ended, serving = asyncio.Event(), set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with suppress(OSError, EOFError):
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if stays:
                await ended.wait()
        writer.transport.abort() if stays else writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Door("127.0.0.1", server.sockets[0].getsockname()[1], None, _always)
    finally:
        ended.set()
        server.close()
        await asyncio.gather(*filter(None, serving))


async def _events(door: Door, count: int) -> Sequence[bytes]:
    async with wire.events(door, "/event") as said:
        return [await anext(said) for _ in range(count)]


@pytest.mark.parametrize(
    "said",
    [
        OK + b'Content-Length: 8\r\n\r\n{"a": 1}and more',
        OK + b"\r\n" + b'{"a": 1}',
        STREAM + b'3\r\n{"a\r\n5;x=y\r\n": 1}\r\n0\r\n\r\n',
        b'HTTP/1.0 200\r\n\r\n{"a": 1}',
    ],
    ids=["of a length", "until it hangs up", "in chunks", "in an old way"],
)
async def test_an_answer_may_come_in_any_form(said: bytes) -> None:
    """The status and the JSON of an answer are read, however its length is told."""
    async with saying(said) as door:
        assert await wire.ask(door, "GET", "/") == Answer(200, {"a": 1})


async def test_what_is_asked_arrives_whole() -> None:
    """Method, path, password and body arrive as they were given."""
    async with talking() as server:
        door = Door("127.0.0.1", server.port, "Basic b3BlbmNvZGU6cHc=", _always)

        answer = await wire.ask(door, "POST", "/session/x?directory=%2Fa", {"text": "ü ☃"})

    (heard,) = server.heard
    assert answer == Answer(200, True)
    assert (heard.method, heard.path, heard.body) == ("POST", "/session/x?directory=%2Fa", {"text": "ü ☃"})
    assert heard.headers["authorization"] == "Basic b3BlbmNvZGU6cHc="
    assert heard.headers["host"] == f"127.0.0.1:{server.port}"


async def test_nothing_is_said_to_somebody_elses_server() -> None:
    """A port that does not belong to the right process gets not a single byte."""
    async with talking() as server:
        door = Door("127.0.0.1", server.port, "Basic c2VjcmV0", lambda: False)

        with pytest.raises(Broken):
            await wire.ask(door, "GET", "/global/health")

    assert bytes(server.raw) == b""


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0" * 200_000,
        OK,
        OK + b"X: " + b"x" * 200_000,
        OK + b"".join(b"X-%d: 1\r\n" % number for number in range(500)),
        OK + b"Content-Length: 100\r\n\r\nshort",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: many\r\n\r\n",
        STREAM + b"no size\r\n",
        STREAM + b"fffffffff\r\n",
        STREAM + b"5\r\nab",
    ],
)
async def test_nonsense_is_no_answer(said: bytes) -> None:
    """What is no answer of HTTP, or only half of one, is told as that and nothing else."""
    async with saying(said) as door:
        with pytest.raises(Broken):
            await wire.ask(door, "GET", "/")


@pytest.mark.parametrize("begun", [b"", OK, OK + b"Content-Length: 10\r\n\r\nabc"])
async def test_who_is_silent_is_not_waited_for(begun: bytes) -> None:
    """A server that takes a call and does not answer it is given up in time."""
    async with saying(begun, stays=True) as door:
        begun_at = time.monotonic()

        with pytest.raises(Broken):
            await wire.ask(door, "GET", "/", seconds=0.2)

    assert time.monotonic() - begun_at < 5


async def test_where_nobody_is_nobody_answers() -> None:
    """A closed port is no more than a server that does not answer."""
    async with saying() as door:
        pass

    with pytest.raises(Broken):
        await wire.ask(door, "GET", "/")


async def test_an_answer_may_not_be_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a bounded number of bytes is not kept."""
    monkeypatch.setattr(wire, "LARGEST_ANSWER", 1000)

    async with saying(OK + b"\r\n", b"x" * 2000, stays=True) as door:
        with pytest.raises(Broken):
            await wire.ask(door, "GET", "/")


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
async def test_events_are_whole_however_they_are_cut(size: int) -> None:
    """Events come out as they were told: over several lines, with comments, in pieces of any size."""
    told = (
        b'data: {"a":1}\n\n: heartbeat\r\n\r\nevent: x\r\ndata:two\r\ndata: lines\r\n\r\ndata: ' + b"z" * 9000
    )
    whole = told + b"\n\n"
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]

    async with saying(STREAM, *[b"%x\r\n%s\r\n" % (len(p), p) for p in pieces], stays=True) as door:
        found = await _events(door, 3)

    assert found == [b'{"a":1}', b"two\nlines", b"z" * 9000]


Way = Callable[[pytest.MonkeyPatch], tuple[list[bytes], bool]]


def _too_large(monkeypatch: pytest.MonkeyPatch) -> tuple[list[bytes], bool]:
    monkeypatch.setattr(wire, "LARGEST_EVENT", 1000)
    return [STREAM + b"bb8\r\ndata: " + b"x" * 3000], True


def _too_many_lines(monkeypatch: pytest.MonkeyPatch) -> tuple[list[bytes], bool]:
    monkeypatch.setattr(wire, "LARGEST_EVENT", 1000)
    return [STREAM + b"bb8\r\n" + b"data: xxxx\n" * 272 + b"12345678\r\n"], True


def _silent(monkeypatch: pytest.MonkeyPatch) -> tuple[list[bytes], bool]:
    monkeypatch.setattr(wire, "_SILENCE", 0.2)
    return [STREAM], True


def _gone(monkeypatch: pytest.MonkeyPatch) -> tuple[list[bytes], bool]:
    del monkeypatch
    return [STREAM + b"0\r\n\r\n"], False


def _not_allowed(monkeypatch: pytest.MonkeyPatch) -> tuple[list[bytes], bool]:
    del monkeypatch
    return [b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n"], False


@pytest.mark.parametrize("way", [_too_large, _too_many_lines, _silent, _gone, _not_allowed])
async def test_a_stream_that_is_none_is_given_up(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event without an end, a silence, an end and a refusal end the listening, as one kind of trouble."""
    pieces, stays = way(monkeypatch)

    async with saying(*pieces, stays=stays) as door:
        with pytest.raises(Broken):
            await _events(door, 1)
