"""On which networks phones are served: those that the owner chose, and at whatever address we have there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One address of this machine, and the network that it is in."""

    address: str
    interface: str
    #: For example ``192.168.1.0/24``.
    prefix: str
    #: The hardware address of its router; ``None``: there is none, or it does not answer.
    router: str | None = None

    @property
    def key(self) -> str:
        """The same for as long as it is the same network: many homes and cafés share a prefix."""
        return f"{self.prefix} {self.router or self.interface}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the system tells beside the bare addresses."""

    #: Interfaces behind which is a router that leads on, whether it is preferred or not.
    routed: frozenset[str] = frozenset()
    #: Addresses that are given up soon: temporary ones of IPv6, and those that are on their way out.
    passing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Served:
    """A network in which phones are served, and our last address there."""

    address: str
    network: str

    def shown(self) -> Mapping[str, str]:
        """As it is kept."""
        return {"address": self.address, "network": self.network}


def read(found: Any) -> Served | None:
    """What ``shown`` gave; ``None`` for anything else."""
    match found:
        case {"address": str(address), "network": str(network)}:
            return Served(address, network)
    return None


def standing(
    served: Sequence[Served], present: Sequence[Network], listening: Collection[str]
) -> Mapping[Served, Served | None]:
    """Where each of *served* is to be found now; ``None``: we are not in that network.

    *present*: the best first. *listening*: the addresses that are served at this moment.
    """
    return {one: _standing(one, present, listening) for one in served}


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """A firewall of this machine. *lets*: whether our port gets through; ``None``: not to be known."""

    name: str
    lets: bool | None
    #: What lets the port in.
    remedy: str


def nobody_came(place: str, barriers: Sequence[Barrier]) -> str:
    """What may keep a phone away that was shown the code, in a few words. *place*: address and port."""
    told = f"No device has reached {place} yet."
    shut = [one for one in barriers if one.lets is False] or [one for one in barriers if one.lets is None]
    if not shut:
        return f"{told} Is the phone in this network? Guest Wi-Fi keeps its devices apart (client isolation)."
    does = "keeps it shut" if shut[0].lets is False else "may keep it shut"
    return f"{told} A firewall, {shut[0].name}, {does}: {shut[0].remedy}. Or the Wi-Fi keeps devices apart."


def _standing(one: Served, present: Sequence[Network], listening: Collection[str]) -> Served | None:
    there = [network for network in present if network.key == one.network]
    if any(network.address == one.address for network in there):
        return one
    if there:
        return replace(one, address=there[0].address)
    # Nobody has left the network because its router fell silent, or came to be known.
    same = [n for n in present if n.address == one.address and one.address in listening and _alike(n, one)]
    return replace(one, network=same[0].key if same[0].router else one.network) if same else None


def _alike(network: Network, one: Served) -> bool:
    prefix, _, known_by = one.network.partition(" ")
    return network.prefix == prefix and (network.router is None or known_by == network.interface)


def is_unsure(served: Sequence[Served], present: Sequence[Network]) -> bool:
    """Whether one of *served* may be here, if only its router answered."""
    prefixes = {one.network.partition(" ")[0] for one in served}
    return any(network.router is None and network.prefix in prefixes for network in present)


def strange(served: Sequence[Served], present: Sequence[Network]) -> str | None:
    """Why phones are not served here, in a sentence; ``None``: they are, or there is no network."""
    outside = [network for network in present if not ip_address(network.address).is_loopback]
    if not served or not outside or any(standing(served, present, ()).values()):
        return None
    here = f"{outside[0].interface}, {outside[0].prefix}"
    return f"Phones are not served in this network ({here}): you have not allowed it."
