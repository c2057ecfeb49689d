"""Power on Linux: batteries and chargers as kernels describe them, and announcements as they come."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("Linux only", allow_module_level=True)
assert sys.platform == "linux"

from supervisor.core.model import Power
from supervisor.system.power import follow
from supervisor.system.power.linux import Announcements, read

NETLINK_KOBJECT_UEVENT = 15


def supply(folder: Path, name: str, **files: object) -> Path:
    """One power supply, as the kernel shows it."""
    (folder / name).mkdir(exist_ok=True)
    for file, content in files.items():
        (folder / name / file).write_text(f"{content}\n")
    return folder / name


def battery(folder: Path, name: str = "BAT0", **files: object) -> Path:
    """A battery of the machine."""
    return supply(folder, name, **{"type": "Battery", "present": 1, "status": "Discharging", **files})


def test_a_notebook_on_its_battery(tmp_path: Path) -> None:
    """The charge is what the desktop shows too."""
    battery(tmp_path, capacity=57)
    supply(tmp_path, "ADP1", type="Mains", online=0)

    assert read(tmp_path) == Power(percent=57.0, on_battery=True)


@pytest.mark.parametrize("name", ["AC", "ADP1", "ACAD", "ucsi-source-psy-1"])
def test_a_charger_of_any_name_counts(tmp_path: Path, name: str) -> None:
    """Also a battery that rests at its limit, "Not charging", is not used then."""
    battery(tmp_path, capacity=80, status="Not charging")
    supply(tmp_path, name, type="USB", online=1)

    assert read(tmp_path) == Power(percent=80.0, on_battery=False)


@pytest.mark.parametrize(
    ("status", "on_battery"),
    [("Charging", False), ("Full", False), ("Not charging", False), ("Discharging", True), ("Unknown", None)],
)
def test_without_a_known_charger_the_battery_is_asked(
    tmp_path: Path, status: str, on_battery: bool | None
) -> None:
    """What the battery does tells where the power comes from."""
    battery(tmp_path, capacity=50, status=status)

    assert read(tmp_path).on_battery is on_battery


def test_the_battery_of_a_mouse_is_not_ours(tmp_path: Path) -> None:
    """An empty mouse does not put a desktop computer to sleep."""
    battery(tmp_path, "hidpp_battery_0", scope="Device", capacity=5)

    assert read(tmp_path) == Power()


def test_two_batteries_are_one_by_their_energy(tmp_path: Path) -> None:
    """A small full battery beside a big empty one is not half a charge."""
    battery(tmp_path, "BAT0", capacity=0, energy_now=0, energy_full=90_000_000)
    battery(tmp_path, "BAT1", capacity=100, energy_now=10_000_000, energy_full=10_000_000, status="Unknown")

    assert read(tmp_path) == Power(percent=10.0, on_battery=True)


def test_two_batteries_that_tell_no_energy_are_averaged(tmp_path: Path) -> None:
    """The next best that can be known."""
    battery(tmp_path, "BAT0", capacity=20)
    battery(tmp_path, "BAT1", capacity=40)

    assert read(tmp_path).percent == 30.0


def test_an_empty_bay_is_no_battery(tmp_path: Path) -> None:
    """A bay without its battery says nothing."""
    battery(tmp_path, present=0, capacity=0)

    assert read(tmp_path) == Power()


@pytest.mark.parametrize("nonsense", ["", "-5", "many", "9" * 40, "\u0664\u0662", "1.5"])
def test_a_charge_that_is_none_is_unknown(tmp_path: Path, nonsense: str) -> None:
    """Drivers write odd things; nothing is made up."""
    battery(tmp_path, capacity=nonsense)

    assert read(tmp_path) == Power(percent=None, on_battery=True)


def test_more_than_full_is_full(tmp_path: Path) -> None:
    """Old batteries count past the end."""
    battery(tmp_path, capacity=104)

    assert read(tmp_path).percent == 100.0


def test_a_machine_without_the_folder_has_no_battery(tmp_path: Path) -> None:
    """Containers and odd kernels."""
    assert read(tmp_path / "nowhere") == Power()


def test_this_machine_can_be_read() -> None:
    """Whatever it has, reading it does not fail."""
    power = read()

    assert power.percent is None or 0 <= power.percent <= 100


def announce(subsystem: str) -> None:
    """Announce a change as the kernel does, through the kernel; skip where that is not allowed."""
    message = f"change@/devices/x\0ACTION=change\0DEVPATH=/devices/x\0SUBSYSTEM={subsystem}\0".encode()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_KOBJECT_UEVENT) as sender:
        sender.sendto(message, (0, 1))


class Told:
    """A follower, and what it was told."""

    def __init__(self, folder: Path, every: float = 60.0) -> None:
        """Follow the supplies in *folder*."""
        self.heard: asyncio.Queue[Power] = asyncio.Queue()
        self.looks = 0
        self._folder = folder
        self.task = asyncio.create_task(follow(self.heard.put_nowait, every=every, look=self._look))

    def _look(self) -> Power:
        self.looks += 1
        return read(self._folder)

    async def next(self) -> Power:
        """What is told next."""
        async with asyncio.timeout(60):
            return await self.heard.get()

    async def end(self) -> None:
        """Follow no more."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.mark.anyio
