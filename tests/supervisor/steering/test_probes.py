"""Many sessions that wait for one model ask for it once."""

import asyncio
import threading
from collections.abc import Hashable, Mapping

import pytest

from supervisor.steering import probes
from supervisor.steering.probes import Probes

pytestmark = pytest.mark.anyio


class Model:
    """An endpoint that is asked in threads, and answers when it is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.is_there = True

    def ask(self, url: str, environment: Mapping[str, str]) -> bool:
        del environment
        self.asked.append(url)
        assert self.may_answer.wait(60)
        return self.is_there


def same(url: str, environment: Mapping[str, str]) -> Hashable:
    """As of one proxy."""
    return url, environment.get("proxy")


async def test_who_asks_the_same_at_once_shares_the_answer() -> None:
    """Fifty sessions are one question; another endpoint or proxy is another."""
    model = Model()
    model.may_answer.clear()
    shared = Probes(model.ask, same)

    asking = [asyncio.ensure_future(shared.reached("a", {})) for _ in range(50)]
    asking += [
        asyncio.ensure_future(shared.reached("b", {})),
        asyncio.ensure_future(shared.reached("a", {"proxy": "p"})),
    ]
    await asyncio.sleep(0)
    model.may_answer.set()

    assert await asyncio.gather(*asking) == [True] * 52
    assert sorted(model.asked) == ["a", "a", "b"]


async def test_an_answer_holds_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is asked again, and after a change of the network at once."""
    model = Model()
    model.is_there = False
    shared = Probes(model.ask, same)
    assert not await shared.reached("a", {})
    model.is_there = True
    assert not await shared.reached("a", {})

    shared.forget()
    assert await shared.reached("a", {})
    model.is_there = False
    monkeypatch.setattr(probes, "_MOMENT", 0.0)

    assert not await shared.reached("a", {})


async def test_who_waits_no_more_takes_nothing_from_the_others() -> None:
    """One session was ended; the other still gets its answer."""
    model = Model()
    model.may_answer.clear()
    shared = Probes(model.ask, same)
    one, other = (asyncio.ensure_future(shared.reached("a", {})) for _ in range(2))
    await asyncio.sleep(0)

    one.cancel()
    await asyncio.gather(one, return_exceptions=True)
    model.may_answer.set()

    assert await other
