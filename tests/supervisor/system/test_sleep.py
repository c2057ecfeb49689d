"""A machine that goes to sleep says so before and after: the real logind on a bus of its own."""

import asyncio
import sys
import time
from collections.abc import Iterator

import pytest

from supervisor.system import sleep
from supervisor.system.sleep import elsewhere
from tests.lab.waiting import until

pytestmark = pytest.mark.anyio


async def told_until(enough: int, seconds: float = 60.0) -> list[bool]:
    """What is told, until that is so much."""
    told: list[bool] = []
    done = asyncio.Event()

    def take(before: bool) -> None:
        told.append(before)
        if len(told) >= enough:
            done.set()

    following = asyncio.ensure_future(sleep.follow(take))
    try:
        await asyncio.wait_for(done.wait(), seconds)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    return told


if sys.platform == "linux":
    from jeepney import DBusAddress, new_signal
    from jeepney.io.blocking import open_dbus_connection

    from tests.lab.buses import Place, place

    _MANAGER = DBusAddress("/org/freedesktop/login1", interface="org.freedesktop.login1.Manager")

    @pytest.fixture
    def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
        """A machine that goes to sleep when nobody uses it for a second."""
        with place(Place.start_system_bus) as made:
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", made.environment["DBUS_SYSTEM_BUS_ADDRESS"])
            yield made

    def waits_for_us(machine: Place) -> bool:
        """Whether logind lists our lock."""
        return any(who == "Wakeline" for _, who, _ in machine.locks())

    def say(machine: Place, *, before: bool) -> None:
        """What logind says; it cannot really suspend here, so it is said for it."""
        signal = new_signal(_MANAGER, "PrepareForSleep", "b", (before,))
        with open_dbus_connection(machine.environment["DBUS_SYSTEM_BUS_ADDRESS"]) as connection:
            connection.send(signal)

    async def test_sleep_is_told_before_and_waking_after(machine: Place) -> None:
        """logind waits for us with a lock that it lists, so that phones can be told."""
        machine.start_logind()
        listening = asyncio.ensure_future(told_until(2))

        await asyncio.to_thread(until, lambda: waits_for_us(machine))
        say(machine, before=True)
        await asyncio.to_thread(until, lambda: not waits_for_us(machine))
        say(machine, before=False)

        assert await listening == [True, False]

    async def test_after_a_sleep_the_next_one_is_told_as_well(machine: Place) -> None:
        """The lock is taken again when the machine wakes."""
        machine.start_logind()
        listening = asyncio.ensure_future(told_until(3))
        for before in (True, False, True):
            await asyncio.to_thread(until, lambda before=before: waits_for_us(machine) is before)
            say(machine, before=before)

        assert await listening == [True, False, True]

    async def test_a_logind_that_starts_anew_waits_for_us_too(machine: Place) -> None:
        """An update of the system starts it anew: our lock is taken there as well."""
        machine.start_logind()
        listening = asyncio.ensure_future(told_until(1))
        await asyncio.to_thread(until, lambda: waits_for_us(machine))

        machine.running["logind"].kill()
        await asyncio.to_thread(machine.start_logind)

        await asyncio.to_thread(until, lambda: waits_for_us(machine))
        say(machine, before=True)
        assert await listening == [True]

    async def test_a_bus_that_starts_anew_is_listened_to_soon(machine: Place) -> None:
        """Not after minutes: a machine that has just slept may sleep again."""
        machine.start_logind()
        listening = asyncio.ensure_future(told_until(1))
        await asyncio.to_thread(until, lambda: waits_for_us(machine))

        machine.running["logind"].kill()
        machine.running["system-bus"].kill()
        await asyncio.to_thread(machine.start_system_bus)
        await asyncio.to_thread(machine.start_logind)

        await asyncio.to_thread(until, lambda: waits_for_us(machine))
        say(machine, before=True)
        assert await listening == [True]


async def test_a_clock_that_ran_on_tells_of_a_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody tells, time that passed while nothing ran is a sleep."""
    monkeypatch.setattr(elsewhere, "_EVERY", 0.01)
    started = time.monotonic()
    jumped = iter([(1000.0, 0.0), (1010.0, 10.0), (5000.0, 20.0)])
    monkeypatch.setattr(elsewhere, "_both", lambda: next(jumped, (5000.0 + time.monotonic() - started, 20.0)))
    told: list[bool] = []
    heard = asyncio.Event()

    def take(before: bool) -> None:
        told.append(before)
        heard.set()

    following = asyncio.ensure_future(elsewhere.follow(take))
    await asyncio.wait_for(heard.wait(), 60)
    following.cancel()

    assert told == [False]
