"""The client of the tray and the commands: documents, events, and errors in a person's words."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.client import Client, connect
from supervisor.core.errors import Failed, NoSuchSession, Refused, Unreachable, WakelineError, WrongUse
from tests.fakes.backend import entry, session
from tests.fakes.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A server behind a real local socket."""
    with House(tmp_path) as house:
        yield house


def _said(folder: Path, answer: bytes) -> Client:
    """A client of somebody who always answers the same, and then closes."""
    path = folder / "other.sock"
    listening = socket.create_server(("127.0.0.1", 0))
    path.write_text(f"127.0.0.1:{listening.getsockname()[1]} token", encoding="ascii")

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, listening:
            connection.recv(65536)
            connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return Client(path)


def test_documents_are_read_and_changed(house: House) -> None:
    """get, put, post and delete, each as the API has it."""
    client = Client(house.socket)
    house.call(lambda: house.backend.put(session("s-1")))

    seen = client.get("/api/sessions/s-1")
    changed = client.put("/api/awake", {"mode": "on", "seconds": 60})
    client.delete("/api/pair/dialog")
    stopped = client.post("/api/shutdown")

    assert seen["title"] == "Title of s-1"
    assert changed["mode"] == "on"
    assert stopped is None
    assert house.backend.stopped


def test_the_stream_is_followed_and_continued(house: House) -> None:
    """Events come as they happen, and a later stream goes on behind a number."""
    client = Client(house.socket)
    events = client.events()
    first = next(events)
    house.call(lambda: house.backend.write("s-1", entry(1, "first")))
    house.call(lambda: house.backend.write("s-1", entry(2, "ünïcode \u2028 and\nlines")))

    told = [next(events), next(events)]
    events.close()
    again = next(client.events(after=told[0].id))

    assert first.topic == "hello"
    assert [one.data["entry"]["seq"] for one in told] == [1, 2]
    assert again == told[1]
    assert again.data["entry"]["text"] == "ünïcode \u2028 and\nlines"


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"),
    [
        ("get", "/api/sessions/none", None, NoSuchSession),
        ("get", "/api/nothing", None, NoSuchSession),
        ("put", "/api/awake", {"mode": "maybe"}, WrongUse),
        ("put", "/api/awake", {"mode": "on", "seconds": -1}, WrongUse),
        ("put", "/api/awake", {"mode": "on", "what": 1}, WrongUse),
        ("post", "/api/pair/dialog", {"scope": "admin"}, Refused),
        ("post", "/api/pair/dialog", {"address": "0.0.0.0"}, Refused),
        ("post", "/api/pair/dialog/choice", {"number": 12}, Refused),
        ("get", "/api/sessions/a b", None, WrongUse),
        ("get", "/api/machine\r\nOrigin: x", None, WrongUse),
    ],
)
def test_what_is_refused_is_said_in_words(
    house: House, method: str, path: str, body: object, kind: type[WakelineError]
) -> None:
    """An error has its kind, so that a command has its exit code, and a sentence."""
    client = Client(house.socket)
    asked = {"get": client.get, "delete": client.delete}.get(method)

    with pytest.raises(kind) as refused:
        asked(path) if asked else getattr(client, method)(path, body)

    assert refused.value.title


def test_nobody_there_is_unreachable(tmp_path: Path) -> None:
    """No socket, a dead socket, a socket that says nothing: the same sentence and the same hint."""
    dead = tmp_path / "dead.sock"
    if sys.platform != "win32":
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(dead))
    clients = [Client(tmp_path / "none.sock"), Client(dead), _said(tmp_path, b"")]

    hints = []
    for client in clients:
        with pytest.raises(Unreachable) as trouble:
            client.get("/api/machine")
        hints.append(trouble.value.hint)

    assert hints == ["Start it: wakeline up."] * 3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", Unreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{x}", Failed),
        (b"nonsense\r\n\r\n", Unreachable),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", Failed),
        (b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n[]", Failed),
        ("HTTP/1.1 ²04 No\r\n\r\n".encode("latin-1"), Unreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", Unreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n{}", Unreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"[" * 9999, Failed),
    ],
)
def test_half_an_answer_is_none(tmp_path: Path, answer: bytes, kind: type[WakelineError]) -> None:
    """A supervisor that dies in the middle of a sentence raises what can be handled."""
    client = _said(tmp_path, answer)

    with pytest.raises(kind):
        client.get("/api/machine")


