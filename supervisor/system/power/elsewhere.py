"""Power by psutil: Windows, macOS and the BSDs. Nothing is announced; it is looked at now and then."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

import psutil

from supervisor.core.model import Power


def read() -> Power:
    """Look at the battery; unknown without one."""
    # AttributeError: psutil knows no batteries on this system.
    with contextlib.suppress(OSError, RuntimeError, AttributeError, psutil.Error):
        battery = psutil.sensors_battery()
        if battery is not None:
            plugged = battery.power_plugged
            return Power(percent=float(battery.percent), on_battery=None if plugged is None else not plugged)
    return Power()


class Announcements:
    """Nobody announces anything here."""

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    def may_miss(self, power: Power) -> bool:
        """Every change is missed, where there is a battery."""
        return power.percent is not None

    async def next(self, seconds: float | None) -> None:
        """Return after *seconds*; ``None``: never."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.Event().wait()
