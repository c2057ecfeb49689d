"""Which networks phones are served in."""

from dataclasses import replace

import pytest

from supervisor.core.networks import Barrier, Network, Served, is_unsure, nobody_came, read, standing, strange

HOME = Network(address="192.168.1.5", interface="wlan0", prefix="192.168.1.0/24", router="02:00:00:00:00:01")
CAFE = replace(HOME, router="02:00:00:00:00:99")
SILENT = replace(HOME, router=None)
AT_HOME = Served(HOME.address, HOME.key)
LOOPBACK = Network(address="127.0.0.1", interface="lo", prefix="127.0.0.0/8")


def now(served: Served, *present: Network, listening: str = "") -> Served | None:
    """Where it is to be found."""
    return standing([served], present, {listening})[served]


def test_where_it_was_it_stays() -> None:
    """A second address in the same network is not served unasked."""
    second = replace(HOME, address="192.168.1.2")

    assert now(AT_HOME, second, HOME) == AT_HOME


def test_a_new_address_is_followed() -> None:
    """The first of what is left: the best one."""
    moved = [replace(HOME, address=address) for address in ("192.168.1.7", "192.168.1.8")]

    assert now(AT_HOME, *moved) == Served("192.168.1.7", HOME.key)


def test_on_another_interface_it_is_the_same_network() -> None:
    """From Wi-Fi to cable at home."""
    cable = replace(HOME, interface="eth0", address="192.168.1.6")

    assert now(AT_HOME, cable) == Served("192.168.1.6", HOME.key)


def test_the_same_address_behind_another_router_is_another_network() -> None:
    """Also if it is listened on at this moment."""
    assert now(AT_HOME, CAFE, listening=HOME.address) is None


def test_a_router_that_falls_silent_changes_nothing() -> None:
    """The internet is gone, the phone is still there; but after a start nobody knows where we are."""
    assert now(AT_HOME, SILENT, listening=HOME.address) == AT_HOME
    assert now(AT_HOME, SILENT) is None
    assert is_unsure([AT_HOME], [SILENT])
    assert not is_unsure([AT_HOME], [CAFE])


def test_a_router_that_comes_to_be_known_is_kept() -> None:
    """It had not answered when the owner chose this network."""
    unknown = Served(SILENT.address, SILENT.key)

    assert now(unknown, HOME, listening=HOME.address) == AT_HOME
    assert now(unknown, HOME) is None
    assert now(unknown, replace(HOME, interface="eth0"), listening=HOME.address) is None


def test_nowhere_is_nowhere() -> None:
    """Between two networks."""
    assert now(AT_HOME) is None


def test_it_is_said_why_no_phone_is_served() -> None:
    """In the words of the network; not where there is nothing to be served, or no network."""
    assert strange([AT_HOME], [CAFE, LOOPBACK]) == (
        "Phones are not served in this network (wlan0, 192.168.1.0/24): you have not allowed it."
    )
    assert strange([AT_HOME], [LOOPBACK, HOME]) is None
    assert strange([AT_HOME], [LOOPBACK]) is None
    assert strange([], [CAFE]) is None


@pytest.mark.parametrize("found", [None, [], "x", {}, {"address": 1, "network": "x"}, {"address": "x"}])
def test_what_was_kept_is_read_or_nothing(found: object) -> None:
    """A damaged note is no reason to listen anywhere."""
    assert read(found) is None
    assert read(dict(AT_HOME.shown())) == AT_HOME


@pytest.mark.parametrize(
    ("barriers", "said"),
    [
        ([], "client isolation"),
        ([Barrier(name="ufw", lets=True, remedy="x")], "client isolation"),
        (
            [Barrier(name="ufw", lets=None, remedy="sudo ufw allow 47820/tcp")],
            "ufw, may keep it shut: sudo ufw",
        ),
        (
            [
                Barrier(name="nftables", lets=None, remedy="x"),
                Barrier(name="firewalld", lets=False, remedy="sudo firewall-cmd --add-port=47820/tcp"),
            ],
            "firewalld, keeps it shut: sudo firewall-cmd",
        ),
    ],
    ids=["none", "open", "perhaps", "shut"],
)
def test_who_waits_in_vain_is_told_what_may_be_in_the_way(barriers: list[Barrier], said: str) -> None:
    """In so few words that a window shows them whole."""
    told = nobody_came("192.168.100.200:47820", barriers)

    assert told.startswith("No device has reached 192.168.100.200:47820 yet.")
    assert said in told
    assert len(told) <= 200
