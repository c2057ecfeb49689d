"""Says on the local network that we are here: a random name and a port, nothing else."""

import asyncio
import contextlib
import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zeroconf import ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

KIND = "_wakeline._tcp.local."
#: Who is killed cannot say goodbye: the entry is gone by itself soon after (usual are 75 minutes).
_LIVES_SECONDS = 120


class Announcement:
    """Owns our entry on the local network, from ``begin`` to ``end``."""

    def __init__(self) -> None:
        self._zeroconf: AsyncZeroconf | None = None
        self._info: ServiceInfo | None = None
        self._turn = asyncio.Lock()

    async def begin(self, name: str, addresses: Sequence[str], port: int) -> str | None:
        """Announce *name* (``xyz.local``) at these addresses, or move the entry there.

        The answer is ``None``, or one sentence on why there is no entry: pairing works without it.
        """
        from zeroconf import Error

        async with self._turn:
            try:
                info = _info(name, addresses, port)
                await (self._move if self._zeroconf else self._register)(info, addresses)
            except (Error, OSError, TimeoutError) as trouble:
                await self._close()
                return f"The name {name} cannot be announced: {trouble or type(trouble).__name__}."
        return None

    async def end(self) -> None:
        """Say goodbye."""
        async with self._turn:
            if self._zeroconf and self._info:
                with contextlib.suppress(OSError, TimeoutError):
                    async with asyncio.timeout(2):
                        await (await self._zeroconf.async_unregister_service(self._info))
            await self._close()

    async def _register(self, info: "ServiceInfo", addresses: Sequence[str]) -> None:
        from zeroconf.asyncio import AsyncZeroconf

        self._zeroconf = AsyncZeroconf(interfaces=list(addresses))
        await (await self._zeroconf.async_register_service(info))
        self._info = info

    async def _move(self, info: "ServiceInfo", addresses: Sequence[str]) -> None:
        if self._zeroconf is None:
            return
        # Without this the news goes out on the sockets of the old addresses only.
        await self._zeroconf.async_update_interfaces(list(addresses))
        await (await self._zeroconf.async_update_service(info))
        self._info = info

    async def _close(self) -> None:
        zeroconf, self._zeroconf, self._info = self._zeroconf, None, None
        if zeroconf:
            await zeroconf.async_close()


def _info(name: str, addresses: Sequence[str], port: int) -> "ServiceInfo":
    from zeroconf import ServiceInfo

    label = name.removesuffix(".local")
    return ServiceInfo(
        KIND,
        f"{label}.{KIND}",
        addresses=[ipaddress.ip_address(address).packed for address in addresses],
        port=port,
        server=f"{name}.",
        properties={},
        host_ttl=_LIVES_SECONDS,
        other_ttl=_LIVES_SECONDS,
    )
