"""Waiting for a model that cannot be reached, and going on once."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from supervisor.core import effects, events
from supervisor.core.errors import Refused
from supervisor.core.failing import Cause
from supervisor.core.model import Session, State
from supervisor.core.steering import Prompt
from supervisor.steering.lifeline import Lifeline, Pauses

pytestmark = pytest.mark.anyio

CUT = Session(id="s", agent="claude", state=State.CUT_OFF, since=5.0)


class Scene:
    """A lifeline, a network that can be switched, and what was posted. Owner: the test."""

    def __init__(self, first: float = 0.01, longest: float = 0.05) -> None:
        self.online = False
        self.probes = 0
        self.while_looking: Callable[[], object] | None = None
        self.posted: list[events.Event] = []
        self.given: list[Prompt] = []
        self.resumed: list[str] = []
        self.interrupted: list[str] = []
        self.refuses = False
        self._news = asyncio.Event()
        self.lifeline = Lifeline(
            post=self._post,
            probe=self._probe,
            words=self._words,
            give=self._give,
            resume=self._resume,
            interrupt=self._interrupt,
            lives=lambda session_id: session_id in self.resumed,
            pauses=Pauses(first=first, longest=longest, after_reset=0.0),
        )

    def _post(self, event: events.Event) -> None:
        self.posted.append(event)
        self._news.set()

    async def _probe(self, _session: Session) -> bool:
        self.probes += 1
        seen = self.online
        if self.while_looking:
            self.while_looking()
        return seen

    async def _words(self, _session: Session) -> str:
        return "go on"

    async def _give(self, prompt: Prompt) -> None:
        if self.refuses:
            raise Refused("It works.", "Wait.")
        self.given.append(prompt)

    async def _resume(self, session_id: str) -> str:
        self.resumed.append(session_id)
        return "t1"

    async def _interrupt(self, session: Session) -> None:
        self.interrupted.append(session.id)

    async def until(self, so: Callable[[], object]) -> None:
        """Wait until that is so."""
        async with asyncio.timeout(60):
            while not so():
                self._news.clear()
                await self._news.wait()

    def reached(self) -> int:
        """How often it was said that the model can be reached."""
        return sum(isinstance(one, events.Reached) for one in self.posted)


async def test_it_is_tried_until_the_model_answers() -> None:
    """Each pause is announced; the one answer is told once, and nobody asks any more."""
    scene = Scene()
    scene.lifeline.reach(effects.Reach(CUT, Cause.NETWORK, 0, None))
    await scene.until(lambda: scene.probes >= 3)
    assert any(isinstance(one, events.TryPlanned) for one in scene.posted)

    scene.online = True
    await scene.until(scene.reached)

    before = scene.probes
    await asyncio.sleep(0.1)
    assert (scene.reached(), scene.probes) == (1, before)


async def test_news_of_the_network_ends_a_pause() -> None:
    """A pause of minutes ends when the kernel says that the network has changed."""
    scene = Scene(first=600.0, longest=600.0)
    scene.lifeline.reach(effects.Reach(CUT, Cause.NETWORK, 0, None))
    await scene.until(lambda: scene.probes == 1 and scene.posted)
    scene.online = True

    scene.lifeline.network_changed()

    await scene.until(scene.reached)
    scene.lifeline.close()


async def test_those_who_wait_look_together() -> None:
    """Their pauses are drawn by lot, and end with each other's where they are near."""
    scene = Scene(first=5.0, longest=60.0)
    for number in range(100):
        scene.lifeline.reach(effects.Reach(replace(CUT, id=f"s{number}"), Cause.NETWORK, 9, None))

    await scene.until(lambda: len(scene.posted) == 100)
    planned = {round(one.next_try_at, 1) for one in scene.posted if isinstance(one, events.TryPlanned)}
    scene.lifeline.close()

    assert len(planned) < 50


