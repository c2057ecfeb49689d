"""How surely and how soon agents work again: ``python -m tests.bench.recover [--runs N] [--at-once N]``.

Each run cuts a real agent off half-way through its task until it has given up, lets the model come back
after ``--outage`` seconds, and asks whether the task was finished, each step once, by words of ours alone.
Beside it the agent alone, and a perfect observer who says "continue" at the moment the model is back.
"""

import argparse
import itertools
import json
import signal
import statistics
import subprocess
import sys

assert sys.platform == "linux"

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.bench.recovering import WAYS, Run, bench
from tests.lab import cutting

#: Runs that share a supervisor and a fake model.
_BATCH: Final = 5
#: Runs of the observer, who is not what is measured.
_OBSERVED: Final = 3
#: Seconds after which a run hangs.
_HANGS: Final = 900.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Some runs alike, one after the other, in a process of their own."""

    agent: str
    reason: str
    way: str
    runs: int
    outage: float


def made(batch: Batch) -> Iterator[Run]:
    """Make these runs here."""
    with bench(batch.agent, batch.reason, batch.way, batch.outage) as ground:
        for _ in range(batch.runs):
            yield ground.run(batch.way)


def made_apart(batch: Batch) -> list[Run]:
    """Make these runs in a process of their own; what is missing at the end went wrong."""
    words = json.dumps(asdict(batch))
    command = [sys.executable, "-m", "tests.bench.recover", "--batch", words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            told, trouble = process.communicate(timeout=_HANGS * batch.runs)
        except subprocess.TimeoutExpired:
            process.kill()
            told, trouble = process.communicate()
    done = [Run(**json.loads(line)) for line in told.splitlines()]
    lost = Run(agent=batch.agent, reason=batch.reason, way=batch.way, right=False, wrong=trouble[-3000:])
    return done + [lost] * (batch.runs - len(done))


def batches(agents: Sequence[str], reasons: Sequence[str], runs: int, outage: float) -> list[Batch]:
    """All that is to be done; agents alternate, so that those who only wait run beside those who work."""
    found = []
    for name, agent in itertools.product(reasons, agents):
        observed = not (cutting.REASONS[name].told or agent in cutting.REASONS[name].heals)
        wanted = {"ours": runs, "observed": min(runs, _OBSERVED) * observed, "alone": int(observed)}
        for way in WAYS:
            sizes = [min(_BATCH, wanted[way] - begun) for begun in range(0, wanted[way], _BATCH)]
            found += [Batch(agent, name, way, size, outage) for size in sizes]
    return found


def table(runs: Iterable[Run]) -> Iterator[str]:
    """What came of them, a line for each agent and reason."""
    yield "agent     reason    right  gave up    works    worst  observer  alone  said"
    by_cell: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        by_cell.setdefault((run.agent, run.reason), []).append(run)
    for (agent, name), found in sorted(by_cell.items()):
        yield _line(agent, name, {way: [run for run in found if run.way == way] for way in WAYS})


def _line(agent: str, name: str, found: dict[str, list[Run]]) -> str:
    ours = found["ours"]
    right = f"{sum(run.right for run in ours)}/{len(ours)}"
    alone = ["yes" if run.right else "wrong" if run.wrong else "never" for run in found["alone"]]
    times = [run.after for run in ours if run.after is not None]
    return (
        f"{agent:<9} {name:<8} {right:>6} {_median([run.gave_up_after for run in ours]):>8}"
        f" {_median(times):>8} {f'{max(times, default=0.0):.2f} s':>8}"
        f" {_median([run.after for run in found['observed']]):>9} {','.join(alone) or '-':>6}"
        f" {max((run.said for run in ours), default=0):>5}"
    )


def _median(seconds: Sequence[float | None]) -> str:
    known = [one for one in seconds if one is not None]
    return f"{statistics.median(known):.2f} s" if known else "-"


def _read(log: Path) -> list[Run]:
    return [Run(**json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []


def main() -> None:
    """Make the runs, log each as a line of JSON, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--agent", choices=cutting.AGENTS, action="append")
    parser.add_argument("--reason", choices=cutting.REASONS, action="append")
    parser.add_argument("--outage", type=float, default=2.0, help="seconds")
    parser.add_argument("--at-once", type=int, default=1, help="so many agents at the same time")
    parser.add_argument("--log", type=Path, help="what is in it already counts for the table, too")
    parser.add_argument("--batch", help=argparse.SUPPRESS)
    told = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # nothing is left running
    if told.batch:
        for run in made(Batch(**json.loads(told.batch))):
            print(json.dumps(asdict(run)), flush=True)
        return
    runs = _read(told.log) if told.log else []
    wanted = batches(
        told.agent or cutting.AGENTS, told.reason or list(cutting.REASONS), told.runs, told.outage
    )
    with ThreadPoolExecutor(told.at_once) as pool:
        for batch in as_completed([pool.submit(made_apart, batch) for batch in wanted]):
            runs += batch.result()
            _note(batch.result(), told.log)
    print("\n".join(table(runs)))


def _note(runs: Iterable[Run], log: Path | None) -> None:
    for run in runs:
        if log:
            with log.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(run)) + "\n")
        if run.wrong:
            print(f"{run.agent} {run.reason} {run.way}: {run.wrong[-600:]}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
