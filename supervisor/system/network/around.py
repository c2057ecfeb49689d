"""The networks that this machine is in now."""

import ipaddress
import socket
import sys
from collections.abc import Mapping
from typing import Any

import psutil

from supervisor.core.networks import Hints, Network


def around() -> list[Network]:
    """Every internet address of this machine on an interface that is up, with its network.

    Blocking, 1 s at most: a router that has not been spoken to lately is asked for its hardware address.
    """
    states = psutil.net_if_stats()
    routers = _routers()
    return [
        Network(address=address, interface=name, prefix=prefix, router=routers.get(name))
        for name, entries in psutil.net_if_addrs().items()
        if name in states and states[name].isup
        for address, prefix in filter(None, map(_network, entries))
    ]


def hints() -> Hints:
    """What the system tells beside the bare addresses; nothing where it does not."""
    if sys.platform == "linux":
        from supervisor.system.network import routers

        return Hints(routed=routers.routed(), passing=routers.passing())
    return Hints()


def _network(entry: Any) -> tuple[str, str] | None:
    if entry.family not in (socket.AF_INET, socket.AF_INET6) or not entry.netmask:
        return None
    address = ipaddress.ip_address(entry.address.partition("%")[0])
    # A link-local IPv6 address needs a scope that only this machine knows.
    if address.version == 6 and address.is_link_local:
        return None
    bits = int(ipaddress.ip_address(entry.netmask)).bit_count()
    return str(address), str(ipaddress.ip_network((address, bits), strict=False))


def _routers() -> Mapping[str, str]:
    """Interface → hardware address of its IPv4 router, where the system tells."""
    if sys.platform == "linux":
        from supervisor.system.network import routers

        return routers.routers()
    return {}
