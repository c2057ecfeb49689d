"""What it costs to look at a held terminal: ``python -m tests.bench.view``.

A burst of 100 MB with and without a viewer, what the viewer gets of it and how soon it has the newest
state, what painters weigh, and what an agent's screen costs while it works.
"""

import sys

assert sys.platform == "linux"

import asyncio
import os
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from supervisor import programs
from supervisor.terminal import wire
from supervisor.terminal.view.picture import Frame
from supervisor.terminal.view.views import Views
from tests.bench import terminals
from tests.lab.held import ROOT, Caller, Held

END = b"the-end"
ROUNDS = 3
KEYS = 100


@dataclass
class Seen:
    """What a viewer got, and when."""

    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    ended_at: float = 0.0

    def take(self, frame: Frame) -> None:
        """One frame."""
        self.times.append(time.perf_counter())
        self.sizes.append(len(frame.encoded()))
        if any(END in row for row in frame.rows.values()):
            self.ended_at = self.times[-1]


def program(held: Held, text: Path) -> Caller:
    """Waits for a key, prints all that, and says when it was done."""
    script = f"stty raw -echo; printf ready; head -c 1 >/dev/null; cat {text}; printf '\\r\\nthe-end'; cat"
    caller = held.run("sh", "-c", script)
    caller.wait_for(b"ready")
    return caller


def taken_in(caller: Caller) -> float:
    """Be a screen until the end has come; when that was."""
    caller.type(b"x")
    size = 0
    caller.line.connection.settimeout(120)
    while not caller.output.endswith(END):
        heard = caller.line.hear()
        assert heard is not None
        for message in heard:
            if isinstance(message, wire.Output):
                size += len(message.text)
                caller.output = bytearray((caller.output + message.text)[-len(END) :])
    return time.perf_counter()


async def burst(held: Held, text: Path, *, watched: bool) -> tuple[float, Seen, float, float]:
    """MB/s of a local screen; what a viewer saw; its delay at the end in ms; its painter's MB."""
    caller = await asyncio.to_thread(program, held, text)
    views, seen, weight = Views(held.folder, programs.painter_command, linger=0), Seen(), 0.0
    looking = await views.open(caller.hello.id.decode()) if watched else None

    async def look() -> None:
        if looking:
            async for frame in looking.frames():
                seen.take(frame)
                if seen.ended_at:
                    return

    task = asyncio.create_task(look())
    began = time.perf_counter()
    ended = await asyncio.to_thread(taken_in, caller)
    await task
    if watched:
        weight = painters_weight()
    await views.close()
    caller.line.say(wire.Signal(9))
    return terminals.FLOOD / (ended - began) / 1e6, seen, (seen.ended_at - ended) * 1000, weight


def painters_weight() -> float:
    """PSS of the one painter in MB."""
    (painter,) = [child for child in psutil.Process().children() if "painter" in child.cmdline()]
    return float(painter.memory_full_info().pss) / 2**20


async def echo(held: Held) -> list[float]:
    """From a key to the frame that shows it, in ms."""
    caller = held.run("sh", "-c", "stty raw -echo; printf ready; cat")
    caller.wait_for(b"ready")
    views = Views(held.folder, programs.painter_command, linger=0)
    taken = []
    async with await views.open(caller.hello.id.decode()) as looking:
        frames = looking.frames()
        await anext(frames)
        for number in range(KEYS):
            await asyncio.sleep(0.05)
            began = time.perf_counter()
            caller.type(b"%d" % (number % 10))
            await anext(frames)
            taken.append((time.perf_counter() - began) * 1000)
    await views.close()
    return taken


async def supervisors_share(held: Held) -> tuple[float, float, float]:
    """A spinner at 20 a second: CPU seconds a minute of our side and of the painter; bytes a frame."""
    spin = "while :; do for c in - / I; do printf '\\r%s working' $c; sleep 0.05; done; done"
    caller = held.run("sh", "-c", spin)
    views, seen = Views(held.folder, programs.painter_command, linger=0), Seen()
    async with await views.open(caller.hello.id.decode()) as looking:
        (painter,) = [child for child in psutil.Process().children() if "painter" in child.cmdline()]
        ours, theirs, began = time.process_time(), sum(painter.cpu_times()[:2]), time.monotonic()
        async for frame in looking.frames():
            seen.take(frame)
            if time.monotonic() - began > 5:
                break
        ours, theirs = time.process_time() - ours, sum(painter.cpu_times()[:2]) - theirs
    await views.close()
    return ours * 12, theirs * 12, statistics.mean(seen.sizes[1:])


async def main() -> None:
    """Print a table."""
    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as folder, Held() as held:
        text = terminals.tui_like(Path(folder) / "text")
        alone, watched, delays, rates, sizes, weights = [], [], [], [], [], []
        for _ in range(ROUNDS):
            alone.append((await burst(held, text, watched=False))[0])
            speed, seen, delay, weight = await burst(held, text, watched=True)
            watched.append(speed)
            delays.append(delay)
            weights.append(weight)
            rates.append((len(seen.times) - 1) / max(seen.times[-1] - seen.times[0], 0.001))
            sizes.append(statistics.mean(seen.sizes))
        quick, slow = statistics.median(alone), statistics.median(watched)
        say("100 MB through a screen alone", quick, "MB/s")
        say("  with a viewer", slow, f"MB/s  {slow / quick:.2f} x")
        say("  frames a second", statistics.median(rates), f"of {statistics.mean(sizes):.0f} bytes")
        say("  newest state after the end", statistics.median(delays), f"ms    worst {max(delays):.1f}")
        say("  painter after it (PSS)", statistics.median(weights), "MB")
        echoed = sorted(await echo(held))
        say("key to frame, p50", statistics.median(echoed), f"ms    p99 {echoed[-2]:.1f}")
        ours, theirs, size = await supervisors_share(held)
        say("a spinner: supervisor's CPU", ours, "s/min")
        say("  its painter's CPU", theirs, f"s/min {size:.0f} bytes a frame")


def say(what: str, figure: float, unit: str) -> None:
    """One line of the table."""
    print(f"{what:<36} {figure:8.2f} {unit}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
