"""What Wakeline costs, beside a bare reference in the same run: ``python -m tests.bench [NAME…]``.

``--list`` names all of them. Ratios are what counts: the machine is not equally fast all the time.
Nothing here is asserted.
"""

import sys

assert sys.platform == "linux"

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench import page, terminals
from tests.bench.crowd import fan_out
from tests.bench.cuts import catching_up
from tests.bench.events import SESSIONS, latency
from tests.bench.rows import Row, bare_python, proportional_memory, spent, timed
from tests.bench.sleepers import sleepers
from tests.bench.stores import history
from tests.bench.tray import tray
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

IDLE_SECONDS = 30
WAITING = 50
WAITING_SECONDS = 120


def start_up(folder: Path) -> list[Row]:
    """From the order to the first answer, and from a command to its output."""
    home = folder / "home"
    with sleepers(home, SESSIONS):
        wakeline = Wakeline(folder / "wakeline", home)
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            with wakeline:
                taken.append((time.perf_counter() - began) * 1000)
                until(lambda: len(wakeline.sessions()) == SESSIONS)
        with wakeline:
            until(lambda: len(wakeline.sessions()) == SESSIONS)
            listed = timed(lambda: wakeline.run("ls"), 15)
            asked = timed(lambda: wakeline.client.get("/api/sessions"), 200)
        began_all = timed(lambda: wakeline.run("up", "--no-tray"), 1)
        wakeline.run("down")
        python = timed(bare_python, 15)
    return [
        Row("supervisor: order to first answer", statistics.median(taken), "ms", python, "python -c pass"),
        Row("wakeline: order to prompt again, no tray", began_all, "ms", python, "python -c pass"),
        Row(f"GET /api/sessions, {SESSIONS} sessions", asked, "ms"),
        Row(f"wakeline ls, {SESSIONS} sessions", listed, "ms", python, "python -c pass"),
    ]


def idle(folder: Path) -> list[Row]:
    """What it costs to watch sessions that do nothing."""
    home = folder / "home"
    with sleepers(home, SESSIONS), Wakeline(folder / "wakeline", home) as wakeline:
        until(lambda: len(wakeline.sessions()) == SESSIONS)
        time.sleep(3)
        before = spent(wakeline.pid)
        time.sleep(IDLE_SECONDS)
        after = spent(wakeline.pid)
        memory = proportional_memory(wakeline.pid)
    bare = subprocess.Popen([sys.executable, "-c", "import asyncio, time; time.sleep(9)"])
    time.sleep(1)
    reference = proportional_memory(bare.pid)
    bare.kill()
    bare.wait()
    per_minute = 60 / IDLE_SECONDS
    return [
        Row(f"idle, {SESSIONS} sessions: CPU per minute", (after[0] - before[0]) * per_minute, "s"),
        Row(f"idle, {SESSIONS} sessions: wake-ups", (after[1] - before[1]) / IDLE_SECONDS, "/s"),
        Row(f"supervisor, {SESSIONS} sessions: memory (PSS)", memory, "MB", reference, "bare asyncio"),
    ]


def waiting(folder: Path) -> list[Row]:
    """What it costs that nobody's model answers: each is looked for, with growing pauses."""
    home = folder / "home"
    nobody = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    settings = {"WAKELINE_RECONNECT_OTHERS": "auto"}
    with (
        sleepers(home, WAITING, **nobody) as sessions,
        Wakeline(folder / "wakeline", home, **settings) as wakeline,
    ):
        until(lambda: len(wakeline.sessions()) == WAITING)
        for session in sessions:
            session.fail()
        until(lambda: all(one["state"] == "cut_off" for one in wakeline.sessions()))
        time.sleep(IDLE_SECONDS)
        before = spent(wakeline.pid)
        time.sleep(WAITING_SECONDS)
        after = spent(wakeline.pid)
        told = {one["reconnect"]["phase"] for one in wakeline.sessions() if one["reconnect"]}
    per_minute = 60 / WAITING_SECONDS
    return [
        Row(f"{WAITING} cut off: CPU per minute", (after[0] - before[0]) * per_minute, "s", beside=str(told)),
        Row(f"{WAITING} cut off: wake-ups", (after[1] - before[1]) / WAITING_SECONDS, "/s"),
    ]


