"""The whole HTTP side over real sockets: what the tray, the commands and a phone get."""

import socket
import ssl
import stat
import time
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from supervisor.client import Client
from supervisor.core.errors import Failed, Refused
from supervisor.core.model import State
from supervisor.remote.access import POLICY
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


def test_the_listener_moves_while_it_runs(house: House) -> None:
    """Another address: the old one closes, the new one serves, the certificate names the new one."""
    phone = house.pair()
    first = house.server.lan.certificate_sha256
    house.run(house.server.lan.open(["127.0.0.2"]))

    moved = ssl.get_server_certificate(("127.0.0.2", house.server.lan.port))
    with pytest.raises(OSError, match="refused"):
        phone.get("/api/machine")

    assert house.server.lan.addresses == ("127.0.0.2",)
    assert house.server.lan.certificate_sha256 != first
    assert "BEGIN CERTIFICATE" in moved
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((LOOPBACK, house.server.lan.port), 1)


def test_a_second_address_is_served_beside_the_first(house: House) -> None:
    """Open streams on the first address stay."""
    phone = house.pair()
    events = phone.events()
    next(events)

    house.run(house.server.lan.open([LOOPBACK, "127.0.0.2"]))
    house.call(lambda: house.backend.write("s-1", entry(1)))

    assert next(events).topic == "entry"
    events.close()


def test_a_closed_listener_opens_again_on_its_port(house: House) -> None:
    """A phone's key is bound to the port, so the port stays."""
    phone = house.pair()
    port = house.server.lan.port
    house.run(house.server.lan.close())
    with pytest.raises(OSError, match="refused"):
        phone.get("/api/machine")

    house.open_lan()

    assert house.server.lan.port == port
    assert phone.get("/api/machine").status == 200


def test_a_taken_port_is_said_and_no_other_is_used(tmp_path: Path) -> None:
    """The code in a phone names one port; another one would not be ours."""
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]

        with House(tmp_path, port=port) as house, pytest.raises(Failed, match=str(port)) as failed:
            house.open_lan()

        assert "phone.port" in failed.value.hint
        assert house.server.lan.addresses == ()


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "::", "", "*", "0", "0x0", "0.0", "::ffff:0.0.0.0", "localhost", "224.0.0.1", "1.2.3.4.5"],
)
def test_no_spelling_of_everywhere_is_listened_on(house: House, address: str) -> None:
    """Wildcards and names are refused, and nothing is bound."""
    with pytest.raises(Refused):
        house.run(house.server.lan.open([address]))

    assert house.server.lan.addresses == ()


def test_every_answer_carries_the_policy_and_no_name_of_software(house: House) -> None:
    """Files, documents, errors and streams alike."""
    phone = house.pair()
    asked = [
        ("GET", "/"),
        ("GET", "/api/machine"),
        ("GET", "/api/nothing"),
        ("POST", "/api/auth/token"),
        ("GET", "/nothing"),
        ("DELETE", "/api/devices/x"),
    ]

    replies = [phone.ask(method, path, {} if method == "POST" else None) for method, path in asked]

    for reply in replies:
        policy = {name: value for name, value in POLICY.items() if name != "Cache-Control"}
        assert policy.items() <= reply.headers.items()
        assert "Server" not in reply.headers
        assert "Set-Cookie" not in reply.headers
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]
        assert reply.headers["Cache-Control"] in ("no-store", "no-cache")


def test_an_order_with_the_same_key_is_carried_out_once(house: House) -> None:
    """A repeat gets the first answer; another order under the same key is a conflict."""
    phone = house.pair("control")
    key = {"Idempotency-Key": "k-1"}

    first = phone.ask("PUT", "/api/awake", {"mode": "on"}, key)
    again = phone.ask("PUT", "/api/awake", {"mode": "on"}, key)
    other = phone.ask("PUT", "/api/awake", {"mode": "off"}, key)

    assert (first.status, again.status, other.status) == (200, 200, 409)
    assert first.body == again.body
    assert house.backend.awake_changes == 1


def test_fifty_repeats_at_once_are_one_order(house: House) -> None:
    """A phone that hammers does not do things twice."""
    phone = house.pair("control")
    key = {"Idempotency-Key": "k-2"}
    replies: list[tuple[int, bytes]] = []

    def order() -> None:
        reply = phone.ask("PUT", "/api/awake", {"mode": "on"}, key)
        replies.append((reply.status, reply.body))

    threads = [Thread(target=order) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert house.backend.awake_changes == 1
    assert len(set(replies)) == 1


def test_the_list_is_live_and_recent_first_and_history_is_paged(house: House) -> None:
    """all=1 goes on into what is stored, page by page, without a hole."""
    now = time.time()
    over = replace(session("over", at=now - 3600, state=State.ENDED), run=None)
    long_over = replace(session("long-over", at=now - 90_000, state=State.ENDED), run=None)
    for one in (session("live", at=now), over, long_over):
        house.call(lambda one=one: house.backend.put(one))  # type: ignore[misc]
    house.backend.past = [replace(session(f"p-{n}", at=now - 100_000 - n), run=None) for n in range(7)]
    client = Client(house.socket)

    listed = [one["id"] for one in client.get("/api/sessions")["sessions"]]
    page = client.get("/api/sessions?all=1&limit=3")
    pages = [page]
    while page["next"]:
        page = client.get(f"/api/sessions?all=1&limit=3&before={page['next']}")
        pages.append(page)

    assert listed == ["live", "over"]
    assert [one["id"] for page in pages for one in page["sessions"]] == [
        "live", "over", *(f"p-{n}" for n in range(7)),
    ]  # fmt: skip


def test_a_transcript_is_paged_backwards(house: House) -> None:
    """The newest page first, each page oldest first, until there is nothing before."""
    house.call(lambda: house.backend.put(session("s-1")))
    house.backend.transcripts["s-1"] = [entry(seq) for seq in range(10)]
    client = Client(house.socket)

    newest = client.get("/api/sessions/s-1/entries?limit=4")
    before = client.get(f"/api/sessions/s-1/entries?limit=4&before={newest['before']}")
    oldest = client.get(f"/api/sessions/s-1/entries?limit=4&before={before['before']}")

    assert [one["seq"] for page in (oldest, before, newest) for one in page["entries"]] == list(range(10))
    assert oldest["before"] is None


def test_the_local_socket_answers_quickly(house: House) -> None:
    """A request of the tray or a command costs the supervisor less than a millisecond of work."""
    for number in range(20):
        house.call(lambda number=number: house.backend.put(session(f"s-{number}")))  # type: ignore[misc]
    client = Client(house.socket)
    client.get("/api/machine")

    started = house.call(time.thread_time)
    for _ in range(200):
        client.get("/api/machine")
    used = house.call(time.thread_time) - started

    assert used / 200 < 0.001