async def test_whoever_is_stopped_waits_no_more() -> None:
    """Stop trying means that nothing is asked any more."""
    scene = Scene()
    scene.lifeline.reach(effects.Reach(CUT, Cause.NETWORK, 0, None))
    await scene.until(lambda: scene.probes >= 1)

    scene.lifeline.stop(effects.StopReaching("s"))
    scene.online = True
    before = scene.probes
    await asyncio.sleep(0.15)

    assert (scene.probes, scene.reached()) == (before, 0)


async def test_a_reset_is_waited_for_by_the_clock() -> None:
    """Nothing is tried before the time that the agent told."""
    scene = Scene()
    scene.online = True
    at = time.time() + 0.3

    scene.lifeline.reach(effects.Reach(CUT, Cause.USAGE_LIMIT, 0, at))
    await scene.until(scene.reached)

    assert time.time() >= at
    planned = [one.next_try_at for one in scene.posted if isinstance(one, events.TryPlanned)]
    assert planned[0] == pytest.approx(at)


async def test_a_living_session_is_spoken_to() -> None:
    """The attempt names the prompt, so that it is given once whoever repeats it."""
    scene = Scene()

    scene.lifeline.go_on(effects.Continue(CUT, 2))
    scene.lifeline.go_on(effects.Continue(CUT, 2))
    await asyncio.sleep(0.05)

    assert {(p.id, p.text, p.when, p.by) for p in scene.given} == {
        ("continue-5000-2-s", "go on", "now", "wakeline")
    }
    assert scene.resumed == []


@pytest.mark.parametrize("unfinished", [True, False])
async def test_a_dead_session_is_brought_back_first(unfinished: bool) -> None:
    """It goes on when it is back and at its prompt; where nothing was under way, it is only back."""
    scene = Scene()
    lost = Session(id="s", agent="claude", state=State.LOST, since=5.0, unfinished=unfinished)

    scene.lifeline.go_on(effects.Continue(lost, 1))
    await asyncio.sleep(0.05)

    assert scene.resumed == ["s"]
    assert [p.when for p in scene.given] == (["idle"] if unfinished else [])


async def test_what_comes_to_nothing_is_said() -> None:
    """A refusal is told to the desk with its reason."""
    scene = Scene()
    scene.refuses = True

    scene.lifeline.go_on(effects.Continue(CUT, 1))
    await scene.until(lambda: scene.posted)

    (told,) = scene.posted
    assert isinstance(told, events.NotContinued)
    assert told.note == "It works. Wait."


async def test_a_turn_in_which_nothing_moves_is_interrupted_first() -> None:
    """Its agent still waits for an answer: the words are for when it is at rest again."""
    scene = Scene()
    silent = Session(id="s", agent="claude", state=State.WORKING, since=5.0, stale=True)

    scene.lifeline.go_on(effects.Continue(silent, 1, Cause.SILENT))

    await asyncio.sleep(0.05)
    assert scene.interrupted == ["s"]
    assert [(p.text, p.when) for p in scene.given] == [("go on", "idle")]


async def test_news_that_comes_while_it_is_looked_is_no_news_lost() -> None:
    """The network came back just after the look began: it is looked again at once, not in an hour."""
    scene = Scene(first=3600.0, longest=7200.0)

    def back() -> None:
        scene.online, scene.while_looking = True, None
        scene.lifeline.network_changed()

    scene.while_looking = back
    scene.lifeline.reach(effects.Reach(CUT, Cause.NETWORK, 0, None))

    await scene.until(scene.reached)
    assert scene.probes == 2


async def test_a_hundred_that_can_go_on_do_not_all_go_on_at_once() -> None:
    """One after the other, with a pause in between, however many were cut off together."""
    scene = Scene()

    for number in range(100):
        cut = Session(id=f"s{number}", agent="claude", state=State.CUT_OFF, since=5.0)
        scene.lifeline.go_on(effects.Continue(cut, 1))
    await asyncio.sleep(0.3)

    assert len(scene.given) == 1
    scene.lifeline.close()
