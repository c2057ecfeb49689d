"""Malformed words between our own parts, and from phones: frames, answers, requests, settings."""

import asyncio
import contextlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from supervisor import client, hook, rules, settings
from supervisor.core.errors import WakelineError, WrongUse
from supervisor.core.model import Scope
from supervisor.remote import wire as wire_of
from supervisor.remote.access import Rates
from supervisor.remote.address import Candidate
from supervisor.remote.door import Door
from supervisor.remote.exchange import Answer, Carry, Head, Listener, Refusal
from supervisor.remote.routes import ROUTES
from supervisor.remote.server import Server
from supervisor.terminal import wire
from supervisor.terminal.view.picture import understood
from tests.fakes.backend import MemoryBackend
from tests.fuzz import malform

LOOPBACK: Final = "127.0.0.1"

#: What both sides of a terminal say.
MESSAGES: Final[Sequence[wire.Message]] = (
    wire.Start(2, b"name", b"/a", 0o22, 24, 80, (b"sh", b"-c", b"true"), (b"A=b", b"C=d")),
    *(
        wire.Attach(2, -1, 24, 80),
        wire.Watch(2),
        wire.View(2, 0),
        wire.Input(b"id", b"keys"),
        wire.Report(b"k"),
    ),
    *(wire.Take(), wire.Give(), wire.Remote(b"id", 1, b"keys"), wire.Ask(), wire.Pause(), wire.Continue()),
    *(wire.Nudge(), wire.Fit(24, 80), wire.Resize(24, 80), wire.Signal(0), wire.Output(0, b"text")),
    *(wire.Gap(0, 10, b"\x1b[m"), wire.Written(b"id"), wire.Refused(b"id"), wire.Turn(1, True, False)),
    *(wire.Stopped(20), wire.Paused(True), wire.Sized(24, 80), wire.Exit(0, 10), wire.Failure(2, b"sh")),
    wire.Hello(2, b"id", 1, 2, 0.5, b"name", b"/a", 0, (b"sh",)),
    wire.State(24, 80, b"", 1, 1, False, False, False, -1.0),
)


def frame(dice: Random) -> bytes:
    """A frame of a holder or its client that is none."""
    made = wire.encode(dice.choice(MESSAGES))
    match dice.randrange(4):
        case 0:
            length = dice.choice((0, 1, len(made), 2**20, 2**22, 2**31, 2**32 - 1))
            return length.to_bytes(4, "big") + made[4:]
        case 1:
            body = made[5:] + dice.randbytes(dice.randrange(9))
            return (len(body) + 1).to_bytes(4, "big") + bytes([dice.randrange(256)]) + body
        case 2:
            body = malform.noise(dice, made[5:])
            return (len(body) + 1).to_bytes(4, "big") + made[4:5] + body
        case _:
            return malform.noise(dice, made)


def frames(_folder: Path) -> Callable[[Random], None]:
    """Frames, cut anywhere; who is broken is heard no more, and another one comes."""
    hearing = wire.Frames()

    def take(dice: Random) -> None:
        nonlocal hearing
        try:
            for piece in malform.pieces(dice, frame(dice)):
                for message in hearing.feed(piece):
                    wire.encode(message)
            assert hearing.missing > 0
        except wire.Broken:
            hearing = wire.Frames()
        if len(hearing.rest) > 2**16:
            hearing = wire.Frames()

    return take


_DOCUMENT: Final = json.dumps(
    {"id": "s1", "title": "t", "sessions": [{"id": "a", "jobs": 1}], "at": None}
).encode()
_PROBLEM: Final = b'{"type":"about:blank","title":"Refused","status":409,"detail":"x"}'


