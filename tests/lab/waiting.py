"""Waiting for what a test waits for, and failing in words when it does not come."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(question: Callable[[], T], seconds: float = 60.0, saying: str = "") -> T:
    """Ask until the answer is true, and return it; AssertionError after *seconds*.

    For what other programs do and nobody announces; asks 50 times a second at first, and more seldom
    where it takes long, so that waiting does not slow down what is waited for.
    """
    pause, began = threading.Event(), time.monotonic()
    while not (answer := question()):
        waited = time.monotonic() - began
        assert waited < seconds, f"not within {seconds:g} s: {saying or question}; last answer: {answer!r}"
        pause.wait(min(max(0.02, waited / 20), 0.25, seconds - waited))
    return answer


def threads_ended(*names: str) -> None:
    """Wait for all threads of these names, so that nothing of one test goes on in the next."""
    for thread in threading.enumerate():
        if thread.name in names:
            thread.join(60)
            assert not thread.is_alive(), f"the thread {thread.name} does not end"
