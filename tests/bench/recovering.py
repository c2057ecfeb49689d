"""One run of ``tests.bench.recover``: a real agent, cut off half-way through its task."""

import sys

assert sys.platform == "linux"

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supervisor.core.errors import WakelineError
from tests.end_to_end.cut_off import CONTINUES, Story, cut_off
from tests.end_to_end.steered import wakeline_in
from tests.lab import cutting
from tests.lab.gate import gate
from tests.lab.servers import Server, serve
from tests.lab.terminal import Terminal
from tests.lab.waiting import until
from tests.lab.wakeline import Wakeline

#: Seconds in which the agent alone may prove that it goes on.
ALONE: Final = 20.0
#: Seconds of silence after which it is acted, in place of an hour, where an agent waits for ever.
_SILENT_AFTER: Final = "10"
#: Who brings the agent back: Wakeline, somebody who says "continue" at once, or nobody.
WAYS: Final = ("ours", "observed", "alone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: whether all was right, and seconds from "the model is back" to "the agent works".

    *said*: how often it was told to go on; more than once where the model answers a probe and nothing else.
    """

    agent: str
    reason: str
    way: str
    right: bool
    after: float | None = None
    gave_up_after: float | None = None
    said: int = 0
    wrong: str = ""


class Bench:
    """One supervisor and one fake model for some runs of one agent."""

    def __init__(
        self, wakeline: Wakeline, fake: Server, agent: str, name: str, outage: float, *, acts: bool
    ) -> None:
        """*outage*: seconds for which the model is away after the agent has given up; *acts*: Wakeline."""
        self._wakeline = wakeline
        self._fake = fake
        self._agent = agent
        self._name = name
        self._reason = cutting.REASONS[name]
        self._outage = outage
        self._acts = acts
        self._count = 0

    def run(self, way: str) -> Run:
        """One run, whatever happens in it."""
        does = {"ours": self._ours, "observed": self._observed, "alone": self._alone}[way]
        with self._story() as story:
            try:
                return does(story)
            except (AssertionError, WakelineError, OSError):
                return self._told(way, wrong=self._seen(story) + traceback.format_exc()[-3000:])

    def _ours(self, story: Story) -> Run:
        """With Wakeline, as it is."""
        gave_up, back = self._cut(story)
        if self._reason.told:
            assert story.cut_off_by(self._reason)["phase"] == "stopped"
            assert story.told() == [], "only a person can help, and it was told to go on"
            self._wakeline.run("retry", story.session()["id"])
        story.finished()
        if self._agent in self._reason.heals:
            assert story.told() == [], "it heals by itself, and was told to go on"
            said = 0
        else:
            said = story.continued(back)
        return self._told("ours", after=story.worked_again(back), gave_up_after=gave_up, said=said)

    def _observed(self, story: Story) -> Run:
        """Nothing is done by itself; somebody says "continue" at once."""
        _, back = self._cut(story)
        session_id = story.session()["id"]
        if self._agent in self._reason.endless:
            self._wakeline.run("interrupt", session_id)
            story.session(state="idle")
        order = {"text": CONTINUES, "when": "now"}
        self._wakeline.client.post(f"/api/sessions/{session_id}/prompt", order)
        story.finished()
        return self._told("observed", after=story.worked_again(back))

    def _alone(self, story: Story) -> Run:
        """Nothing is done by anybody; right: it goes on."""
        self._cut(story)
        return self._told("alone", right=story.alone_for(ALONE))

    def _cut(self, story: Story) -> tuple[float | None, float]:
        """How long it took to give up, and when the model was back."""
        story.begin()
        began = time.time()
        story.fail(self._reason)
        if self._agent in self._reason.heals:
            return None, began
        if self._acts or self._agent not in self._reason.endless:
            story.cut_off_by(self._reason)
        else:
            until(story.gate.tried)  # nobody says that nothing moves, where nothing is done about it
        gave_up = time.time() - began
        time.sleep(self._outage)
        return gave_up, story.gate.open()

    def _told(
        self,
        way: str,
        *,
        right: bool = True,
        after: float | None = None,
        gave_up_after: float | None = None,
        said: int = 0,
        wrong: str = "",
    ) -> Run:
        return Run(
            agent=self._agent,
            reason=self._name,
            way=way,
            right=right and not wrong,
            after=after,
            gave_up_after=gave_up_after,
            said=said,
            wrong=wrong,
        )

    def _seen(self, story: Story) -> str:
        """What there is to see when something is wrong."""
        looks: tuple[Callable[[], object], ...] = (
            lambda: self._wakeline.session(cwd=str(story.held.cwd)),
            lambda: story.gate.asked,
            story.told,
            lambda: Path(self._wakeline.folder / "output").read_text()[-2000:],
            lambda: story.held.terminal.text[-1500:],
        )
        return "".join(f"{_or_why_not(look)}\n" for look in looks)

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


def _or_why_not(look: Callable[[], object]) -> object:
    try:
        return look()
    except (AssertionError, WakelineError, OSError) as trouble:
        return f"cannot look: {trouble!r:.200}"


@contextmanager
def bench(agent: str, name: str, way: str, outage: float) -> Iterator[Bench]:
    """A supervisor with its usual pauses, and what it may do by itself."""
    acts = way == "ours"
    settings = {"WAKELINE_RECONNECT_HOSTED": "auto" if acts else "off"}
    if agent in cutting.REASONS[name].endless:
        settings["WAKELINE_RECONNECT_SILENT_AFTER_SECONDS"] = _SILENT_AFTER
    with (
        serve("anthropic" if agent == "claude" else "openai") as fake,
        wakeline_in(**settings) as wakeline,
    ):
        yield Bench(wakeline, fake, agent, name, outage, acts=acts)
