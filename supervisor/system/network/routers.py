"""Routers and their hardware addresses, as the kernel knows them: proc_pid_net(5)."""

import sys

assert sys.platform == "linux"

import contextlib
import ipaddress
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

_ROUTES: Final = Path("/proc/net/route")
_NEIGHBOURS: Final = Path("/proc/net/arp")
_ROUTES_6: Final = Path("/proc/net/ipv6_route")
_ADDRESSES_6: Final = Path("/proc/net/if_inet6")
#: Flags of an IPv6 address: temporary (RFC 8981), or being given up.
_PASSING: Final = 0x01 | 0x20
#: Flags of a route: it is up, and leads to a router.
_TO_ROUTER: Final = 0x1 | 0x2
#: Flag of a neighbour: its hardware address is known.
_COMPLETE: Final = 0x2
#: Seconds in which a router answers who it is.
_ANSWER: Final = 1.0
_PAUSE: Final = 0.05
#: Whatever is sent there is thrown away (RFC 863).
_DISCARD: Final = 9


def routers() -> Mapping[str, str]:
    """Interface → hardware address of the router of its default route. Blocking, 1 s at most."""
    gateways = dict(_gateways(_lines(_ROUTES)))
    deadline = time.monotonic() + _ANSWER
    _ask(gateways.values())
    while True:
        known = dict(_known(_lines(_NEIGHBOURS)))
        found = {name: known[name, gate] for name, gate in gateways.items() if (name, gate) in known}
        if len(found) == len(gateways) or time.monotonic() > deadline:
            return found
        time.sleep(_PAUSE)


def routed() -> frozenset[str]:
    """Interfaces with a default route that leads to a router."""
    found = {name for name, _ in _gateways(_lines(_ROUTES))}
    for destination, bits, _source, _bits, gateway, *_rest, flags, name in _lines(_ROUTES_6, headings=0):
        if int(destination, 16) == int(bits, 16) == 0 and int(gateway, 16) and int(flags, 16) & _TO_ROUTER:
            found.add(name)
    return frozenset(found)


def passing() -> frozenset[str]:
    """Our IPv6 addresses that are there for a while only."""
    lines = _lines(_ADDRESSES_6, headings=0)
    return frozenset(
        str(ipaddress.IPv6Address(int(address, 16)))
        for address, _index, _bits, _scope, flags, _name in lines
        if int(flags, 16) & _PASSING
    )


def _ask(addresses: Iterable[str]) -> None:
    """Make the kernel find out who they are: it does before it sends the first packet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        for address in addresses:
            with contextlib.suppress(OSError):
                anything.sendto(b"", (address, _DISCARD))


def _gateways(lines: Iterable[list[str]]) -> Iterator[tuple[str, str]]:
    for name, destination, gateway, flags, *_ in lines:
        if int(destination, 16) == 0 and int(flags, 16) & _TO_ROUTER == _TO_ROUTER:
            # As it lies in memory: in the byte order of this machine.
            yield name, socket.inet_ntoa(int(gateway, 16).to_bytes(4, sys.byteorder))


def _known(lines: Iterable[list[str]]) -> Iterator[tuple[tuple[str, str], str]]:
    for address, _kind, flags, hardware, _mask, name, *_ in lines:
        if int(flags, 16) & _COMPLETE:
            yield (name, address), hardware


def _lines(table: Path, headings: int = 1) -> list[list[str]]:
    """Without the headings; empty where the kernel was built without."""
    try:
        return [line.split() for line in table.read_text(encoding="ascii").splitlines()[headings:]]
    except OSError:
        return []
