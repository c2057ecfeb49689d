"""The kernel tells of every change of links, addresses and routes by itself: rtnetlink(7)."""

import sys

assert sys.platform == "linux"

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Final

from supervisor.system.network import elsewhere

logger = logging.getLogger(__name__)

#: Groups of rtnetlink(7): links, and addresses and routes of both families.
_LINK, _IPV4_ADDRESS, _IPV4_ROUTE, _IPV6_ADDRESS, _IPV6_ROUTE = 0x1, 0x10, 0x40, 0x100, 0x400
_GROUPS: Final = _LINK | _IPV4_ADDRESS | _IPV4_ROUTE | _IPV6_ADDRESS | _IPV6_ROUTE
#: Seconds in which the many messages of one change are gathered.
_GATHER: Final = 0.25
_CHUNK: Final = 64 * 1024


async def follow(changed: Callable[[], None]) -> None:
    """See ``network.follow``."""
    try:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        listening = socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE)
        listening.bind((0, _GROUPS))
    except OSError as trouble:
        # Some containers forbid it.
        logger.info("the kernel does not tell of the network (%s); it is looked at now and then", trouble)
        await elsewhere.follow(changed)
        return
    with contextlib.closing(listening):
        listening.setblocking(False)
        await _listen(listening, changed)


async def _listen(listening: socket.socket, changed: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    loop.add_reader(listening, _take, listening, told)
    try:
        while True:
            await told.wait()
            await asyncio.sleep(_GATHER)
            told.clear()
            changed()
    finally:
        loop.remove_reader(listening)


def _take(listening: socket.socket, told: asyncio.Event) -> None:
    # What exactly has changed is of no interest; that messages were lost (ENOBUFS) is a change, too.
    with contextlib.suppress(OSError):
        while listening.recv(_CHUNK):
            pass
    told.set()