def _answer(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


_EVENTS: Final = b"id: e1-%d\nevent: session\ndata: %b\n\n"


def _stream() -> bytes:
    blocks = b"".join(_EVENTS % (number, _DOCUMENT) for number in range(3)) + b": still here\n\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(blocks), blocks)


def answers(_folder: Path) -> Callable[[Random], None]:
    """What comes back over the local socket, to command line and tray, and to an agent's hook."""
    known = [_answer(200, _DOCUMENT), _answer(409, _PROBLEM), _answer(204, b""), _stream()]

    def take(dice: Random) -> None:
        made = malform.noise(dice, dice.choice(known))
        with contextlib.suppress(WakelineError):
            _ask(made)
        with contextlib.suppress(WakelineError):
            _listen(made)
        _as_hook(made)

    return take


def _ask(made: bytes) -> None:
    answer = io.BytesIO(made)
    status, headers = client._head(answer)
    told = client._body(answer, headers)
    if status >= 400:
        raise client._error(status, told)
    client._document(told)


def _listen(made: bytes) -> None:
    answer = io.BytesIO(made)
    client._head(answer)
    for event in client._events(answer):
        assert isinstance(event.topic, str)


def _as_hook(made: bytes) -> None:
    """It may fail, which prints nothing; it may not go on for ever."""
    head, whole, rest = made.partition(b"\r\n\r\n")
    if whole:
        with contextlib.suppress(ValueError, IndexError):
            hook._body(head.lower().split(b"\r\n"), rest)


_PICTURE: Final = (
    b'{"size":[24,80],"cursor":[0,0,true],"title":"t","modes":{"paste":true},"history":[0,0],"ended":null}'
)


def pictures(_folder: Path) -> Callable[[Random], None]:
    """What a painter writes that something has taken over."""

    def take(dice: Random) -> None:
        with contextlib.suppress(ValueError):
            understood(malform.document(dice, _PICTURE))

    return take


def configured(folder: Path) -> Callable[[Random], None]:
    """A file of settings, and settings in the environment, with nonsense in them."""
    known, path = settings.described().encode(), folder / "settings.toml"
    lines = known.split(b"\n")
    odd = (
        b"[" * 5000,
        b"1e999",
        b"nan",
        b"-1",
        b"9" * 400,
        b'"~nobody-knows-him/x=off"',
        b'["~\\u0000=off"]',
    )
    more = (
        b'["/a=never"]',
        b'"\\u202e"',
        b"true",
        b"[]",
        b"{}",
        b"[[1]]",
        b"1979-05-27",
        b'"25:00-99:00"',
        b'"-"',
    )

    def take(dice: Random) -> None:
        made = list(lines)
        for _ in range(dice.choice((1, 1, 3))):
            place = dice.randrange(len(made))
            name, sign, _ = made[place].partition(b" = ")
            made[place] = (
                name + sign + dice.choice((*odd, *more)) if sign else malform.noise(dice, made[place])
            )
        path.write_bytes(b"\n".join(made) if dice.random() < 0.7 else malform.noise(dice, known))
        environment = {"WAKELINE_PHONE_PORT": dice.choice(("", "1", "x", "9" * 5000, "٣", "-1"))}
        with contextlib.suppress(WrongUse):
            read = settings.load(path, environment if dice.random() < 0.3 else {})
            for rule in (rules.of_awake, rules.of_reconnect, rules.of_notices, rules.elsewhere):
                rule(read)

    return take


# -- phones ----------------------------------------------------------------------------------------

_BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "PUT /api/awake": {"mode": "on", "seconds": 60},
    "POST /api/sessions/{id}/prompt": {"text": "hello", "when": "now"},
    "PATCH /api/prompts/{id}": {"text": "hello", "when": "idle"},
    "POST /api/sessions/{id}/keys": {"keys": ["a", "enter"], "text": "x"},
    "POST /api/approvals/{id}": {"decision": "allow", "digest": "0" * 16, "answers": {"Which?": ["a"]}},
    "POST /api/sessions/{id}/screen/size": {"rows": 24, "columns": 80},
    "POST /api/sessions/{id}/interrupt": {"force": False},
    "POST /api/recovery": {"sessions": ["s1"]},
    "POST /api/auth/challenge": {"device_id": "d1"},
    "POST /api/auth/token": {"device_id": "d1", "nonce": "A" * 54, "signature": "A" * 86},
    "POST /api/pair/hello": {"pairing_id": "A" * 22, "commitment": "A" * 43},
    "POST /api/pair/reveal": {
        "pairing_id": "A" * 22,
        "public_key": "A" * 122,
        "nonce": "A" * 22,
        "label": "My phone",
        "proof": "A" * 43,
    },
    "POST /api/pair/result": {"pairing_id": "A" * 22, "proof": "A" * 43},
    "POST /api/pair/dialog": {"scope": "view", "address": "127.0.0.1"},
    "POST /api/pair/dialog/choice": {"number": 11},
    "POST /api/hooks/{agent}": {"request": "0" * 32, "pid": 1, "agent_pid": None, "payload": {}},
}
_LAN: Final = Listener(local=False, hosts=frozenset({f"{LOOPBACK}:1"}))
_LOCAL: Final = Listener(local=True, hosts=frozenset({"localhost"}))
_IDS: Final = ("s1", "d1", "claude", "..", "%2e%2e", "a" * 200, "a/b", "%00", "\u202e", "", "s1?all=1")
_QUERIES: Final = ("after", "before", "limit", "session", "shell", "all", "x")


