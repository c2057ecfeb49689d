"""Networks that go and flap: a real agent and the supervisor are in one whose cable can be pulled."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("network namespaces of Linux", allow_module_level=True)

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.end_to_end.cut_off import CONTINUES, Story, cut_off
from tests.end_to_end.steered import InTerminal, home_of, wakeline_in
from tests.lab import homes
from tests.lab.servers import serve
from tests.lab.weather import Weather


@contextmanager
def under(weather: Weather, in_terminal: InTerminal, **settings: str) -> Iterator[Story]:
    """Codex, its model and the supervisor, all in that weather; the first step of the task is done."""
    with ExitStack() as opened:
        opened.enter_context(weather)
        wakeline = opened.enter_context(wakeline_in(weather.within, **settings))
        front = homes.Launch(argv=weather.within, env={}, cwd=home_of(wakeline))
        fake = opened.enter_context(serve("openai", front))
        story = opened.enter_context(cut_off(wakeline, "codex", fake, "p", in_terminal))
        story.begin()
        yield story


def test_the_cable_that_is_plugged_in_again_is_noticed_at_once(
    in_terminal: InTerminal, needs_codex: None
) -> None:
    """The kernel's word ends a pause of many minutes; the turn goes on, by one continuation."""
    del needs_codex
    weather = Weather()
    pauses = {
        "WAKELINE_RECONNECT_FIRST_PAUSE_SECONDS": "3600",
        "WAKELINE_RECONNECT_LONGEST_PAUSE_SECONDS": "7200",
    }
    with under(weather, in_terminal, **pauses) as story:
        weather.pull()
        story.task.go_on()
        cut = story.session(state="cut_off")
        assert cut["keeps_awake"] or story.session(keeps_awake=True)

        weather.plug()

        story.finished()
        assert story.told() == [CONTINUES]


def test_a_network_that_flaps_multiplies_nothing(in_terminal: InTerminal, needs_codex: None) -> None:
    """Up and down each second for twenty: every step is done once, and it is asked less and less often."""
    del needs_codex
    weather, over = Weather(), threading.Event()
    pauses = {
        "WAKELINE_RECONNECT_FIRST_PAUSE_SECONDS": "1",
        "WAKELINE_RECONNECT_LONGEST_PAUSE_SECONDS": "5",
    }
    with under(weather, in_terminal, **pauses) as story:
        weather.pull()
        story.task.go_on()
        for _ in range(10):
            over.wait(1.0)
            weather.plug()
            over.wait(1.0)
            weather.pull()
        weather.plug()

        story.finished()
        told = story.told()
        assert set(told) <= {CONTINUES}
        assert len(told) <= 4
