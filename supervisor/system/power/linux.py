"""Power on Linux: the kernel's own folder, and its announcements of plugging and unplugging.

psutil is not asked here: it takes the first battery of any kind, also that of a mouse, and
knows two names of chargers only.
"""

import sys

assert sys.platform == "linux"

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from supervisor.core.model import Power

SUPPLIES = Path("/sys/class/power_supply")

_KOBJECT_UEVENT = 15  # linux/netlink.h: NETLINK_KOBJECT_UEVENT
_FROM_THE_KERNEL = 1


def read(folder: Path = SUPPLIES) -> Power:
    """Look at all batteries of the machine as one; unknown without any."""
    supplies = [supply for supply in _supplies(folder) if _word(supply, "scope") != "Device"]
    batteries = [supply for supply in supplies if _word(supply, "type") == "Battery" and _present(supply)]
    if not batteries:
        return Power()
    chargers = [_number(supply, "online") for supply in supplies if _word(supply, "type") != "Battery"]
    return Power(percent=_percent(batteries), on_battery=_on_battery(batteries, chargers))


def _supplies(folder: Path) -> Sequence[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()


def _present(battery: Path) -> bool:
    return _number(battery, "present") != 0


def _percent(batteries: Sequence[Path]) -> float | None:
    """By energy where there are several and all tell it, else by what each says of itself."""
    full = [_number(battery, "energy_full") for battery in batteries]
    now = [_number(battery, "energy_now") for battery in batteries]
    if len(batteries) > 1 and all(full) and None not in now:
        return _bounded(100 * sum(filter(None, now)) / sum(filter(None, full)))
    known = [part for battery in batteries if (part := _number(battery, "capacity")) is not None]
    return _bounded(sum(known) / len(known)) if known else None


def _bounded(percent: float) -> float:
    return float(min(max(round(percent), 0), 100))


def _on_battery(batteries: Sequence[Path], chargers: Sequence[int | None]) -> bool | None:
    if 1 in chargers:
        return False
    states = {_word(battery, "status") for battery in batteries}
    if "Discharging" in states:
        return True
    if states & {"Charging", "Full", "Not charging"}:
        return False
    return True if 0 in chargers else None


def _number(supply: Path, name: str) -> int | None:
    word = _word(supply, name)
    return int(word) if word is not None and word.isascii() and word.isdigit() and len(word) < 16 else None


def _word(supply: Path, name: str) -> str | None:
    try:
        with (supply / name).open(errors="replace") as file:
            return file.read(64).strip()
    except OSError:
        return None


class Announcements:
    """What the kernel says of power supplies. Owns a socket; use it with ``with``."""

    def __init__(self) -> None:
        """Begin to listen; where that is not allowed, there is only the time."""
        self._socket: socket.socket | None = None
        with contextlib.suppress(OSError):
            self._socket = _listening()

    def __enter__(self) -> Self:
        """It listens already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more."""
        if self._socket is not None:
            self._socket.close()

    def may_miss(self, power: Power) -> bool:
        """Whether to look now and then: plugging is announced, draining not everywhere."""
        return power.percent is not None and (self._socket is None or power.on_battery is not False)

    async def next(self, seconds: float | None) -> None:
        """Return when something changed, after *seconds* at the latest (``None``: never by itself)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if self._socket is None:
                    await asyncio.Event().wait()
                else:
                    await _announced(self._socket)


def _listening() -> socket.socket:
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _KOBJECT_UEVENT)
    try:
        made.setblocking(False)
        made.bind((0, _FROM_THE_KERNEL))
    except OSError:
        made.close()
        raise
    return made


async def _announced(kernel: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            message = await loop.sock_recv(kernel, 8192)
        except OSError:
            # ENOBUFS: more was said than we heard.
            return
        if b"\0SUBSYSTEM=power_supply\0" in message + b"\0":
            return