@contextlib.contextmanager
def phones(folder: Path) -> Iterator[Callable[[Random], None]]:
    """Requests for every route, with odd paths, queries, headers and bodies; no sockets in between."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(_served(folder))
    door = server._hall.door
    # Each asks a minute after the one before: what is slowed down is not read.
    door._rooms = replace(door._rooms, rates=Rates(count(0.0, 60.0).__next__))
    try:
        yield lambda dice: loop.run_until_complete(_ask_door(server, door, dice))
    finally:
        loop.run_until_complete(server.lan.close())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _served(folder: Path) -> Server:
    """A supervisor in memory."""
    here = Candidate(address=LOOPBACK, interface="lo", score=1, note="")
    return Server(
        MemoryBackend(),
        socket=folder / "s",
        tls_folder=folder / "tls",
        port=0,
        announced=False,
        candidates=lambda: [here],
    )


async def _ask_door(server: Server, door: Door, dice: Random) -> None:
    """One request: an answer or a refusal, and never a fault. A dialog is open all the time."""
    if not server.phone.is_open:
        await server.phone.open(LOOPBACK, Scope.VIEW)
    pairing_id = wire_of.base64url(server.phone._require().pairing.offer.pairing_id)
    listener = dice.choice((_LAN, _LOCAL))
    head, body = _request(dice, listener, pairing_id)
    try:
        admitted = door.admit(head, listener)
        async with asyncio.timeout(0.01):
            answer = await door.answer(admitted, body)
    except (Refusal, TimeoutError):
        return
    if isinstance(answer, Carry):
        await answer.parts.aclose()  # type: ignore[attr-defined]  # an async generator, as all of them are
    elif isinstance(answer, Answer):
        assert 200 <= answer.status < 500, answer.body


def _request(dice: Random, listener: Listener, pairing_id: str) -> tuple[Head, bytes]:
    route = dice.choice(ROUTES)
    known = _BODIES.get(f"{route.method} {route.path}", {"a": 1})
    if "pairing_id" in known:
        known = {**known, "pairing_id": pairing_id}
    body = malform.document(dice, json.dumps(known)) if dice.random() < 0.9 else b""
    path = route.path
    for name in ("{id}", "{agent}", "{pid}"):
        path = path.replace(name, dice.choice(_IDS), 1)
    if dice.random() < 0.2:
        value = dice.choice(("1", "-1", "9" * 30, "2026-01-31T12:00:00Z", "%ff", "0001-01-01T00:00:00+14:00"))
        path += f"?{dice.choice(_QUERIES)}={value}"
    host = next(iter(listener.hosts))
    headers = [("host", host), ("content-type", "application/json"), ("content-length", str(len(body)))]
    if not listener.local:
        headers += [("origin", f"https://{host}"), ("authorization", "Bearer x")]
    if dice.random() < 0.5:
        headers.append(("idempotency-key", dice.choice(("k", "k" * 129, "\0", "ü"))))
    if dice.random() < 0.1:
        headers.append(
            dice.choice((("host", "x"), ("expect", "100-continue"), ("transfer-encoding", "chunked")))
        )
    address = f"192.0.2.{dice.randrange(255)}"
    return Head(method=route.method, target=path, headers=tuple(headers), address=address), body
