"""The whole HTTP side over real sockets: what the tray, the commands and a phone get."""

import socket
import stat
import sys
import time
from pathlib import Path

import pytest

from supervisor.client import Client
from supervisor.core.errors import Refused
from supervisor.remote.lane import Lane
from supervisor.remote.server import Server
from tests.fakes.backend import MemoryBackend, entry, session
from tests.fakes.house import LOOPBACK, House


def test_nothing_listens_on_the_network_until_asked(house: House) -> None:
    """A started server has its local socket and no other."""
    listening = house.server.lan.addresses

    assert listening == ()
    assert stat.S_IMODE(house.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(house.socket.parent.stat().st_mode) == 0o700


def test_a_second_server_on_the_same_socket_is_refused(house: House) -> None:
    """The one that runs goes on, and the second says so."""
    second = house.run(_made(house))

    with pytest.raises(Refused, match="running already"):
        house.run(second.open())

    assert Client(house.socket).get("/api/machine")["id"] == "m-1"


async def _made(house: House) -> Server:
    return Server(MemoryBackend(), socket=house.socket, tls_folder=house.tls_folder, announced=False)


def test_a_socket_left_by_a_dead_server_is_taken_over(tmp_path: Path) -> None:
    """After kill -9 nothing has to be cleaned up by hand."""
    if sys.platform == "win32":
        pytest.skip("Windows has no such sockets")
    (tmp_path / "run").mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "run" / "api.sock"))

    with House(tmp_path) as house:
        machine = Client(house.socket).get("/api/machine")

    assert machine["id"] == "m-1"
    assert not house.socket.exists()


def test_a_phone_pairs_reads_and_follows(house: House) -> None:
    """The way that a person goes: code, number, list, live."""
    house.call(lambda: house.backend.put(session("s-1")))
    phone = house.pair("control")

    events = phone.events()
    hello = next(events)
    listed = phone.get("/api/sessions").json
    house.call(lambda: house.backend.write("s-1", entry(1)))
    news = next(events)
    events.close()

    assert phone.scope == "control"
    assert (
        [one["id"] for one in listed["sessions"]] == [one["id"] for one in hello.data["sessions"]] == ["s-1"]
    )
    assert (news.topic, news.data["entry"]["seq"]) == ("entry", 1)
    assert ("paired", phone.device_id) in [(what, told.get("device")) for what, told in house.backend.audited]


def test_a_stream_over_tls_continues_where_it_was_cut(house: House) -> None:
    """Cut at any moment: nothing is missing, nothing comes twice."""
    phone = house.pair()
    after, got = "e1-0", []

    for cut in range(10):
        for seq in range(5):
            house.call(lambda number=cut * 10 + seq: house.backend.write("s-1", entry(number)))  # type: ignore[misc]
        events = phone.events(after=after)
        for _ in range(3):
            event = next(events)
            got.append(event.data["entry"]["seq"])
            after = event.id
        events.close()
    events = phone.events(after=after)
    got += [next(events).data["entry"]["seq"] for _ in range(20)]
    events.close()

    assert got == [cut * 10 + seq for cut in range(10) for seq in range(5)]


def test_revoking_a_phone_ends_its_stream_within_a_second(house: House) -> None:
    """The stream is cut, and the token with it."""
    phone = house.pair()
    events = phone.events()
    next(events)

    started = time.monotonic()
    Client(house.socket).delete(f"/api/devices/{phone.device_id}")
    with pytest.raises((StopIteration, OSError, ValueError)):
        next(events)
    took = time.monotonic() - started

    assert took < 1
    assert phone.get("/api/machine").status == 401
    assert phone.log_in().status == 401


def test_closing_ends_streams_and_sockets(tmp_path: Path) -> None:
    """Who follows is told by the end of its stream, not by silence."""
    with House(tmp_path) as house:
        phone = house.pair()
        port = house.server.lan.port
        at_desk, on_phone = Client(house.socket).events(), phone.events()
        first = next(at_desk).topic, next(on_phone).topic

    rest = list(at_desk), list(on_phone)

    assert (first, rest) == (("hello", "hello"), ([], []))
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((LOOPBACK, port), 1)


def test_the_address_of_the_settings_comes_before_the_best_one(house: House) -> None:
    """Asked for nothing else, the dialog listens where the settings say."""
    house.server.phone._usual_address = "127.0.0.3"

    shown = Client(house.socket).post("/api/pair/dialog", {})
    wished = Client(house.socket).post("/api/pair/dialog", {"address": LOOPBACK})

    assert shown["address"] == "127.0.0.3"
    assert wished["address"] == LOOPBACK


def test_what_is_told_at_once_is_sent_at_once(house: House) -> None:
    """One piece to each phone for all that happens together, whole and in order: fewer packets by radio."""
    house.call(lambda: house.backend.put(session("s-1")))
    phone = house.pair()
    stream = phone.events()
    assert next(stream).topic == "hello"
    (pipe,) = house.server.streams._readers
    assert isinstance(pipe, Lane)
    sent: list[int] = []
    flush = pipe.flush

    def counted() -> None:
        sent.append(len(pipe._told))
        flush()

    def talk() -> None:
        pipe.flush = counted  # type: ignore[method-assign]  # counts what is sent as one
        for number in range(1, 6):
            house.backend.write("s-1", entry(number))

    house.call(talk)
    heard = [next(stream) for _ in range(5)]

    assert [event.data["entry"]["seq"] for event in heard] == [1, 2, 3, 4, 5]
    assert sent == [5]
    stream.close()
