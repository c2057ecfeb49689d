"""Malformed, ambiguous and oversized requests: nothing is parsed twice, nothing unwanted is read."""

import json

import pytest

from tests.fakes.house import House
from tests.fakes.phone import Phone
from tests.fakes.raw import Wire, request


@pytest.fixture
def phone(house: House) -> Phone:
    """A paired phone that may control."""
    return house.pair("control")


def _order(house: House, phone: Phone, *headers: str) -> bytes:
    return request(
        house,
        f"Authorization: Bearer {phone.token}",
        f"Origin: https://{house.host}",
        "Content-Type: application/json",
        "Idempotency-Key: k",
        *headers,
        method="PUT",
        target="/api/awake",
    )


BODY = b'{"mode":"on"}'
SMUGGLED = b"PUT /api/awake HTTP/1.1\r\nHost: x\r\n\r\n"
AMBIGUOUS = {
    "length and chunks": (
        ("Content-Length: 13", "Transfer-Encoding: chunked"),
        b"d\r\n" + BODY + b"\r\n0\r\n\r\n",
    ),
    "chunks": (("Transfer-Encoding: chunked",), b"d\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "strange coding": (("Transfer-Encoding: xchunked", "Content-Length: 13"), BODY),
    "hidden coding": (("Transfer-Encoding:\tchunked", "Content-Length: 13"), BODY),
    "space before colon": (("Content-Length : 13",), BODY),
    "two lengths": (("Content-Length: 13", "Content-Length: 4"), BODY),
    "two same lengths": (("Content-Length: 13", "Content-Length: 13"), BODY),
    "list of lengths": (("Content-Length: 13, 13",), BODY),
    "negative": (("Content-Length: -13",), BODY),
    "plus": (("Content-Length: +13",), BODY),
    "hexadecimal": (("Content-Length: 0xd",), BODY),
    "folded": (("X-Folded: a\r\n b", "Content-Length: 13"), BODY),
    "bare line feed": (("X: a\nContent-Length: 13",), BODY),
    "bare return": (("X: a\rb", "Content-Length: 13"), BODY),
    "zero byte": (("X: a\0b", "Content-Length: 13"), BODY),
    "no name": ((": x", "Content-Length: 13"), BODY),
    "bad chunk": (("Transfer-Encoding: chunked",), b"d\n" + BODY + b"\n0\n\n"),
    "huge chunk": (("Transfer-Encoding: chunked",), b"f" * 40 + b"\r\n"),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_an_ambiguous_request_ends_the_connection(house: House, phone: Phone, name: str) -> None:
    """One answer, then the end: a second request in the same bytes is never looked at."""
    headers, body = AMBIGUOUS[name]

    with Wire.lan(house) as wire:
        wire.say(_order(house, phone, *headers) + body + SMUGGLED)
        heard = wire.rest()

    assert heard[9:10] == b"4"
    assert heard.count(b"HTTP/1.") == 1
    assert b"Server:" not in heard
    assert house.backend.awake_changes == 0


LINES = [
    "GET /api/machine HTTP/1.0",
    "GET /api/machine HTTP/2.0",
    "GET /api/machine HTTP/1.2",
    "GET /api/machine",
    "GET  /api/machine HTTP/1.1",
    "GET /api/ma chine HTTP/1.1",
    "G\0T / HTTP/1.1",
    "PRI * HTTP/2.0",
    "GET /api/machine#x HTTP/1.1",
    "GET /api/m\xe4chine HTTP/1.1",
    "CONNECT evil.example:80 HTTP/1.1",
]


@pytest.mark.parametrize("line", LINES)
def test_only_plain_http_1_1_is_spoken(house: House, line: str) -> None:
    """Anything else is refused in the same few words, and the connection ends."""
    house.open_lan()

    with Wire.lan(house) as wire:
        wire.say(f"{line}\r\nHost: {house.host}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        heard = wire.rest()

    assert heard[9:10] in (b"4", b"")
    assert b"Server:" not in heard
    assert b"Traceback" not in heard


@pytest.mark.parametrize("path", ["/", "/api/events", "/api/machine", "/api/sessions/x/screen"])
def test_there_is_no_websocket(house: House, phone: Phone, path: str) -> None:
    """No path upgrades to anything."""
    upgrade = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGVzdA==",
    ]

    with Wire.lan(house) as wire:
        wire.say(request(house, f"Authorization: Bearer {phone.token}", *upgrade, target=path))
        heard = wire.rest()

    assert heard.startswith(b"HTTP/1.1 400 ")


def test_many_headers_are_too_many(house: House) -> None:
    """A thousand headers."""
    house.open_lan()

    with Wire.lan(house) as wire:
        wire.say(request(house, *(f"X-{n}: {n}" for n in range(1000))))
        heard = wire.rest()

    assert heard[9:10] == b"4"


@pytest.mark.parametrize("size", [9_000, 17_000, 64 * 1024])
def test_a_long_head_is_refused(house: House, size: int) -> None:
    """One long header, or a long path: 16 KiB are enough for everybody."""
    house.open_lan()
    heard = []

    for wrong in (
        request(house, *(f"X-{n}: {'x' * 4000}" for n in range(1 + size // 4000))),
        request(house, f"X: {'x' * 2 * size}"),
        request(house, target="/" + "x" * size),
    ):
        with Wire.lan(house) as wire:
            wire.say(wrong)
            heard.append(wire.answer()[0])

    # What is far too long may be cut off before its sender gets to read why.
    cut_off = {431, 0} if size > 60_000 else {431}
    assert heard[0] == (431 if size > 16_000 else 401) or heard[0] in cut_off - {431}
    assert set(heard[1:]) <= cut_off


def test_a_body_that_is_announced_too_long_is_not_read(house: House, phone: Phone) -> None:
    """413 at once, from the announcement alone."""
    with Wire.lan(house) as wire:
        wire.say(_order(house, phone, "Content-Length: 10000000"))
        heard = wire.rest()

    assert heard.startswith(b"HTTP/1.1 413 ")


def test_a_body_where_none_belongs_is_refused(house: House, phone: Phone) -> None:
    """A GET has no body."""
    with Wire.lan(house) as wire:
        wire.say(request(house, f"Authorization: Bearer {phone.token}", "Content-Length: 5") + b"hello")
        heard = wire.rest()

    assert heard.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity"])
def test_a_packed_body_is_refused(phone: Phone, coding: str) -> None:
    """Nothing is unpacked for anybody."""
    reply = phone.ask("PUT", "/api/awake", {"mode": "on"}, {"Content-Encoding": coding})

    assert reply.status == 415


def test_ranges_are_ignored(phone: Phone) -> None:
    """A file is sent whole, however many pieces are asked for."""
    pieces = "bytes=" + ",".join(f"{n}-" for n in range(1000))

    reply = phone.ask("GET", "/wakeline-ca.crt", None, {"Range": pieces})

    assert reply.status == 200
    assert "Content-Range" not in reply.headers


ODD_PATHS = """
/api/Machine /api//machine /api/machine/ /api/./machine /api/x/../machine /api/%6dachine /api/machine%00
/api/machine;x /api/machine.json /API/machine //api/machine /api/sessions/%2e%2e /api/sessions/..%2f..%2fetc
/api/sessions/../machine /api/sessions/a/b /api/sessions/-rf /api/sessions/.hidden /..%5c.. /index.html/
/page/index.html /api /api/
"""


@pytest.mark.parametrize("path", [*ODD_PATHS.split(), "/api/sessions/" + "x" * 200])
def test_a_path_is_what_it_is(phone: Phone, path: str) -> None:
    """Nothing is decoded, joined or cleaned up: what is not in the table does not exist."""
    reply = phone.get(path)

    assert reply.status == 404
    assert json.loads(reply.body)["title"] == "Refused"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "put", "XYZ"])
def test_a_method_that_is_not_in_the_table_does_not_exist(house: House, phone: Phone, method: str) -> None:
    """No aliases, no other spelling."""
    reply = phone.ask(method, "/api/awake")

    assert reply.status in (400, 404)
    assert house.backend.awake_changes == 0


def test_strangers_get_the_same_few_words_everywhere(house: House) -> None:
    """Whatever is asked without a proof: a 4xx with the same small body and no name in it."""
    house.open_lan()
    stranger = Phone(f"https://{house.host}/#1.AAAA.BBBB")
    asked = [
        ("GET", "/api/machine"),
        ("GET", "/api/none"),
        ("POST", "/api/pair/hello"),
        ("PUT", "/api/awake"),
    ]
    asked += [
        ("GET", "/none"),
        ("POST", "/api/pair/dialog"),
        ("POST", "/api/shutdown"),
        ("GET", "/api/openapi.json"),
    ]
    asked += [("POST", "/api/auth/token"), ("DELETE", "/api/devices/x"), ("GET", "/api/events")]

    replies = [stranger.ask(method, path, {} if method != "GET" else None) for method, path in asked]

    assert all(400 <= reply.status < 500 for reply in replies)
    assert all(len(reply.body) < 120 for reply in replies)
    told = "".join(str(reply.headers) + reply.body.decode() for reply in replies).lower()
    assert not [word for word in ("wakeline", "desk", "0.1.0", "python", "aiohttp") if word in told]


def test_pairing_without_a_dialog_looks_like_any_unknown_path(house: House) -> None:
    """Nobody can see whether this machine ever pairs."""
    house.open_lan()
    stranger = Phone(f"https://{house.host}/#1.AAAA.BBBB")

    replies = [stranger.ask("POST", path, {}) for path in ("/api/pair/hello", "/api/pair/none")]

    assert replies[0].status == replies[1].status == 404
    assert replies[0].body == replies[1].body
