"""Following the supervisor through its ends and returns."""

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import RetryCallState, Retrying, wait_fixed

from supervisor.core.errors import Refused, Unreachable
from tests.lab.waiting import threads_ended
from tray.follow import PAUSES, Follower, Tell


class Event(NamedTuple):
    """An event of the stream."""

    topic: str
    data: Any


class Streams:
    """A client with one prepared stream for each time it is asked; then nobody answers."""

    def __init__(self, *streams: Any) -> None:
        self._streams = list(streams)
        self.opened = 0

    def events(self, after: str | None = None) -> Iterator[Event]:
        """The next stream: events, or an exception in their place."""
        assert after is None
        self.opened += 1
        if not self._streams:
            raise Unreachable("Nobody.")
        for event in self._streams.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event


class Started:
    """Followers that all end with the test."""

    def __init__(self) -> None:
        self._all: list[Follower] = []

    def follow(
        self, client: Streams, tell: Tell, pauses: Callable[[RetryCallState], float] = PAUSES
    ) -> Follower:
        """Start one."""
        follower = Follower(client, tell, pauses)  # type: ignore[arg-type]  # enough of a client for it
        self._all.append(follower)
        follower.start()
        return follower

    def told_by(self, client: Streams) -> "SimpleQueue[str | None]":
        """The topics that a follower of this client tells."""
        told: SimpleQueue[str | None] = SimpleQueue()
        self.follow(client, lambda topic, _event, _at: told.put(topic))
        return told

    def stop(self) -> None:
        """End them all."""
        for follower in self._all:
            follower.stop()
        threads_ended("follow")


@pytest.fixture
def started() -> Iterator[Started]:
    """Starts followers."""
    made = Started()
    yield made
    made.stop()


@pytest.mark.parametrize(
    "end", [Unreachable("Gone."), Refused("No."), OSError("broken"), ValueError("no JSON")]
)
def test_however_a_stream_ends_it_is_said_and_begun_again(end: Exception, started: Started) -> None:
    """The icon says at once that nobody answers, and finds its way back alone."""
    told = started.told_by(Streams([Event("hello", {}), Event("session", {}), end], [Event("hello", {})]))

    topics = [told.get(timeout=60) for _ in range(5)]

    assert topics == ["hello", "session", None, "hello", None]


def test_a_stream_that_ends_without_a_word_is_an_end_too(started: Started) -> None:
    """A supervisor that stops politely is as gone as one that crashed."""
    told = started.told_by(Streams([Event("hello", {})]))

    assert [told.get(timeout=60) for _ in range(3)] == ["hello", None, None]


def test_somebody_who_knows_better_need_not_wait(started: Started) -> None:
    """After "Start Wakeline" the next try is now, not in half a minute."""
    told: SimpleQueue[str | None] = SimpleQueue()
    client = Streams()
    follower = started.follow(client, lambda topic, _event, _at: told.put(topic), wait_fixed(3600))
    told.get(timeout=60)

    follower.try_now()

    assert told.get(timeout=60) is None
    assert client.opened == 2


def test_an_answer_makes_the_next_failure_a_first_one(started: Started) -> None:
    """After a restart of the supervisor the icon is true again soon, however long it was away before."""
    failures: SimpleQueue[int] = SimpleQueue()

    def no_pause(this_try: RetryCallState) -> float:
        failures.put(this_try.attempt_number)
        return 0.0

    client = Streams([OSError()], [OSError()], [OSError()], [Event("hello", {}), OSError()])
    started.follow(client, lambda *_: None, no_pause)

    counted = [failures.get(timeout=60) for _ in range(5)]

    assert counted == [1, 2, 3, 1, 2]


@given(st.integers(1, 5000))
def test_pauses_grow_and_are_spread_below_their_limit(failures: int) -> None:
    """Nobody is hammered, many trays do not come at once, and no pause is longer than half a minute."""
    this_try = RetryCallState(Retrying(), None, (), {})
    this_try.attempt_number = failures

    pauses = [PAUSES(this_try) for _ in range(20)]

    assert 0.0 <= min(pauses) < max(pauses) <= min(30.0, 0.5 * 2 ** min(failures - 1, 10))
