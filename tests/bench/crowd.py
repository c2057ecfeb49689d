"""One session that says 200 things a second to 200 phones, each over TLS: lag, and what it costs."""

import multiprocessing
import re
import select
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import phones
from tests.bench.phones import Stream
from tests.bench.rows import Row, percentile, spent
from tests.bench.sleepers import Sleeper, sleepers
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

RATE = 200.0
SECONDS = 10.0
PHONES = 50
#: One thing said: its number, and when.
SAID = re.compile(rb"event: entry\ndata: [^\n]*?said-(\d{6})-(\d{20})-")


@dataclass
class Heard:
    """What all of them heard."""

    lags: list[float] = field(default_factory=list)
    #: The number that each stream waits for next; what did not come in its turn.
    wanted: dict[int, int] = field(default_factory=dict)
    wrong: int = 0

    def take(self, number: int, said_at: int, stream: int) -> None:
        """One thing, at one of them."""
        self.lags.append((time.monotonic_ns() - said_at) / 1e6)
        self.wrong += number != self.wanted.get(stream, 0)
        self.wanted[stream] = number + 1


def listen(streams: Sequence[Stream], until_number: int, seconds: float) -> Heard:
    """Read all of them until each has heard the last thing."""
    heard, rests = Heard(), dict.fromkeys(range(len(streams)), b"")
    of = {stream.line.fileno(): (number, stream.line) for number, stream in enumerate(streams)}
    deadline, poll = time.monotonic() + seconds, select.epoll()
    for descriptor, (_, line) in of.items():
        line.setblocking(False)
        poll.register(descriptor, select.EPOLLIN)
    while len(heard.wanted) < len(of) or min(heard.wanted.values()) < until_number:
        if time.monotonic() > deadline:
            break
        for descriptor, _ in poll.poll(1.0):
            number, line = of[descriptor]
            rests[number] = _took(line, rests[number], number, heard)
    poll.close()
    return heard


def _took(line: ssl.SSLSocket, rest: bytes, stream: int, heard: Heard) -> bytes:
    """Take what is there; what may be the half of something said."""
    try:
        while block := line.recv(1 << 16):
            rest += block
            end = 0
            for said in SAID.finditer(rest):
                heard.take(int(said[1]), int(said[2]), stream)
                end = said.end()
            rest = rest[max(end, len(rest) - 1000) :]
    except (ssl.SSLWantReadError, BlockingIOError):
        pass
    return rest


@contextmanager
def bare(path: Path, where: str, *identity: Path) -> Iterator[int]:
    """The reference; its PID."""
    command = [sys.executable, "-m", "tests.bench.bare", str(path), where, *map(str, identity)]
    process = subprocess.Popen(command)
    try:
        until(lambda: _answers(where))
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _answers(where: str) -> bool:
    try:
        if where.isdigit():
            socket.create_connection(("127.0.0.1", int(where))).close()
        return True if where.isdigit() else Path(where).exists()
    except OSError:
        return False


def measured(pid: int, streams: Sequence[Stream], sleeper: Sleeper) -> tuple[Heard, float]:
    """What was heard, and CPU seconds per second."""
    talking = multiprocessing.Process(target=phones.talk, args=(sleeper, RATE, SECONDS))
    before, began = spent(pid)[0], time.monotonic()
    talking.start()
    heard = listen(streams, int(RATE * SECONDS) - 1, SECONDS + 30)
    taken = time.monotonic() - began
    talking.join()
    return heard, (spent(pid)[0] - before) / taken


def fan_out(folder: Path) -> list[Row]:
    """What it costs to tell 200 phones, and how late they hear, beside a bare server in Python."""
    home = folder / "home"
    wakeline = Wakeline(folder / "w", home, WAKELINE_PHONE_PORT=str(phones.free_port()))
    known = phones.paired(wakeline, PHONES)
    with sleepers(home, 2) as talkers, wakeline:
        until(lambda: len(wakeline.sessions()) == 2)
        port = phones.let_in(wakeline, known)
        with phones.crowd(port, known, phones.STREAMS_EACH) as streams:
            ours, cpu = measured(wakeline.pid, streams, talkers[0])
        where, identity = str(phones.free_port()), phones.identity(wakeline)
        with bare(talkers[1].transcript, where, *identity) as pid:
            nobody = [None] * PHONES
            with phones.crowd(int(where), nobody, phones.STREAMS_EACH) as streams:
                theirs, their_cpu = measured(pid, streams, talkers[1])
    count, beside = PHONES * phones.STREAMS_EACH, "bare Python, TLS"
    return [
        Row(f"{count} phones, {RATE:.0f}/s: lag p50", *_both(ours, theirs, 0.5), beside),
        Row(f"{count} phones, {RATE:.0f}/s: lag p99", *_both(ours, theirs, 0.99), beside),
        Row(f"{count} phones, {RATE:.0f}/s: CPU per second", cpu, "s", their_cpu, beside),
        Row(f"{count} phones: heard out of turn, of {len(ours.lags)}", ours.wrong, ""),
    ]


def _both(ours: Heard, theirs: Heard, part: float) -> tuple[float, str, float]:
    return percentile(ours.lags, part), "ms", percentile(theirs.lags, part)
