"""Follows the supervisor: a thread that turns its stream of events into snapshots, for as long as we run."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_when_event_set,
    wait_random_exponential,
)

from supervisor.core.errors import WakelineError

#: Seconds between tries while nobody answers: short at first, since a start takes a moment, then
#: anywhere up to half a minute, so that many trays never come all at once.
PAUSES = wait_random_exponential(multiplier=0.5, max=30.0)

#: How a stream ends when the supervisor does.
_ENDS = (WakelineError, OSError, ValueError)

#: Takes the topic and the fields of an event; ``None`` instead of a topic: nobody answers.
Tell = Callable[[str | None, Any, float], None]


class Event(Protocol):
    """An event of the stream."""

    @property
    def topic(self) -> str:
        """What it is about."""
        ...

    @property
    def data(self) -> Any:
        """Its fields."""
        ...


class Client(Protocol):
    """What the tray uses of ``supervisor.client.Client``."""

    def get(self, path: str) -> Any:
        """Ask for something."""
        ...

    def put(self, path: str, body: Any) -> Any:
        """Set something."""
        ...

    def post(self, path: str, body: Any = None) -> Any:
        """Have something done."""
        ...

    def delete(self, path: str) -> Any:
        """Have something removed."""
        ...

    def events(self, after: str | None = None) -> Iterator[Event]:
        """Everything that happens, a picture of everything first."""
        ...


class Follower:
    """Owner of the thread. It starts from a whole picture each time: nothing is ever missed."""

    def __init__(
        self, client: Client, tell: Tell, pauses: Callable[[RetryCallState], float] = PAUSES
    ) -> None:
        self._client, self._tell, self._pauses = client, tell, pauses
        self._again = threading.Event()
        self._stopped = threading.Event()
        self._try: RetryCallState | None = None

    def start(self) -> None:
        """Begin to follow; ends with the process, or with ``stop``."""
        threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def try_now(self) -> None:
        """Somebody knows better: do not wait for the next try."""
        if self._try:
            self._try.attempt_number = 1
        self._again.set()

    def stop(self) -> None:
        """Follow no longer."""
        self._stopped.set()
        self._again.set()

    def _follow(self) -> None:
        for attempt in self._tries():
            self._try = attempt.retry_state
            with attempt:
                self._read(attempt.retry_state)
            if not self._stopped.is_set():
                self._tell(None, None, time.time())

    def _tries(self) -> Retrying:
        """One try after another, however streams end, until we are stopped."""
        return Retrying(
            retry=retry_if_result(lambda _: True) | retry_if_exception_type(_ENDS),
            wait=self._pauses,
            sleep=self._pause,
            stop=stop_when_event_set(self._stopped),
            retry_error_callback=lambda _: None,
        )

    def _pause(self, seconds: float) -> None:
        self._again.wait(seconds)
        self._again.clear()

    def _read(self, this_try: RetryCallState) -> None:
        """All events until the stream ends, which it does when the supervisor does."""
        for event in self._client.events():
            # Somebody answers: what fails next is a first failure.
            this_try.attempt_number = 1
            if self._stopped.is_set():
                return
            self._tell(event.topic, event.data, time.time())
