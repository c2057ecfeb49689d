"""All that a supervisor tells of its sessions, also what was over in a moment."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from supervisor.client import Client
from supervisor.core.errors import WakelineError

Told = Mapping[str, Any]


class Diary:
    """Owns what was told since it was opened, in its order. A thread writes it."""

    def __init__(self, client: Client, topic: str = "session") -> None:
        """Begin to listen to what is told of *topic*; when this returns, nothing more is missed."""
        self._client = client
        self._topic = topic
        self._told: list[Told] = []
        self._news = threading.Condition()
        self._begun = False
        self._over = False
        threading.Thread(target=self._listen, name="diary", daemon=True).start()
        with self._news:
            assert self._news.wait_for(lambda: self._begun, 60.0), "the stream of events does not begin"

    def find(self, wanted: Callable[[Told], bool], seconds: float = 60.0) -> Told:
        """Wait for a session that was told like that, whatever has become of it since; the first."""
        with self._news:
            found = self._news.wait_for(lambda: next(filter(wanted, self._told), None), seconds)
        assert found is not None, f"not told within {seconds:g} s; last: {self._told[-1:]}"
        return found

    def close(self) -> None:
        """Write no more; the thread ends with the next word, or with the supervisor."""
        self._over = True

    def _listen(self) -> None:
        with suppress(WakelineError, OSError):
            for event in self._client.events():
                with self._news:
                    self._begun = True
                    self._told += [event.data] if event.topic == self._topic else []
                    self._news.notify_all()
                if self._over:
                    return


@contextmanager
def diary(client: Client, topic: str = "session") -> Iterator[Diary]:
    """What is told while the context lasts."""
    opened = Diary(client, topic)
    try:
        yield opened
    finally:
        opened.close()
