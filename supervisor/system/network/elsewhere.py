"""Where the system does not tell: addresses are looked at now and then, which costs little."""

import asyncio
from collections.abc import Callable
from typing import Final

import psutil

#: Seconds between two looks.
_EVERY: Final = 10.0


async def follow(changed: Callable[[], None]) -> None:
    """See ``network.follow``."""
    before = await asyncio.to_thread(_picture)
    while True:
        await asyncio.sleep(_EVERY)
        now = await asyncio.to_thread(_picture)
        if now != before:
            before = now
            changed()


def _picture() -> frozenset[tuple[str, str, bool]]:
    """Every address of every interface that is up."""
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    return frozenset(
        (name, address.address, name in up)
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
    )
