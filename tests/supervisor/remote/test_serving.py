"""Where phones are served after a restart, and when the network changes."""

from dataclasses import replace

import pytest

from supervisor.client import Client
from supervisor.core.errors import Refused
from tests.fakes.house import LOOPBACK, House
from tests.lab.waiting import until


def _restart(house: House) -> None:
    """As after kill -9: what is on disk is all that is left."""
    house.run(house.server.lan.close())
    house.run(house.server.close())
    house.run(house._open())


def test_phones_come_back_after_a_restart(house: House) -> None:
    """The same address, port and certificate: a phone's key is bound to them."""
    phone = house.pair()
    port, shown = house.server.lan.port, house.server.lan.certificate_sha256

    _restart(house)
    until(lambda: house.server.lan.addresses == (LOOPBACK,))

    assert house.server.lan.port == port
    assert house.server.lan.certificate_sha256 == shown
    assert phone.log_in().status == 200


def test_without_a_phone_nothing_listens_after_a_restart(house: House) -> None:
    """The last one was revoked: the network is left alone."""
    phone = house.pair()
    Client(house.socket).delete(f"/api/devices/{phone.device_id}")

    _restart(house)

    house.run(house.server.phone.come_back())
    assert house.server.lan.addresses == ()


def test_a_dialog_that_nobody_used_opens_nothing_after_a_restart(house: House) -> None:
    """Paired earlier and turned off since; a cancelled dialog does not turn it on."""
    house.pair()
    client = Client(house.socket)
    client.delete("/api/phone")
    house.dialog()
    client.delete("/api/pair/dialog")

    _restart(house)

    house.run(house.server.phone.come_back())
    assert house.server.lan.addresses == ()


def test_turned_off_it_stays_off_until_it_is_turned_on(house: House) -> None:
    """Streams end, the open code dies, a restart changes nothing; then the same phone is served again."""
    phone = house.pair()
    events = phone.events()
    next(events)
    house.dialog()
    client = Client(house.socket)

    client.delete("/api/phone")
    with pytest.raises((StopIteration, OSError, ValueError)):
        next(events)
    closed = house.server.lan.addresses
    dialog = client.get("/api/pair/dialog")["state"]
    house._port = house.server.lan.port
    _restart(house)
    house.run(house.server.phone.come_back())
    still = house.server.lan.addresses
    client.put("/api/phone", {})

    assert (closed, dialog, still) == ((), "none", ())
    assert phone.log_in().status == 200


def test_it_is_not_turned_on_for_nobody(house: House) -> None:
    """Without a paired phone there is nobody to serve."""
    with pytest.raises(Refused, match="No phone is paired"):
        Client(house.socket).put("/api/phone", {})

    assert house.server.lan.addresses == ()


def test_an_address_that_comes_late_is_waited_for(house: House) -> None:
    """Started before the Wi-Fi is there: the phone is served once it is."""
    phone = house.pair()
    here, house.networks = house.networks, []
    _restart(house)
    house.run(house.server.phone.come_back())
    before = house.server.lan.addresses

    house.networks = here
    house.call(house.server.network_changed)
    until(lambda: house.server.lan.addresses == (LOOPBACK,))

    assert before == ()
    assert phone.log_in().status == 200


def test_a_new_address_in_the_same_network_is_followed(house: House) -> None:
    """As DHCP gives it: the old one is closed, the new one is served with a certificate of its own."""
    phone = house.pair()
    old = house.server.lan.certificate_sha256
    house.networks = [network for network in house.networks if network.address != LOOPBACK]

    house.call(house.server.network_changed)
    until(lambda: house.server.lan.addresses == ("127.0.0.2",))

    assert house.server.lan.certificate_sha256 != old
    host = f"127.0.0.2:{house.server.lan.port}"
    phone.host, phone.origin = host, f"https://{host}"
    assert phone.log_in().status == 200
    assert Client(house.socket).get("/api/phone") == {"addresses": [host], "name": None, "trouble": None}


def test_a_network_that_nobody_allowed_closes_the_listener(house: House) -> None:
    """Another router behind the same address: closed until the owner says yes; home again, open again."""
    house.networks = [replace(network, router="02:00:00:00:00:01") for network in house.networks]
    house.pair()
    client, home = Client(house.socket), house.networks
    abroad = [replace(network, router="02:00:00:00:00:99") for network in home]

    house.networks = abroad
    house.call(house.server.network_changed)
    until(lambda: not house.server.lan.addresses)
    house.networks = home
    house.call(house.server.network_changed)
    until(lambda: house.server.lan.addresses)
    house.networks = abroad
    house.call(house.server.network_changed)
    until(lambda: not house.server.lan.addresses)
    client.put("/api/phone", {})
    house.run(house.server.phone.follow())

    assert house.server.lan.addresses == (LOOPBACK,)


def test_a_code_dies_with_its_network(house: House) -> None:
    """Shown at home, it is worth nothing in a café."""
    client = Client(house.socket)
    house.networks = [replace(network, router="02:00:00:00:00:01") for network in house.networks]
    client.post("/api/pair/dialog", {"address": LOOPBACK})
    house.networks = [replace(network, router="02:00:00:00:00:99") for network in house.networks]

    house.call(house.server.network_changed)
    until(lambda: client.get("/api/pair/dialog")["reason"] == "The network has changed.")

    until(lambda: not house.server.lan.addresses)
    assert client.get("/api/pair/dialog")["url"] is None


@pytest.mark.parametrize(
    "note",
    [
        "",
        "x",
        "{}",
        '{"port": 47820, "networks": 1}',
        '{"port": 47820, "networks": [{"address": "0.0.0.0", "network": "0.0.0.0/0 lo"}, "x"]}',
        '{"port": 0, "networks": [{"address": "127.0.0.1", "network": "127.0.0.0/8 lo"}]}',
        "\0 \0",
        "0 ::",
    ],
)
def test_a_damaged_note_opens_nothing(house: House, note: str) -> None:
    """Whatever stands there: no wildcard, no other address, and the supervisor runs."""
    house.pair()
    house.backend.notes["phones"] = note

    _restart(house)
    house.run(house.server.phone.come_back())

    assert house.server.lan.addresses == ()
    assert Client(house.socket).get("/api/machine")["id"] == "m-1"
