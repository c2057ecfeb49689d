"""How surely and how soon agents work again: ``python -m tests.bench.recover [--runs N]``.

Each run cuts a real agent off half-way through its task until it has given up, lets the model come back
after ``--outage`` seconds, and asks whether the task was finished, each step once, by words of ours alone.
Beside it the agent alone, and a perfect observer who says "continue" at the moment the model is back.
"""

import argparse
import statistics
import sys

assert sys.platform == "linux"

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.end_to_end.cut_off import CONTINUES, Story, cut_off
from tests.end_to_end.steered import wakeline_in
from tests.lab import cutting
from tests.lab.gate import gate
from tests.lab.servers import Server, serve
from tests.lab.terminal import Terminal
from tests.lab.wakeline import Wakeline

#: Seconds in which the agent alone may prove that it goes on.
ALONE = 20.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run: whether all was right, and seconds from "the model is back" to "the agent works".

    *said*: how often it was told to go on; more than once where the model answers a probe and nothing else.
    """

    right: bool
    after: float | None
    gave_up_after: float | None = None
    said: int = 0


class Bench:
    """One supervisor and one fake model for many runs of one agent."""

    def __init__(self, wakeline: Wakeline, fake: Server, agent: str, outage: float) -> None:
        """*outage*: seconds for which the model is away after the agent has given up."""
        self._wakeline = wakeline
        self._fake = fake
        self._agent = agent
        self._outage = outage
        self._count = 0

    @contextmanager
    def _story(self) -> Iterator[Story]:
        self._count += 1
        with ExitStack() as opened:
            way = opened.enter_context(gate(self._fake.url))
            name = f"run{self._count}"
            yield opened.enter_context(
                cut_off(
                    self._wakeline, self._agent, way, name, lambda one: opened.enter_context(Terminal(one))
                )
            )

    def recovered(self, reason: cutting.Reason) -> Run:
        """With Wakeline, as it is."""
        with self._story() as story:
            gave_up, back = self._cut(story, reason)
            if reason.told:
                link = story.cut_off_by(reason)
                return Run(link["phase"] == "stopped" and story.told() == [], None, gave_up)
            story.finished()
            told = story.told()
            right = not told if reason.heals else set(told) == {CONTINUES}
            return Run(right, story.worked_again(back), gave_up, len(told))

    def observed(self, reason: cutting.Reason) -> Run:
        """Nothing is done by itself; somebody says "continue" at once."""
        with self._story() as story:
            _, back = self._cut(story, reason)
            self._wakeline.client.post(
                f"/api/sessions/{story.session()['id']}/prompt", {"text": CONTINUES, "when": "now"}
            )
            story.finished()
            return Run(True, story.worked_again(back))

    def alone(self, reason: cutting.Reason) -> bool:
        """Nothing is done by anybody: whether it goes on."""
        with self._story() as story:
            self._cut(story, reason)
            return story.alone_for(ALONE)

    def _cut(self, story: Story, reason: cutting.Reason) -> tuple[float | None, float]:
        story.begin()
        began = time.time()
        story.fail(reason)
        if reason.heals:
            return None, began
        story.cut_off_by(reason)
        gave_up = time.time() - began
        time.sleep(self._outage)
        return gave_up, story.gate.open()


@contextmanager
def bench(agent: str, policy: str, outage: float) -> Iterator[Bench]:
    """A supervisor with its usual pauses, and what it may do by itself."""
    with (
        serve("anthropic" if agent == "claude" else "openai") as fake,
        wakeline_in(WAKELINE_RECONNECT_HOSTED=policy) as wakeline,
    ):
        yield Bench(wakeline, fake, agent, outage)


def measured(agent: str, name: str, runs: int, outage: float) -> str:
    """One line of the table."""
    reason = cutting.REASONS[name]
    done: list[Run] = []
    with bench(agent, "auto", outage) as ours:
        for _ in range(runs):
            try:
                done.append(ours.recovered(reason))
            except AssertionError as wrong:
                print(f"  {agent} {name}: {str(wrong)[:200]}", file=sys.stderr, flush=True)
                done.append(Run(False, None))
    observed, alone = "-", "-"
    if not reason.heals and not reason.told:
        with bench(agent, "off", outage) as theirs:
            observed = _median([theirs.observed(reason).after for _ in range(min(runs, 3))])
            alone = "yes" if theirs.alone(reason) else "never"
    right = sum(run.right for run in done)
    times = [run.after for run in done] if not reason.heals else []
    return (
        f"{agent:<9} {name:<8} {right:>3}/{runs:<3} {_median([run.gave_up_after for run in done]):>8}"
        f" {_median(times):>8} {observed:>9} {alone:>6} {max(run.said for run in done):>5}"
    )


def _median(seconds: Sequence[float | None]) -> str:
    known = [one for one in seconds if one is not None]
    return f"{statistics.median(known):.2f} s" if known else "-"


def main() -> None:
    """Print the table, line by line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--agent", choices=cutting.AGENTS)
    parser.add_argument("--reason", choices=cutting.REASONS)
    parser.add_argument("--outage", type=float, default=2.0, help="seconds")
    told = parser.parse_args()
    print("agent     reason    right  gave up    works  observer  alone  said")
    for agent in (told.agent,) if told.agent else cutting.AGENTS:
        for name in (told.reason,) if told.reason else cutting.REASONS:
            if name == "silent" and agent == "claude":
                continue  # its own patience with a silent stream is five minutes, and cannot be cut
            print(measured(agent, name, told.runs, told.outage), flush=True)


if __name__ == "__main__":
    main()