def terminal(folder: Path) -> list[Row]:
    """A held terminal beside a raw one, tmux and dtach; nursery and supervisor run, as they do all day."""
    ways, environment = terminals.ways(folder), terminals.variables(folder)
    text = terminals.tui_like(folder / "text")
    try:
        subprocess.run([*ways["held"], "true"], env=environment, check=True, stdin=subprocess.DEVNULL)
        until((folder / "w" / "run" / "api.sock").exists)
        time.sleep(2)
        return [
            *beside("key to echo, p50", "us", terminals.echoes(ways, environment)),
            *beside("100 MB of output", "MB/s", flooded(ways, environment, text)),
            *beside("whole command to first byte, p50", "ms", terminals.first_bytes(ways, environment)),
            *beside("order to first byte, p50", "ms", terminals.orders(folder, environment)),
            *held_idle(folder, environment),
        ]
    finally:
        terminals.end(folder)


def flooded(
    ways: Mapping[str, Sequence[str]], environment: Mapping[str, str], text: Path
) -> dict[str, float]:
    """The throughput of each."""
    return {name: terminals.flood(way, environment, text) for name, way in ways.items()}


def beside(name: str, unit: str, figures: Mapping[str, float]) -> list[Row]:
    """Ours beside each of the others."""
    others = [other for other in figures if other != "held"]
    return [Row(f"held: {name}", figures["held"], unit, figures[other], other) for other in others]


def held_idle(folder: Path, environment: Mapping[str, str]) -> list[Row]:
    """What one more held command costs while it does nothing, when there are few and when there are many."""
    rows = []
    before_that: tuple[int, float] | None = None
    for count in terminals.HELD:
        terminals.hold(environment, count - len(terminals.sleeping(folder)))
        time.sleep(1)
        holders = terminals.holders(folder)
        before = sum(spent(process.pid)[1] for process in holders)
        time.sleep(IDLE_SECONDS / 3)
        woken = sum(spent(process.pid)[1] for process in holders) - before
        each = statistics.mean(proportional_memory(p.pid) for p in terminals.sleeping(folder)) * 1024
        rows.append(Row(f"held: memory (PSS) of each of {count}", each, "kB"))
        together = sum(proportional_memory(process.pid) for process in holders) * 1024
        if before_that:
            more = (together - before_that[1]) / (count - before_that[0])
            rows.append(Row(f"held: memory (PSS) of one more, up to {count}", more, "kB"))
        before_that = count, together
        rows.append(Row(f"held: wake-ups of all {count} and the nursery", woken / (IDLE_SECONDS / 3), "/s"))
    return rows


def phone_page(folder: Path) -> list[Row]:
    """The phone's page in a browser, beside static ones."""
    return [Row(*figure) for figure in page.figures(folder)]


BENCHES: Mapping[str, Callable[[Path], list[Row]]] = {
    "start_up": start_up,
    "idle": idle,
    "waiting": waiting,
    "latency": latency,
    "history": history,
    "fan_out": fan_out,
    "catching_up": catching_up,
    "terminal": terminal,
    "page": phone_page,
    "tray": tray,
}


def main() -> None:
    """Run all, or those named, and print a table."""
    if sys.argv[1:] == ["--list"]:
        print(
            "\n".join(
                f"{name:<12} {(bench.__doc__ or '').splitlines()[0]}" for name, bench in BENCHES.items()
            )
        )
        return
    for name in sys.argv[1:] or BENCHES:
        with tempfile.TemporaryDirectory() as folder:
            for row in BENCHES[name](Path(folder)):
                print(row, flush=True)


if __name__ == "__main__":
    main()
