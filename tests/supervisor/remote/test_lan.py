"""The listener on the local network: opened, moved, closed, and never on everything."""

import socket
import ssl
import time
from pathlib import Path

import pytest

from supervisor.core.errors import Failed, Refused
from supervisor.remote import lan
from tests.fakes.backend import entry
from tests.fakes.house import LOOPBACK, House
from tests.fakes.raw import Wire


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


def test_a_certificate_that_is_due_is_made_anew_while_we_listen(house: House) -> None:
    """Streams stay open; the next connection sees the new certificate."""
    phone = house.pair()
    events = phone.events()
    next(events)
    before = house.server.lan.certificate_sha256
    house.server.lan._clock = lambda: time.time() + 61 * 86400

    house.call(house.server.lan.look)
    while house.server.lan.certificate_sha256 == before:
        house.call(lambda: None)
    house.call(lambda: house.backend.write("s-1", entry(1)))

    assert next(events).topic == "entry"
    assert phone.get("/api/machine").status == 200
    events.close()


def test_who_connects_without_end_is_turned_away_before_tls(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every connection costs us arithmetic; one address has so many a minute."""
    monkeypatch.setattr(house.server.lan._arrivals, "_full", 5.0)
    house.open_lan()

    for _ in range(5):
        Wire.lan(house).line.close()
    started = time.monotonic()
    with socket.create_connection((LOOPBACK, house.server.lan.port), 10) as plain:
        heard = Wire(plain).rest()

    assert heard == b""
    assert time.monotonic() - started < 2
    assert lan.ARRIVALS_PER_MINUTE > 100
