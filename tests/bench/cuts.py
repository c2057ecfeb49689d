"""A phone whose stream is cut again and again while a session talks on: nothing lost, nothing twice."""

import multiprocessing
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import phones
from tests.bench.crowd import RATE, bare
from tests.bench.phones import Stream
from tests.bench.rows import Row, percentile
from tests.bench.sleepers import sleepers
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

CUTS = 15
#: Seconds between two cuts, and of absence after each.
BETWEEN, AWAY = 0.8, 0.4
_EVENT = re.compile(rb"id: ([^\n]+)\nevent: ([^\n]+)\n([^\n]*)\n\n")
_SAID = re.compile(rb"said-(\d{6})-(\d{20})-")


@dataclass
class Follower:
    """What one phone heard over all its streams, and where it stands."""

    port: int
    token: str
    last_id: str = ""
    numbers: list[int] = field(default_factory=list)
    caught_up: list[float] = field(default_factory=list)
    gaps: int = 0

    def follow(self, until_number: int | None, seconds: float = 60.0) -> None:
        """Hear until this number, or for so long; then be gone without a word.

        How soon it had what was said before it came is noted.
        """
        began, came_at = time.monotonic(), time.monotonic_ns()
        stream, rest, behind = Stream(self.port, self.token, self.last_id), b"", bool(self.last_id)
        while until_number is None or not self.numbers or self.numbers[-1] < until_number:
            if time.monotonic() - began > seconds:
                break
            rest += stream.line.recv(1 << 16)
            end = 0
            for event in _EVENT.finditer(rest):
                end = event.end()
                said_at = self._take(event)
                if behind and said_at > came_at:
                    self.caught_up.append((time.monotonic_ns() - came_at) / 1e6)
                    behind = False
            rest = rest[end:]
        stream.close()

    def _take(self, event: "re.Match[bytes]") -> int:
        self.last_id = event[1].decode()
        self.gaps += event[2] == b"gap"
        said = _SAID.search(event[3]) if event[2] == b"entry" else None
        if said is None:
            return 0
        self.numbers.append(int(said[1]))
        return int(said[2])

    def with_cuts(self, last: int) -> "Follower":
        """Hear all of it, with so many cuts."""
        for _ in range(CUTS):
            self.follow(None, BETWEEN)
            time.sleep(AWAY)
        self.follow(last)
        return self


def catching_up(folder: Path) -> list[Row]:
    """What a phone whose stream is cut misses, beside a bare server in Python."""
    home = folder / "home"
    wakeline = Wakeline(folder / "w", home, WAKELINE_PHONE_PORT=str(phones.free_port()))
    known = phones.paired(wakeline, 1)
    seconds = CUTS * (BETWEEN + AWAY) + 2
    last = int(RATE * seconds) - 1
    with sleepers(home, 2) as talkers, wakeline:
        until(lambda: len(wakeline.sessions()) == 2)
        port = phones.let_in(wakeline, known)
        talking = multiprocessing.Process(target=phones.talk, args=(talkers[0], RATE, seconds))
        ours = Follower(port, known[0].token)
        talking.start()
        ours.with_cuts(last)
        talking.join()
        where = str(phones.free_port())
        with bare(talkers[1].transcript, where, *phones.identity(wakeline)):
            talking = multiprocessing.Process(target=phones.talk, args=(talkers[1], RATE, seconds))
            theirs = Follower(int(where), "")
            talking.start()
            theirs.with_cuts(last)
            talking.join()
    # It talked before anybody listened.
    lost = len(set(range(ours.numbers[0], last + 1)) - set(ours.numbers))
    doubled = len(ours.numbers) - len(set(ours.numbers))
    beside = "bare Python, TLS"
    return [
        Row(f"{CUTS} cuts at {RATE:.0f}/s: lost of {last + 1}", lost, "", beside=f"{ours.gaps} gaps told"),
        Row(f"{CUTS} cuts at {RATE:.0f}/s: heard twice", doubled, ""),
        Row("back to caught up, p50", *_both(ours, theirs, 0.5), beside),
        Row("back to caught up, p99", *_both(ours, theirs, 0.99), beside),
    ]


def _both(ours: Follower, theirs: Follower, part: float) -> tuple[float, str, float]:
    return percentile(ours.caught_up, part), "ms", percentile(theirs.caught_up, part)
