"""How long after an agent wrote a line its event is at a client: on the local socket, and over TLS."""

import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import phones
from tests.bench.crowd import bare
from tests.bench.phones import Stream
from tests.bench.rows import Row, percentile, spent
from tests.bench.sleepers import Sleeper, sleepers
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

SESSIONS = 20
ROUNDS = 400
_ASK = b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"


def latency(folder: Path) -> list[Row]:
    """How long after an agent wrote a line a client has it, beside bare servers in C and Python."""
    home = folder / "home"
    wakeline = Wakeline(folder / "w", home, WAKELINE_PHONE_PORT=str(phones.free_port()))
    known = phones.paired(wakeline, 1)
    with sleepers(home, SESSIONS) as talkers, wakeline:
        until(lambda: len(wakeline.sessions()) == SESSIONS)
        port = phones.let_in(wakeline, known)
        time.sleep(1)
        before = spent(wakeline.pid)[0]
        ours = locally(wakeline.folder / "run" / "api.sock", talkers[7])
        cpu = (spent(wakeline.pid)[0] - before) / ROUNDS * 1e6
        phone = over_tls(port, known[0].token, talkers[7])
        with in_c(folder, talkers[8]) as place:
            limit = locally(place, talkers[8])
        with bare(talkers[9].transcript, str(folder / "bare.sock")) as pid:
            before = spent(pid)[0]
            python = locally(folder / "bare.sock", talkers[9])
            their_cpu = (spent(pid)[0] - before) / ROUNDS * 1e6
        where = str(phones.free_port())
        with bare(talkers[10].transcript, where, *phones.identity(wakeline)):
            python_tls = over_tls(int(where), "", talkers[10])
        appeared = to_appear(wakeline, home)
    return [
        *_rows("append to event", ours, limit, "C"),
        *_rows("append to event", ours, python, "bare Python"),
        *_rows("append to event over TLS", phone, limit, "C, local"),
        *_rows("append to event over TLS", phone, python_tls, "bare Python, TLS"),
        Row("append to event: CPU per event", cpu, "us", their_cpu, "bare Python"),
        Row("new session to its place in the list", appeared, "ms"),
    ]


def _rows(name: str, ours: list[float], theirs: list[float], beside: str) -> Iterator[Row]:
    if theirs:
        for part in (0.5, 0.99):
            figures = (percentile(ours, part), "ms", percentile(theirs, part))
            yield Row(f"{name}, p{part * 100:.0f}", *figures, beside)


def locally(place: Path, sleeper: Sleeper) -> list[float]:
    """Append, read until the entry arrives, again and again; ms each."""
    if not place.exists():
        return []
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(place))
        line.sendall(_ASK)
        heard = b""
        while b"event: hello" not in heard:
            heard += line.recv(65536)
        return [_round(line.recv, sleeper, number) for number in range(ROUNDS)]


def over_tls(port: int, token: str, sleeper: Sleeper) -> list[float]:
    """The same as a phone."""
    stream = Stream(port, token)
    stream.hears(b"event: hello")
    taken = [_round(stream.line.recv, sleeper, number) for number in range(ROUNDS)]
    stream.close()
    return taken


def _round(recv: Callable[[int], bytes], sleeper: Sleeper, number: int) -> float:
    wanted = f"line-{number}-".encode()
    began = time.perf_counter()
    sleeper.say(f"line-{number}-")
    while wanted not in recv(1 << 20):
        pass
    taken = (time.perf_counter() - began) * 1000
    time.sleep(0.005)
    return taken


@contextmanager
def in_c(folder: Path, sleeper: Sleeper) -> Iterator[Path]:
    """The limit, where there is a compiler; where it listens."""
    place, program = folder / "c.sock", folder / "bare"
    compiler = shutil.which("cc")
    if compiler is None:
        yield place
        return
    source = Path(__file__).with_name("bare.c")
    subprocess.run([compiler, "-O2", "-w", "-o", str(program), str(source)], check=True)
    process = subprocess.Popen([str(program), str(sleeper.transcript), str(place)])
    try:
        until(place.exists)
        yield place
    finally:
        process.kill()
        process.wait()


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
