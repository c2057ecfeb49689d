"""Which address goes into the code."""

import socket

import pytest

from supervisor.core.errors import Refused
from supervisor.remote import address
from supervisor.remote.address import Interface, exact, ranked, reachable, usable

WIFI = Interface("wlan0", ("192.168.1.23", "fe80::1", "fd12::23"))
DOCKER = Interface("docker0", ("172.17.0.1",))
VPN = Interface("wg0", ("10.8.0.2",), point_to_point=True)
TAILSCALE = Interface("tailscale0", ("100.101.1.2",))
LOOPBACK = Interface("lo", ("127.0.0.1", "::1"))


def test_the_network_that_phones_are_in_comes_first() -> None:
    """A private address on a real interface before bridges, tunnels and loopback."""
    found = ranked([DOCKER, VPN, TAILSCALE, LOOPBACK, WIFI], frozenset({"192.168.1.23"}))

    assert found[0].address == "192.168.1.23"
    assert {one.address for one in found} == {
        "192.168.1.23", "fd12::23", "172.17.0.1", "10.8.0.2", "100.101.1.2",
    }  # fmt: skip


def test_a_vpn_with_the_default_route_does_not_come_first() -> None:
    """The phone is in the room, not behind the tunnel."""
    found = ranked([VPN, WIFI], frozenset({"10.8.0.2"}))

    assert found[0].address == "192.168.1.23"


def test_what_speaks_against_an_address_is_said() -> None:
    """The owner may choose another one, and should know which is which."""
    link_local = Interface("eth0", ("169.254.7.7",))
    public = Interface("eth1", ("8.8.4.4",))

    notes = {
        one.address: one.note
        for one in ranked([DOCKER, VPN, TAILSCALE, link_local, public, WIFI], frozenset())
    }

    assert notes == {
        "192.168.1.23": "",
        "fd12::23": "",
        "8.8.4.4": "public address",
        "169.254.7.7": "no router gave this address",
        "100.101.1.2": "tunnel or VPN, shared range, Tailscale perhaps",
        "10.8.0.2": "tunnel or VPN",
        "172.17.0.1": "virtual network of this machine",
    }


def test_this_machine_can_be_asked() -> None:
    """The system's own list is read without surprises; loopback is never offered."""
    found = ranked()

    assert all(one.address not in ("127.0.0.1", "::1") for one in found)
    assert any(one.name == "lo" for one in address.interfaces())


@pytest.mark.parametrize(
    ("text", "one"),
    [("192.168.1.5", "192.168.1.5"), ("::ffff:192.168.1.5", "192.168.1.5"), ("FD00:0::5", "fd00::5")],
)
def test_an_address_has_one_spelling(text: str, one: str) -> None:
    """The Host list is compared exactly, so there is one way to write each."""
    assert exact(text) == one


@pytest.mark.parametrize(
    "text", ["0.0.0.0", "::", "::0", "0", "0x7f000001", "*", "", " ", "fe80::1%eth0", "::ffff:0:0"]
)
def test_everything_else_is_refused(text: str) -> None:
    """All addresses, names, numbers, and what only this machine could reach."""
    with pytest.raises(Refused):
        exact(text)


@pytest.mark.anyio
async def test_an_address_that_answers_is_reachable() -> None:
    """Tried for real, before the code is shown."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        answers = await reachable("127.0.0.1", port)
    silence = await reachable("127.0.0.1", port)

    assert (answers, silence) == (True, False)


def test_an_address_of_another_machine_is_not_usable() -> None:
    """Only what is ours now."""
    assert usable("127.0.0.1")
    assert not usable("192.0.2.7")
