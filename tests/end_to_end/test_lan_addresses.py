"""Which address goes into the code, among the real interfaces that a desktop may have."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("network namespaces are a thing of Linux", allow_module_level=True)
assert sys.platform == "linux"

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.lab.fixtures import do_without

ROOT = Path(__file__).parents[2]
ASK = """
import json
from supervisor.remote.address import ranked
from supervisor.system import network
print(json.dumps([[one.address, one.note] for one in ranked(hints=network.hints())]))
"""

#: Each line is a command of ip(8). What needs a card or a program at its other end is one end of a pair.
CABLE = """
link add eth0 type veth peer name far0
link set far0 up
link set eth0 up
addr add 192.168.1.5/24 dev eth0
"""
WIFI = """
link add wlan0 type veth peer name far1
link set far1 up
link set wlan0 up
addr add 192.168.178.23/24 dev wlan0
"""
DOCKER = """
link add docker0 type bridge
addr add 172.17.0.1/16 dev docker0
link set docker0 up
link add br-0a1b2c3d type bridge
addr add 172.18.0.1/16 dev br-0a1b2c3d
link set br-0a1b2c3d up
"""
VPN = """
link add tun0 type veth peer name far3
link set far3 up
addr add 10.8.0.2/24 dev tun0
link set tun0 up
link add wg0 type veth peer name far2
link set far2 up
addr add 10.9.0.2/32 dev wg0
link set wg0 up
route add default dev tun0 metric 50
"""
VIA_CABLE = "route add default via 192.168.1.1 metric 100\n"
VIA_WIFI = "route add default via 192.168.178.1 metric 600\n"
ONLY_6 = """
link add wlan0 type veth peer name far1
link set far1 up
link set wlan0 up
addr add 2001:db8:7::23/64 dev wlan0 nodad
addr add 2001:db8:7::99/64 dev wlan0 nodad preferred_lft 0
route add default via fe80::1 dev wlan0
"""

SCENES = {
    "a cable": (CABLE + VIA_CABLE, "192.168.1.5"),
    "a cable and Wi-Fi, both lead on": (CABLE + WIFI + VIA_CABLE + VIA_WIFI, "192.168.1.5"),
    "a cable to a machine, Wi-Fi leads on": (CABLE + WIFI + VIA_WIFI, "192.168.178.23"),
    "containers": (DOCKER + WIFI + VIA_WIFI, "192.168.178.23"),
    "a VPN that takes all": (VPN + WIFI + VIA_WIFI, "192.168.178.23"),
    "a VPN, a cable to a machine, Wi-Fi": (VPN + CABLE + WIFI + VIA_WIFI, "192.168.178.23"),
    "a VPN and containers, a cable": (VPN + DOCKER + CABLE + VIA_CABLE, "192.168.1.5"),
    "only IPv6": (ONLY_6, "2001:db8:7::23"),
    "a cable between two machines": (CABLE.replace("192.168.1.5/24", "169.254.7.7/16"), "169.254.7.7"),
    "a cable without an address, Wi-Fi": (
        CABLE.replace("192.168.1.5/24", "169.254.7.7/16") + WIFI,
        "192.168.178.23",
    ),
    "only containers": (DOCKER, "172.18.0.1"),
    "nothing": ("link set lo up", None),
}


@pytest.fixture
def network() -> Iterator[str]:
    """An empty network namespace."""
    if shutil.which("ip") is None:
        do_without("needs ip: apt install iproute2")
    if os.geteuid() != 0:
        do_without("network namespaces need root: run the tests as root")
    name = f"wla{os.getpid()}"
    if "not permitted" in ip("netns", "add", name, check=False):
        do_without("network namespaces are not allowed here: run on a machine of your own")
    yield name
    ip("netns", "delete", name)


def ip(*arguments: str, check: bool = True) -> str:
    """One command of ip(8)."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert not check or done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stderr


def found(network: str, scene: str) -> list[tuple[str, str]]:
    """All addresses of that desktop, the best first, and what is said of each."""
    commands = "".join(f"{line}\n" for line in scene.splitlines() if line)
    subprocess.run(["ip", "-n", network, "-batch", "-"], input=commands, text=True, check=True, timeout=60)
    asked = ["ip", "netns", "exec", network, sys.executable, "-c", ASK]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60, cwd=ROOT).stdout
    return [(address, note) for address, note in json.loads(told)]


@pytest.mark.parametrize("scene", SCENES)
def test_the_address_that_a_phone_can_reach_comes_first(network: str, scene: str) -> None:
    """Real links, routes and tunnels, under the names that they have."""
    commands, best = SCENES[scene]

    addresses = [address for address, _ in found(network, commands)]

    assert next(iter(addresses), None) == best


def test_what_is_no_place_for_a_phone_is_said_so(network: str) -> None:
    """All are offered, and the owner sees which is which."""
    notes = dict(found(network, VPN + DOCKER + ONLY_6))

    assert notes["10.8.0.2"] == notes["10.9.0.2"] == "tunnel or VPN"
    assert notes["172.17.0.1"] == notes["172.18.0.1"] == "virtual network of this machine"
    assert "temporary address" in notes["2001:db8:7::99"]
    assert not [address for address in notes if address.startswith("fe80")]
