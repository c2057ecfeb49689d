"""What Wakeline costs, beside a bare reference in the same run: ``python -m tests.bench [NAME…]``.

Ratios are what counts: the machine is not equally fast all the time. Nothing here is asserted.
"""

import sys

assert sys.platform == "linux"

import asyncio
import json
import os
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncinotify import Inotify, Mask

from tests.bench import page, terminals
from tests.bench.sleepers import Sleeper, sleepers, store
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

SESSIONS = 20
ROUNDS = 400
IDLE_SECONDS = 30
HISTORY = 2000
WAITING = 50
WAITING_SECONDS = 120


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


def bare_python() -> object:
    """What any command in Python costs."""
    return subprocess.run([sys.executable, "-c", "pass"], check=True)


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
        python = timed(bare_python, 15)
    return [
        Row("supervisor: order to first answer", statistics.median(taken), "ms", python, "python -c pass"),
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


def latency(folder: Path) -> list[Row]:
    """From a line appended by an agent to its event at an HTTP client on the local socket."""
    home = folder / "home"
    with sleepers(home, SESSIONS) as all_of_them, Wakeline(folder / "wakeline", home) as wakeline:
        until(lambda: len(wakeline.sessions()) == SESSIONS)
        time.sleep(1)
        before = spent(wakeline.pid)[0]
        ours = to_event(wakeline, all_of_them[7])
        cpu = (spent(wakeline.pid)[0] - before) / ROUNDS * 1e6
        appeared = to_appear(wakeline, home)
        bare = asyncio.run(to_socket(folder))
    ranked, reference = sorted(ours), sorted(bare)
    beside = "inotify to socket"
    return [
        Row("append to event, p50", statistics.median(ours), "ms", statistics.median(bare), beside),
        Row("append to event, p99", ranked[len(ranked) * 99 // 100], "ms", reference[-4], beside),
        Row("append to event: CPU per event", cpu, "us"),
        Row("new session to its place in the list", appeared, "ms"),
    ]


def to_event(wakeline: Wakeline, sleeper: Sleeper) -> list[float]:
    """Append, read until the entry arrives, again and again; ms each."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(wakeline.folder / "run" / "api.sock"))
        connection.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        heard = b""
        while b"event: hello" not in heard:
            heard += connection.recv(65536)
        return [append_and_wait(connection, sleeper, number) for number in range(ROUNDS)]


def to_appear(wakeline: Wakeline, home: Path) -> float:
    """From the files that a new session writes to its place in the list, in ms: the median of ten."""
    taken = []
    for _ in range(10):
        with sleepers(home, 1) as fresh:
            began = time.perf_counter()
            while fresh[0].session_id not in {s["id"] for s in wakeline.sessions()}:
                time.sleep(0.001)
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def append_and_wait(connection: socket.socket, sleeper: Sleeper, number: int) -> float:
    """One round, in ms."""
    wanted = f"line-{number}-".encode()
    began = time.perf_counter()
    sleeper.say(f"line-{number}-")
    while wanted not in connection.recv(1 << 20):
        pass
    taken = (time.perf_counter() - began) * 1000
    time.sleep(0.005)
    return taken


async def to_socket(folder: Path) -> list[float]:
    """The reference: one inotify watch, the bytes read and sent on; ms each."""
    path = folder / "bare.jsonl"
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    loop = asyncio.get_running_loop()
    taken = []
    with Inotify() as inotify, path.open("ab", buffering=0) as writing:
        reading = os.open(path, os.O_RDONLY)
        inotify.add_watch(path, Mask.MODIFY)

        def pass_on() -> None:
            os.read(inotify.fd, 4096)
            if block := os.read(reading, 65536):
                theirs.send(json.dumps(json.loads(block)).encode())

        loop.add_reader(inotify.fd, pass_on)
        for number in range(ROUNDS):
            began = time.perf_counter()
            writing.write(json.dumps({"text": f"line-{number}-"}).encode())
            await loop.sock_recv(ours, 65536)
            taken.append((time.perf_counter() - began) * 1000)
        loop.remove_reader(inotify.fd)
        os.close(reading)
    ours.close()
    theirs.close()
    return taken


def history(folder: Path) -> list[Row]:
    """The first page of a long history, cold and warm, beside a bare listing of the files."""
    home = folder / "home"
    for number in range(HISTORY):
        store(home, f"{number:08x}-0000-4000-8000-000000000000", f"-project-{number % 100}")
    with Wakeline(folder / "wakeline", home) as wakeline:
        path = "/api/sessions?all=1&limit=50"
        began = time.perf_counter()
        wakeline.client.get(path)
        cold = (time.perf_counter() - began) * 1000
        warm = timed(lambda: wakeline.client.get(path), 5)
    projects = home / ".claude" / "projects"
    listing = timed(lambda: [f.stat() for p in os.scandir(projects) for f in os.scandir(p)], 5)
    beside = "names and sizes alone"
    return [
        Row(f"{HISTORY} transcripts, newest 50, cold", cold, "ms", listing, beside),
        Row(f"{HISTORY} transcripts, newest 50, warm", warm, "ms", listing, beside),
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
    for count in terminals.HELD:
        terminals.hold(environment, count - len(terminals.sleeping(folder)))
        time.sleep(1)
        holders = terminals.holders(folder)
        before = sum(spent(process.pid)[1] for process in holders)
        time.sleep(IDLE_SECONDS / 3)
        woken = sum(spent(process.pid)[1] for process in holders) - before
        each = statistics.mean(proportional_memory(p.pid) for p in terminals.sleeping(folder)) * 1024
        rows.append(Row(f"held: memory (PSS) of each of {count}", each, "kB"))
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
    "terminal": terminal,
    "page": phone_page,
}


def main() -> None:
    """Run all, or those named, and print a table."""
    for name in sys.argv[1:] or BENCHES:
        with tempfile.TemporaryDirectory() as folder:
            for row in BENCHES[name](Path(folder)):
                print(row, flush=True)


if __name__ == "__main__":
    main()
