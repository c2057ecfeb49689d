"""Waiting for what a test waits for, and failing in words when it does not come."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(question: Callable[[], T], seconds: float = 60.0, saying: str = "") -> T:
    """Ask until the answer is true, and return it; AssertionError after *seconds*.

    For what other programs do and nobody announces; asks 50 times a second.
    """
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not (answer := question()):
        remaining = deadline - time.monotonic()
        assert remaining > 0, f"not within {seconds:g} s: {saying or question}; last answer: {answer!r}"
        pause.wait(min(0.02, remaining))
    return answer


def threads_ended(*names: str) -> None:
    """Wait for all threads of these names, so that nothing of one test goes on in the next."""
    for thread in threading.enumerate():
        if thread.name in names:
            thread.join(60)
            assert not thread.is_alive(), f"the thread {thread.name} does not end"
