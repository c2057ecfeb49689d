"""Where a firewall asks its user by itself: it may have been answered with no."""

from collections.abc import Mapping, Sequence
from typing import Final

from supervisor.core.networks import Barrier

_KNOWN: Final[Mapping[str, Barrier]] = {
    "darwin": Barrier(
        name="that of macOS",
        lets=None,
        remedy="System Settings, Network, Firewall, Options: allow Python or Wakeline",
    ),
    "win32": Barrier(
        name="Windows Defender",
        lets=None,
        remedy="Windows Security, Firewall, Allow an app: tick Private for Wakeline",
    ),
}


def barriers(system: str) -> Sequence[Barrier]:
    """What that system usually has."""
    return [_KNOWN[system]] if system in _KNOWN else []
