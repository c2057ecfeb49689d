"""What can be seen and reached of us by somebody who was given nothing."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from supervisor.client import Client
from supervisor.remote.routes import ROUTES
from tests.fakes.house import LOOPBACK, House
from tests.fakes.phone import Phone

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def test_no_path_and_no_method_tells_a_stranger_anything(house: House) -> None:
    """Every route and many that are none: a 4xx, a few bytes, and no word of who or what is here."""
    house.open_lan()
    stranger = Phone(f"https://{house.host}/#1.AAAA.BBBB")
    paths = sorted({re.sub(r"\{\w+\}", "x", route.path) for route in ROUTES})
    asked = [
        (METHODS[at % len(METHODS)], path)
        for at, path in enumerate([*paths, "/.git/config", "/admin", "/api"])
    ]

    replies = [stranger.ask(method, path, {} if method != "GET" else None) for method, path in asked]

    assert len(replies) > 30
    assert {reply.status // 100 for reply in replies} == {4}
    assert max(len(reply.body) for reply in replies) < 120
    told = "".join(str(reply.headers) + reply.body.decode() for reply in replies).lower()
    assert not [
        word for word in ("wakeline", socket.gethostname().lower(), "python", "session") if word in told
    ]


def test_a_certificate_names_nobody(house: House) -> None:
    """Not the machine, not its user: whoever connects reads it."""
    house.open_lan()

    shown = ssl.get_server_certificate((LOOPBACK, house.server.lan.port))
    der = ssl.PEM_cert_to_DER_cert(shown)

    assert socket.gethostname().encode() not in der
    assert b"root" not in der


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while more := source.recv(65536):
            sink.sendall(more)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@contextmanager
def _forwarder(house: House) -> Iterator[str]:
    """Another program of this machine that passes the network's callers on to us: a proxy, a container."""
    with socket.create_server(("127.0.0.2", 0)) as listening:
        threads: list[threading.Thread] = []
        lines: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    come_in, _ = listening.accept()
                except OSError:
                    return
                gone_out = socket.create_connection((LOOPBACK, house.server.lan.port))
                lines.extend((come_in, gone_out))
                for one, other in ((come_in, gone_out), (gone_out, come_in)):
                    threads.append(threading.Thread(target=_carry, args=(one, other)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"127.0.0.2:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()
            for line in lines:
                line.close()


@pytest.mark.parametrize("header", ["", "Tailscale-User-Login", "X-Forwarded-For", "X-Real-IP"])
def test_a_forwarder_on_this_machine_gives_nobody_more(house: House, header: str) -> None:
    """Coming from a loopback address is no proof, whatever the forwarder says of its caller."""
    house.pair("control")
    with _forwarder(house) as place:
        stranger = Phone(f"https://{place}/#1.AAAA.BBBB")
        told: dict[str, str | None] = {header: "owner@example.com"} if header else {}

        by_its_name = stranger.ask("GET", "/api/sessions", headers=told).status
        by_ours = stranger.ask("GET", "/api/sessions", headers={**told, "Host": house.host}).status
        change = stranger.ask(
            "PUT",
            "/api/awake",
            {"mode": "on"},
            {**told, "Host": house.host, "Origin": f"https://{house.host}"},
        ).status

    assert (by_its_name, by_ours, change) == (400, 401, 401)
    assert house.backend.awake_changes == 0


def test_a_taken_port_is_no_reason_to_take_another(house: House) -> None:
    """The code in a phone names one port: it is said, and nothing is shown or bound."""
    with socket.create_server((LOOPBACK, 0)) as other:
        house.server.lan._port = other.getsockname()[1]

        with pytest.raises(Exception, match="cannot be opened"):
            Client(house.socket).post("/api/pair/dialog", {"address": LOOPBACK})

    assert house.server.lan.addresses == ()
    assert Client(house.socket).get("/api/pair/dialog")["url"] is None
