"""The entry on the local network, with real multicast on loopback."""

from collections.abc import Callable

import pytest
from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from supervisor.remote.announce import KIND, Announcement
from tests.fakes.waiting import Seen

pytestmark = pytest.mark.anyio

NAME = "wakeline-0123456789.local"


async def test_a_phone_finds_us_and_hears_us_go() -> None:
    """A random name and the port; moved when addresses change; a goodbye at the end."""
    seen = Seen()
    async with AsyncZeroconf(interfaces=["127.0.0.1"]) as phone:
        browser = AsyncServiceBrowser(phone.zeroconf, KIND, handlers=[_noting(seen)])
        announcement = Announcement()

        problem = await announcement.begin(NAME, ["127.0.0.1"], 47820)
        await seen.wait_for((ServiceStateChange.Added, f"wakeline-0123456789.{KIND}"))
        found = AsyncServiceInfo(KIND, f"wakeline-0123456789.{KIND}")
        await found.async_request(phone.zeroconf, 3000)
        moved = await announcement.begin(NAME, ["127.0.0.1"], 47821)
        await seen.wait_for((ServiceStateChange.Updated, f"wakeline-0123456789.{KIND}"))
        await announcement.end()
        await seen.wait_for((ServiceStateChange.Removed, f"wakeline-0123456789.{KIND}"))
        await browser.async_cancel()

    assert (problem, moved) == (None, None)
    assert (found.port, found.parsed_addresses()) == (47820, ["127.0.0.1"])
    assert found.server == f"{NAME}."
    assert found.properties == {}


async def test_what_cannot_be_announced_is_said_and_does_not_break() -> None:
    """Pairing works without it."""
    announcement = Announcement()
    too_long = f"{'x' * 80}.local"

    problem = await announcement.begin(too_long, ["127.0.0.1"], 47820)
    await announcement.end()

    assert problem
    assert too_long in problem


def _noting(seen: Seen) -> Callable[..., None]:
    def note(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:  # noqa: ARG001
        seen.add((state_change, name))

    return note
