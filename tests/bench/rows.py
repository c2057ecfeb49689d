"""The table of a bench, and what is measured of a process."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: ours, the reference's, and what the reference is."""

    name: str
    ours: float
    unit: str
    reference: float | None = None
    beside: str = ""

    def __str__(self) -> str:
        """One line of the table."""
        ratio = f"{self.ours / self.reference:6.1f} x" if self.reference else " " * 8
        beside = f"{self.beside} {self.reference:.3g} {self.unit}" if self.reference else self.beside
        return f"{self.name:<44} {self.ours:>9.3g} {self.unit:<5} {ratio}  {beside}"


def timed(deed: Callable[[], object], rounds: int) -> float:
    """The median of so many rounds, in ms."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        deed()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def percentile(figures: Sequence[float], part: float) -> float:
    """The figure that this part of all does not exceed; *part* from 0 to 1."""
    return sorted(figures)[min(len(figures) - 1, int(len(figures) * part))]


def bare_python() -> object:
    """What any command in Python costs."""
    return subprocess.run([sys.executable, "-c", "pass"], check=True)


def spent(pid: int) -> tuple[float, int]:
    """CPU seconds and voluntary context switches of all threads so far."""
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    tasks = Path(f"/proc/{pid}/task")
    switches = sum(
        int(line.split()[1])
        for task in tasks.iterdir()
        for line in (task / "status").read_text().splitlines()
        if line.startswith("voluntary")
    )
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK"), switches


def proportional_memory(pid: int) -> float:
    """PSS in MB."""
    rolled = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in rolled if line.startswith("Pss:")).split()[1]) / 1024


def peak_memory(pid: int) -> float:
    """The most that was resident at once, shared pages and all, in MB."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM:")).split()[1]) / 1024


if sys.platform != "linux":
    raise SystemExit("the benchmarks read /proc: run them on Linux")