async def test_unplugging_is_told_at_once(tmp_path: Path) -> None:
    """The kernel announces it; nobody has to ask."""
    if os.geteuid() != 0:
        pytest.skip("needs root: only root may announce for the kernel")
    battery(tmp_path, capacity=50, status="Charging")
    charger = supply(tmp_path, "AC", type="Mains", online=1)
    told = Told(tmp_path)
    first = await told.next()

    (charger / "online").write_text("0\n")
    battery(tmp_path, status="Discharging")
    announce("power_supply")

    assert first == Power(percent=50.0, on_battery=False)
    assert await told.next() == Power(percent=50.0, on_battery=True)
    await told.end()


@pytest.mark.anyio
async def test_other_announcements_cost_no_look() -> None:
    """A plugged mouse is not a plugged charger."""
    if os.geteuid() != 0:
        pytest.skip("needs root: only root may announce for the kernel")
    with Announcements() as announcements:
        waiting = asyncio.create_task(announcements.next(None))
        await asyncio.wait([waiting], timeout=0.05)

        announce("usb")
        await asyncio.wait([waiting], timeout=0.1)
        after_a_mouse = waiting.done()
        announce("power_supply")
        await asyncio.wait([waiting], timeout=60)

        assert (after_a_mouse, waiting.done()) == (False, True)


@pytest.mark.anyio
async def test_a_battery_that_drains_is_looked_at_now_and_then(tmp_path: Path) -> None:
    """Percentages are not announced everywhere, so on battery it is looked at by the clock."""
    battery(tmp_path, capacity=21)
    told = Told(tmp_path, every=0.02)
    first = await told.next()

    battery(tmp_path, capacity=20)

    assert (first.percent, (await told.next()).percent) == (21.0, 20.0)
    await told.end()


@pytest.mark.anyio
@pytest.mark.parametrize("plugged", [True, False])
async def test_on_the_charger_and_without_a_battery_no_clock_runs(tmp_path: Path, plugged: bool) -> None:
    """Where only a plug can change the answer, the plug is waited for."""
    if plugged:
        battery(tmp_path, capacity=50, status="Charging")
    told = Told(tmp_path, every=0.01)
    await told.next()

    await asyncio.wait([told.task], timeout=0.1)

    assert told.looks == 1
    await told.end()


@pytest.mark.anyio
async def test_the_same_power_is_told_once(tmp_path: Path) -> None:
    """Looking is not news."""
    battery(tmp_path, capacity=50)
    told = Told(tmp_path, every=0.01)
    await told.next()

    while told.looks < 4:
        await asyncio.wait([told.task], timeout=0.01)

    assert told.heard.empty()
    await told.end()