def test_an_order_without_an_answer_is_repeated_under_its_key(tmp_path: Path) -> None:
    """Killed in the middle of it and started again: done once, and the one who ordered it is told."""
    path, heard = tmp_path / "supervisor", list[bytes]()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        path.write_text(f"127.0.0.1:{listening.getsockname()[1]} token", encoding="ascii")

        def serve() -> None:
            for answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"):
                connection, _ = listening.accept()
                with connection:
                    heard.append(connection.recv(65536))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        told = Client(path).post("/api/sessions/s-1/pause")
        thread.join()

    assert told == {}
    assert b"Idempotency-Key: " in heard[0]
    assert heard[0] == heard[1]


def test_a_stream_that_breaks_off_is_unreachable(tmp_path: Path) -> None:
    """The end of a stream is said; silence is a fault."""
    frame = b"id: e-1\nevent: machine\ndata: {}\n\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    client = _said(tmp_path, head + b"%x\r\n%b\r\n" % (len(frame), frame))
    events = client.events()

    first = next(events)

    assert first.topic == "machine"
    with pytest.raises(Unreachable):
        next(events)


@pytest.mark.parametrize(
    "said",
    [
        b"b\r\ndata: {x}\n\n\r\n",
        b"9\r\ndata: \xff\n\n\r\n",
        b"2718\r\ndata: " + b"[" * 9992 + b"\n\n\r\n",
        b"-2\r\ndata: {}\n\n\r\n",
        b"nonsense\r\n",
    ],
)
def test_a_stream_of_nonsense_is_unreachable(tmp_path: Path, said: bytes) -> None:
    """What came before is told, a line without a colon is passed over; whoever follows it begins anew."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole = b"id: e-1\nodd\nevent: machine\ndata: {}\n\n"
    client = _said(tmp_path, head + b"%x\r\n%b\r\n" % (len(whole), whole) + said)

    events = client.events()

    assert next(events) == ("e-1", "machine", {})
    with pytest.raises(Unreachable):
        next(events)


def test_a_socket_of_somebody_else_is_not_spoken_to(house: House) -> None:
    """Who put it there would hear what we say."""
    if sys.platform == "win32" or os.getuid() != 0:
        pytest.skip("needs root to make a file of another user")
    os.chown(house.socket, 12345, 12345)

    with pytest.raises(Refused, match="another user"):
        Client(house.socket).get("/api/machine")


def test_where_there_are_no_sockets_a_file_has_port_and_token(tmp_path: Path) -> None:
    """On Windows: the token of the file goes with every request."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        note = tmp_path / "api.sock"
        note.write_text(f"{address} t0ken\n")

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=serve)
        thread.start()
        told = Client(note).get("/api/machine")
        thread.join()

    assert told == {}
    assert b"Authorization: Bearer t0ken\r\n" in heard[0]
    assert f"Host: {address}\r\n".encode() in heard[0]


def test_the_socket_of_this_user_is_found_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WAKELINE_HOME names the place."""
    monkeypatch.setenv("WAKELINE_HOME", str(tmp_path))

    client = connect()

    assert client._socket == tmp_path / "run" / "api.sock"


def test_importing_it_is_cheap() -> None:
    """A command must not wait for libraries that it does not use."""
    code = "import supervisor.client, sys; print(*sys.modules)"

    loaded = set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )

    assert not loaded & {
        "asyncio",
        "ssl",
        "http",
        "email",
        "urllib.request",
        "dataclasses",
        "inspect",
        "aiohttp",
    }
