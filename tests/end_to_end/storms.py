"""A real agent and the supervisor in bad networks, and what came of its task.

The longer ones by hand: ``python -m tests.end_to_end.storms [flapping|cable|loss] [SECONDS]``.
"""

import sys

assert sys.platform == "linux"

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from tests.end_to_end.cut_off import CONTINUES, Story, cut_off
from tests.end_to_end.steered import InTerminal, home_of, wakeline_in
from tests.lab import cutting, homes, lossy
from tests.lab.gate import gate
from tests.lab.lossy import Wire
from tests.lab.servers import serve
from tests.lab.terminal import Terminal
from tests.lab.weather import Weather

#: What the model is called where names are known.
NAME: Final = "model.test"
#: Its usual pauses a tenth as long: half a minute without a network is five.
TENTH: Final = {
    "WAKELINE_RECONNECT_FIRST_PAUSE_SECONDS": "1",
    "WAKELINE_RECONNECT_LONGEST_PAUSE_SECONDS": "3",
}


@contextmanager
def under(weather: Weather, in_terminal: InTerminal, **settings: str) -> Iterator[Story]:
    """Codex, its model and the supervisor, all in that weather; the first step of the task is done."""
    with ExitStack() as opened:
        opened.enter_context(weather)
        weather.knows(NAME)
        wakeline = opened.enter_context(wakeline_in(weather.within, NO_PROXY=f"127.0.0.1,{NAME}", **settings))
        front = homes.Launch(argv=weather.within, env={}, cwd=home_of(wakeline))
        fake = opened.enter_context(serve("openai", front))
        way = opened.enter_context(gate(fake.url, enter=lambda: lossy.enter(weather.name)))
        way.name = NAME
        story = opened.enter_context(cut_off(wakeline, "codex", way, "p", in_terminal))
        story.begin()
        yield story


@contextmanager
def across(wire: Wire, in_terminal: InTerminal, **settings: str) -> Iterator[Story]:
    """Codex and the supervisor on one side of the wire, the model on the other."""
    with ExitStack() as opened:
        opened.enter_context(wire)
        wakeline = opened.enter_context(wakeline_in(wire.here.within, NO_PROXY=lossy.THERE, **settings))
        front = homes.Launch(argv=wire.there.within, env={}, cwd=home_of(wakeline))
        fake = opened.enter_context(serve("openai", front))
        way = opened.enter_context(gate(fake.url, lossy.THERE, lambda: lossy.enter(wire.there.name)))
        story = opened.enter_context(cut_off(wakeline, "codex", way, "p", in_terminal))
        story.begin()
        yield story


def flapping(in_terminal: InTerminal, seconds: float) -> int:
    """Up and down each second for so long; how often it was told to go on."""
    weather, over = Weather(), threading.Event()
    pauses = {**TENTH, "WAKELINE_RECONNECT_LONGEST_PAUSE_SECONDS": "5"}
    with under(weather, in_terminal, **pauses) as story:
        weather.pull()
        story.go_on()
        for _ in range(int(seconds / 2)):
            over.wait(1.0)
            weather.plug()
            over.wait(1.0)
            weather.pull()
        weather.plug()
        story.finished()
        told = story.told()
        assert set(told) <= {CONTINUES}
        return len(told)


def cable(in_terminal: InTerminal, seconds: float) -> int:
    """The cable is out for so long; how often it was told to go on."""
    weather = Weather()
    with under(weather, in_terminal, **TENTH) as story:
        weather.pull()
        story.go_on()
        story.session(state="cut_off")
        threading.Event().wait(seconds)
        assert story.told() == [], "nothing is said into a network that is not there"
        weather.plug()
        story.finished()
        told = story.told()
        assert set(told) == {CONTINUES}
        return len(told)


def loss(in_terminal: InTerminal, seconds: float, share: float = 0.3) -> int:
    """That share of packets is lost, and for so long all of them; how often it was told to go on."""
    wire = Wire(0.0)
    with across(wire, in_terminal, **TENTH) as story:
        wire.loss = 1.0
        story.go_on()
        story.session(state="cut_off")
        threading.Event().wait(seconds)
        wire.loss = share
        story.finished()
        return _told(story, wire)


def lossy_way_back(in_terminal: InTerminal, share: float = 0.3) -> int:
    """The model is gone, and comes back behind a wire that loses packets; how often it was told to go on."""
    wire, reason = Wire(share), cutting.REASONS["reset"]
    with across(wire, in_terminal, **TENTH) as story:
        story.fail(reason)
        story.cut_off_by(reason)
        story.gate.open()
        story.finished()
        return _told(story, wire)


def _told(story: Story, wire: Wire) -> int:
    assert wire.lost > 0
    told = story.told()
    assert set(told) == {CONTINUES}
    return len(told)


STORIES: Final[dict[str, Callable[[InTerminal, float], int]]] = {
    "flapping": flapping,
    "cable": cable,
    "loss": loss,
}


def main(name: str, seconds: float) -> None:
    """Tell one story, with a terminal of our own."""
    with ExitStack() as opened:
        told = STORIES[name](lambda launch: opened.enter_context(Terminal(launch)), seconds)
    print(f"{name} for {seconds:g} s: finished, each step once; told to go on {told} times", flush=True)


if __name__ == "__main__":
    wanted = sys.argv[1:2] or list(STORIES)
    for one in wanted:
        main(one, float(sys.argv[2]) if len(sys.argv) > 2 else 60.0)
