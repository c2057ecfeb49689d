"""What is waited for."""

import os
import sys
from collections.abc import Iterator

import pytest

assert sys.platform != "win32"

from supervisor.terminal.ready import Ready


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """One with something in it."""
    reading, writing = os.pipe()
    os.write(writing, b"x")
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_what_can_be_done_is_done(pipe: tuple[int, int]) -> None:
    """And nothing for what is not waited for any more."""
    ready, done = Ready(), list[str]()
    ready.to_read[pipe[0]] = lambda: done.append("read")
    ready.to_write[pipe[1]] = lambda: done.append("written")

    ready.wait()
    ready.forget(pipe[1])
    ready.wait()
    ready.forget(pipe[0])
    ready.later(lambda: done.append("late"), 0)
    ready.wait()

    assert done == ["read", "written", "read", "late"]


def test_what_came_before_in_the_same_round_counts(pipe: tuple[int, int]) -> None:
    """One of two ends the other: that one is left alone."""
    ready, done = Ready(), list[str]()

    def end_the_other() -> None:
        done.append("read")
        ready.forget(pipe[1])

    ready.to_read[pipe[0]] = end_the_other
    ready.to_write[pipe[1]] = lambda: done.append("written")

    ready.wait()

    assert done == ["read"]


def test_later_is_later_and_once() -> None:
    """In order; what is called off, or said again, is not done at its first time."""
    ready, done = Ready(), list[str]()

    def first() -> None:
        done.append("first")

    def second() -> None:
        done.append("second")

    def never() -> None:
        done.append("never")

    ready.later(second, 0.001)
    ready.later(never, 0.0)
    ready.later(first, 0.0)
    ready.later(second, 0.05)
    ready.never(never)
    ready.wait()
    assert done == ["first"]
    ready.wait()

    assert done == ["first", "second"]


def test_what_rests_is_not_read_for_a_while(pipe: tuple[int, int]) -> None:
    """Though it can be read; then it is again."""
    ready, done = Ready(), list[str]()
    ready.to_read[pipe[0]] = lambda: done.append("read")

    ready.rest(pipe[0], 0.05)
    ready.later(lambda: done.append("meanwhile"), 0.01)
    while len(done) < 2:
        ready.wait()

    assert done == ["meanwhile", "read"]
