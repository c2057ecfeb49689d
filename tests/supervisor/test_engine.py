"""The one loop: what is decided is done, in order, whatever fails."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from supervisor.core import effects, events
from supervisor.core.desk import Desk
from supervisor.core.keeper import Keeper
from supervisor.core.model import Run
from supervisor.engine import Engine

pytestmark = pytest.mark.anyio


class Script(Desk):
    """A desk that wishes what the test says, and notes what it was told."""

    def __init__(self, answer: Callable[[events.Event], list[effects.Effect]]) -> None:
        super().__init__(keeper=Keeper(), resume=lambda *_: None)
        self.answer = answer
        self.told: list[events.Event] = []
        self.news = asyncio.Event()

    def handle(self, event: events.Event) -> list[effects.Effect]:
        """Note it, and wish."""
        self.told.append(event)
        self.news.set()
        return self.answer(event)


def ended(pid: int) -> events.RunEnded:
    """A process is gone."""
    return events.RunEnded(run=Run(pid, 1.0), at=1.0)


async def test_what_follows_from_a_deed_comes_after_what_was_decided() -> None:
    """A hand that reports at once does not get between two wishes of one decision."""
    done: list[str] = []
    desk = Script(lambda event: [effects.Look("first"), effects.Look("second")] if event == ended(0) else [])

    def look(effect: effects.Look) -> None:
        done.append(effect.agent)
        engine.post(ended(len(done)))
        done.append(f"{effect.agent} reported")

    engine = Engine(desk, {effects.Look: look})
    engine.post(ended(0))

    assert done == ["first", "first reported", "second", "second reported"]
    assert desk.told == [ended(0), ended(1), ended(3)]


async def test_a_deed_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """A full disk costs what could not be saved, and nothing else."""
    seen: list[str] = []

    def full(_: effects.ReadBranch) -> None:
        raise OSError("no space left")

    desk = Script(lambda _: [effects.ReadBranch("one", "/"), effects.Look("claude")])
    engine = Engine(desk, {effects.ReadBranch: full, effects.Look: lambda e: seen.append(e.agent)})

    engine.post(ended(0))

    assert seen == ["claude"]
    assert "could not do: ReadBranch" in caplog.text


async def test_a_wait_comes_back_as_an_event_and_a_newer_one_replaces_it() -> None:
    """Each name has one timer."""
    desk = Script(
        lambda event: [effects.Wait("tidy", 3600), effects.Wait("tidy", 0)] if event == ended(0) else []
    )
    engine = Engine(desk, {})

    engine.post(ended(0))
    desk.news.clear()
    async with asyncio.timeout(60):
        await desk.news.wait()

    assert [event.name for event in desk.told if isinstance(event, events.WaitOver)] == ["tidy"]
    assert engine._timers == {}


async def test_a_closed_engine_has_no_timers() -> None:
    """Nothing happens after the end."""
    desk = Script(lambda _: [effects.Wait("tidy", 0)])
    engine = Engine(desk, {})
    engine.post(ended(0))

    engine.close()
    turned = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, turned.set)
    await turned.wait()

    assert desk.told == [ended(0)]


async def test_other_threads_may_report() -> None:
    """What they say is taken in on the loop."""
    threads: list[threading.Thread] = []
    desk = Script(lambda _: threads.append(threading.current_thread()) or [])  # type: ignore[func-returns-value]  # append, then nothing
    engine = Engine(desk, {})

    await asyncio.to_thread(engine.post_from_thread, ended(0))
    async with asyncio.timeout(60):
        await desk.news.wait()

    assert threads == [threading.current_thread()]
