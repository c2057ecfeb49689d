"""Answers that come bit by bit to one reader: a terminal's screen, or one late answer to a hook.

Each part is asked for when the one before was taken, so the newest state wins and nothing piles up.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, Protocol

from supervisor.remote.exchange import Caller, Carry

#: For one device; the oldest makes room.
PER_DEVICE: Final = 4


class Carrier(Protocol):
    """The connection of one reader."""

    @property
    def gone(self) -> asyncio.Event:
        """Set when the other side has gone."""
        ...

    def abort(self) -> None:
        """Cut the connection now."""
        ...


class Carriers:
    """Owns who is being carried to."""

    def __init__(self) -> None:
        self._devices: dict[Carrier, str | None] = {}

    async def serve(
        self, carrier: Carrier, write: Callable[[bytes], Awaitable[None]], carry: Carry, caller: Caller
    ) -> None:
        """Carry until the parts end, the reader goes, or we have had enough."""
        self._make_room(caller.device_id)
        self._devices[carrier] = caller.device_id
        carrying = asyncio.ensure_future(_carry(carry, write))
        leaving = asyncio.ensure_future(carrier.gone.wait())
        try:
            await asyncio.wait({carrying, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._devices[carrier]
            leaving.cancel()
            carrying.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await carrying

    def close_device(self, device_id: str) -> None:
        """End all that is carried to this device now."""
        for carrier in [one for one, device in self._devices.items() if device == device_id]:
            carrier.abort()

    def close(self) -> None:
        """End everything, without an end: a hook that was cut off asks again, one that was ended does not."""
        for carrier in tuple(self._devices):
            carrier.abort()

    def _make_room(self, device_id: str | None) -> None:
        own = [one for one, device in self._devices.items() if device == device_id]
        for carrier in own[: max(0, len(own) + 1 - PER_DEVICE)] if device_id else ():
            carrier.abort()


async def _carry(carry: Carry, write: Callable[[bytes], Awaitable[None]]) -> None:
    parts = carry.parts
    try:
        async for part in parts:
            await write(part)
    finally:
        if isinstance(parts, AsyncGenerator):
            await parts.aclose()
