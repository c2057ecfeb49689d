"""Follows the supervisor: a thread that turns its stream of events into snapshots, for as long as we run."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from supervisor.core.errors import WakelineError

#: Seconds between tries while nobody answers: soon at first, since a start takes a moment.
PAUSES = (0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

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

    def __init__(self, client: Client, tell: Tell) -> None:
        self._client, self._tell = client, tell
        self._again = threading.Event()
        self._stopped = False
        self._failures = 0

    def start(self) -> None:
        """Begin to follow; ends with the process, or with ``stop``."""
        threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def try_now(self) -> None:
        """Somebody knows better: do not wait for the next try."""
        self._failures = 0
        self._again.set()

    def stop(self) -> None:
        """Follow no longer."""
        self._stopped = True
        self._again.set()

    def _follow(self) -> None:
        while not self._stopped:
            self._read()
            if self._stopped:
                return
            self._tell(None, None, time.time())
            self._again.wait(PAUSES[min(self._failures, len(PAUSES) - 1)])
            self._again.clear()
            self._failures += 1

    def _read(self) -> None:
        """All events until the stream ends, which it does when the supervisor does."""
        try:
            for event in self._client.events():
                self._failures = 0
                if self._stopped:
                    return
                self._tell(event.topic, event.data, time.time())
        except (WakelineError, OSError, ValueError):
            return
