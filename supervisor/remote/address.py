"""Which of this machine's addresses a phone on the same network can most likely reach."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from supervisor.core.errors import Refused
from supervisor.core.networks import Hints

_BRIDGES = (
    "docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "podman", "cni", "flannel", "lxc", "lxd",
    "vethernet", "hyper-v", "wsl", "bridge", "awdl", "llw", "anpi", "ap1",
)  # fmt: skip
_TUNNELS = ("tun", "tap", "wg", "utun", "ppp", "tailscale", "zt", "ipsec", "nordlynx", "proton")
_SHARED = ipaddress.ip_network("100.64.0.0/10")
_REACH_SECONDS = 2.0
NO_HINTS = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One address of this machine, and what speaks for or against it."""

    address: str
    interface: str
    score: int
    #: In a person's words; empty when there is nothing to say.
    note: str


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface that is up, as the system lists it."""

    name: str
    addresses: tuple[str, ...]
    point_to_point: bool = False


def exact(text: str) -> str:
    """The one spelling of an address that may be listened on.

    Raises ``Refused`` for names, for every spelling of "all addresses", and for what no phone reaches.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError as trouble:
        raise Refused(f"{text!r:.60} is not an address.", "Give one address of this machine.") from trouble
    inner = getattr(address, "ipv4_mapped", None) or address
    if inner.is_unspecified or inner.is_multicast or getattr(address, "scope_id", None):
        raise Refused(
            f"{text!r:.60} is not one address of this machine.",
            "Wakeline listens on addresses you choose, never on all of them.",
        )
    return str(inner)


def interfaces() -> list[Interface]:
    """The interfaces that are up, with their internet addresses."""
    states = psutil.net_if_stats()
    found = []
    for name, entries in psutil.net_if_addrs().items():
        state = states.get(name)
        if state is None or not state.isup:
            continue
        addresses = tuple(
            entry.address.partition("%")[0]
            for entry in entries
            if entry.family in (socket.AF_INET, socket.AF_INET6)
        )
        found.append(Interface(name, addresses, "pointopoint" in state.flags))
    return found


def ranked(
    present: Sequence[Interface] | None = None,
    routes: frozenset[str] | None = None,
    hints: Hints = NO_HINTS,
) -> list[Candidate]:
    """All addresses that a phone might reach, the best first. *hints*: what else the system tells."""
    present = interfaces() if present is None else present
    routes = default_sources() if routes is None else routes
    found = [
        candidate
        for interface in present
        for address in interface.addresses
        if (candidate := _judge(interface, address, routes, hints))
    ]
    return sorted(found, key=lambda one: (-one.score, one.interface, one.address))


def default_sources() -> frozenset[str]:
    """Our addresses on the default routes. Nothing is sent: the kernel only looks up the route."""
    found = set()
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            found.add(str(probe.getsockname()[0]))
    return frozenset(found)


async def reachable(address: str, port: int) -> bool:
    """Whether our own listener answers at this address."""
    try:
        async with asyncio.timeout(_REACH_SECONDS):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return False
    writer.transport.abort()
    return True


def usable(address: str) -> bool:
    """Whether the address is this machine's right now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _judge(interface: Interface, text: str, routes: frozenset[str], hints: Hints) -> Candidate | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if address.is_loopback or address.is_multicast or address.is_unspecified:
        return None
    # A link-local IPv6 address needs a scope that only this machine knows.
    if address.version == 6 and address.is_link_local:
        return None
    points = _points(interface, address, routes, hints)
    notes = [note for note in points if note]
    score = sum(points.values()) + (10 if address.version == 4 else 0)
    return Candidate(address=str(address), interface=interface.name, score=score, note=", ".join(notes))


def _points(
    interface: Interface,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    routes: frozenset[str],
    hints: Hints,
) -> Mapping[str, int]:
    """What counts for and against it, by its note; an empty note counts silently."""
    name = interface.name.lower()
    points = {"": 0}
    # A VPN that takes all that goes out leaves the home network its router, if not the first place.
    if str(address) in routes or interface.name in hints.routed:
        points[""] += 40
    if str(address) in hints.passing:
        points["temporary address"] = -15
    if name.startswith(_BRIDGES):
        points["virtual network of this machine"] = -60
    if name.startswith(_TUNNELS) or interface.point_to_point:
        points["tunnel or VPN"] = -50
    if address.is_link_local:
        points["no router gave this address"] = -30
    elif address.version == 4 and address in _SHARED:
        points["shared range, Tailscale perhaps"] = -10
    elif address.is_private:
        points[""] += 20
    else:
        points["public address"] = -5
    return points
