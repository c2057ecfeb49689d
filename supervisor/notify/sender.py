"""One thread for each address: it has its own queue, and its own patience. Never in anybody's way.

Addresses are secrets: they are in no log and in no error, and neither is what the library says.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Final, Protocol

from supervisor.core.notice import Level, Notice

if TYPE_CHECKING:
    from tenacity import RetryCallState

logger = logging.getLogger(__name__)

#: Notices that wait for one address; beyond that, the oldest is let go.
_MOST: Final = 100
#: Seconds after which a notice is no news any more.
_GIVEN_UP_AFTER: Final = 3600.0
#: Seconds between two tries at most; short at first, growing, scattered.
_LONGEST_PAUSE: Final = 300.0

Pauses = Callable[["RetryCallState"], float]


class Post(Protocol):
    """One address, ready to be written to."""

    def __call__(self, notice: Notice) -> bool:
        """Send it; whether it has arrived. May block for seconds."""
        ...


def open_post(url: str) -> Post | None:
    """The address of an apprise URL; ``None`` if it is none. Loads the library, which takes a moment."""
    from supervisor.notify.by_apprise import open_post as by_apprise

    return by_apprise(url)


class Sender:
    """Owns the threads and what waits for them."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        level: Level,
        is_open: Callable[[str], bool],
        sent: Callable[[str], None],
        pauses: Pauses | None = None,
        opened: Callable[[str], Post | None] = open_post,
    ) -> None:
        """Nothing runs before the first notice.

        *level*: how much may be told to others. *is_open*: whether a notice still wants to be seen.
        *sent* is called, in some thread, with the id of each that has arrived everywhere or never will.
        """
        self._level = level
        self._sent = sent
        self._lanes = [
            _Lane(number, url, is_open, self._done, pauses, opened)
            for number, url in enumerate(urls, start=1)
        ]
        self._left: dict[str, int] = {}
        self._lock = threading.Lock()

    def announce(self, notice: Notice) -> None:
        """Send this, soon. Returns at once."""
        if not self._lanes:
            return
        with self._lock:
            self._left[notice.id] = self._left.get(notice.id, 0) + len(self._lanes)
        for lane in self._lanes:
            lane.put(replace(notice, level=self._level))

    def close(self) -> None:
        """Stop; what has not arrived is sent by the next supervisor."""
        for lane in self._lanes:
            lane.close()

    def _done(self, notice_id: str) -> None:
        with self._lock:
            left = self._left.get(notice_id, 1) - 1
            if left:
                self._left[notice_id] = left
                return
            self._left.pop(notice_id, None)
        self._sent(notice_id)


class _Lane:
    """Owns one address, by its place in the settings."""

    def __init__(
        self,
        number: int,
        url: str,
        is_open: Callable[[str], bool],
        done: Callable[[str], None],
        pauses: Pauses | None,
        opened: Callable[[str], Post | None],
    ) -> None:
        self._number, self._url = number, url
        self._is_open, self._done = is_open, done
        self._pauses, self._opened = pauses, opened
        #: ``None`` only wakes who waits.
        self._queue: Queue[Notice | None] = Queue(_MOST)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, notice: Notice) -> None:
        """Let it wait for its turn."""
        while True:
            try:
                self._queue.put_nowait(notice)
                break
            except Full:
                self._let_go()
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=f"notify {self._number}", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Send nothing more. A try that is under way is not waited for."""
        self._stopped.set()
        with contextlib.suppress(Full):  # then nobody waits
            self._queue.put_nowait(None)

    def _let_go(self) -> None:
        try:
            oldest = self._queue.get_nowait()
        except Empty:
            return
        logger.warning("address %d for notices is too slow: one was not sent", self._number)
        if oldest:
            self._done(oldest.id)

    def _serve(self) -> None:
        post = self._opened(self._url)
        if post is None:
            logger.warning("address %d for notices cannot be used: it is no apprise URL", self._number)
        while not self._stopped.is_set():
            notice = self._queue.get()
            if notice and (post is None or self._deliver(post, notice)):
                self._done(notice.id)

    def _deliver(self, post: Post, notice: Notice) -> bool:
        """Try until it has arrived or is no news any more; whether that was said before we stopped."""
        import tenacity  # not before there is something to send

        stopped, given_up = (
            tenacity.stop_when_event_set(self._stopped),
            tenacity.stop_after_delay(_GIVEN_UP_AFTER),
        )
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda arrived: not arrived),
            wait=self._pauses or tenacity.wait_random_exponential(max=_LONGEST_PAUSE),
            sleep=self._pause,
            stop=tenacity.stop_any(stopped, given_up),
            retry_error_callback=lambda _: False,
        )
        if not tries(lambda: self._is_over(notice) or post(notice)):
            if self._stopped.is_set():
                return False
            logger.warning("a notice could not be sent to address %d within an hour", self._number)
        return True

    def _is_over(self, notice: Notice) -> bool:
        old = time.time() - notice.at > _GIVEN_UP_AFTER
        return old or not self._is_open(notice.id)

    def _pause(self, seconds: float) -> None:
        self._stopped.wait(seconds)
