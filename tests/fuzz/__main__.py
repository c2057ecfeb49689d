"""Hands malformed input to every part that reads what others write: ``python -m tests.fuzz``.

Each part lives for some hundred inputs, then another one begins; what a life does depends on the seed,
the part's name and the number of the life alone: ``--only PART --life N`` does it again.
"""

import argparse
import faulthandler
import gc
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import psutil

from tests.fuzz.parts import PARTS

#: Inputs in one life of a part.
_LIFE: Final = 500
#: Seconds of the processor that one input may take; a life that takes sixty times as long hangs.
_LONGEST: Final = 10.0
#: Bytes by which everything may have grown after the first round, all parts together.
_MOST_GROWTH: Final = 64 * 2**20
_MOST_TOLD: Final = 30


@dataclass(slots=True)
class Tally:
    """What came of one part. Owner: the run."""

    inputs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    #: Which life and input that was.
    slowest_at: str = ""
    faults: int = 0


@dataclass(slots=True)
class Run:
    """One call of this command. Owns what was found."""

    seed: str
    tallies: dict[str, Tally] = field(default_factory=dict)
    #: Where each kind of fault was seen first.
    told: dict[tuple[str, ...], str] = field(default_factory=dict)

    def live(self, name: str, life: int, inputs: int = _LIFE) -> None:
        """One life of one part."""
        tally = self.tallies.setdefault(name, Tally())
        faulthandler.dump_traceback_later(_LONGEST * 60, exit=True)
        dice, number = Random(f"{self.seed}/{name}/{life}"), 0
        try:
            with (
                tempfile.TemporaryDirectory(prefix="fuzz-") as folder,
                PARTS[name].begin(Path(folder)) as take,
            ):
                while number < inputs:
                    number += 1
                    self._hand_over(name, life, number, lambda: take(dice))
        except Exception as trouble:  # noqa: BLE001  whatever it is, it is what we look for
            tally.inputs += 1
            self._fault(name, life, number, trouble)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _hand_over(self, name: str, life: int, number: int, take: object) -> None:
        assert callable(take)
        tally, began = self.tallies[name], time.thread_time()
        try:
            take()
        except Exception as trouble:  # noqa: BLE001
            self._fault(name, life, number, trouble)
        took = time.thread_time() - began
        tally.inputs += 1
        tally.seconds += took
        if took > tally.slowest:
            tally.slowest, tally.slowest_at = took, f"life {life}, input {number}"
        if took > _LONGEST:
            self._fault(name, life, number, TimeoutError(f"it took {took:.1f} s"))

    def _fault(self, name: str, life: int, number: int, trouble: Exception) -> None:
        self.tallies[name].faults += 1
        last = traceback.extract_tb(trouble.__traceback__)[-1:]
        kind = (name, type(trouble).__name__, *(f"{frame.filename}:{frame.lineno}" for frame in last))
        if kind not in self.told and len(self.told) < _MOST_TOLD:
            words = "".join(traceback.format_exception(trouble)[-14:])
            self.told[kind] = f"{name}, life {life}, input {number}:\n{words}"
            print(self.told[kind], file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """0: nothing was found; 1: something was, and is told on stderr."""
    wishes = _parser().parse_args(arguments)
    run, began = Run(wishes.seed), time.monotonic()
    if wishes.life is not None:
        run.live(wishes.only, wishes.life)
        return 1 if run.told else 0
    names = [name for name in PARTS if wishes.only in (None, name)]
    life, settled = 0, 0
    while not _is_enough(run, wishes, time.monotonic() - began):
        for name in names:
            for step in range(PARTS[name].share if wishes.only is None else 1):
                run.live(name, life * 100 + step, min(_LIFE, wishes.examples))
        life += 1
        gc.collect()
        settled = settled or _rss()
        _say(f"round {life}: {_inputs(run)} inputs, {time.monotonic() - began:.0f} s, RSS {_rss() >> 20} MiB")
    grown = _rss() - settled
    _report(run, time.monotonic() - began, settled)
    return 1 if run.told or grown > _MOST_GROWTH else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=100_000, metavar="N", help="so many inputs, about")
    parser.add_argument("--minutes", type=float, default=60.0, metavar="M", help="no longer than that")
    parser.add_argument("--only", choices=PARTS, metavar="PART", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--life", type=int, metavar="N", help="this life of that part again")
    parser.add_argument("--seed", default="wakeline")
    return parser


def _is_enough(run: Run, wishes: argparse.Namespace, seconds: float) -> bool:
    return bool(_inputs(run) >= wishes.examples or seconds > wishes.minutes * 60)


def _inputs(run: Run) -> int:
    return sum(tally.inputs for tally in run.tallies.values())


def _rss() -> int:
    return int(psutil.Process().memory_info().rss)


def _report(run: Run, seconds: float, settled: int) -> None:
    for name, tally in run.tallies.items():
        each = tally.seconds / max(1, tally.inputs) * 1e6
        _say(
            f"{name:12} {tally.inputs:9} inputs {each:8.0f} us each, slowest {tally.slowest * 1e3:7.0f} ms"
            f" ({tally.slowest_at}), faults {tally.faults}"
        )
    _say(
        f"{_inputs(run)} inputs in {seconds:.0f} s; RSS {settled >> 20} MiB after the first round,"
        f" {_rss() >> 20} MiB at the end; {len(run.told)} kinds of faults"
    )


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
