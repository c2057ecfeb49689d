"""Panes of other terminal programs that sessions were found in. Everything blocks."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from supervisor.core.errors import Failed
from supervisor.core.model import Run
from supervisor.terminal import adopted

#: A process in a pane that was not found may have one later: an agent is moved into tmux by some.
_ASK_AGAIN: Final = 60.0


class Panes:
    """Owns which process was found in which pane. From any thread."""

    def __init__(self, environment: Callable[[int], Mapping[str, str]]) -> None:
        """*environment*: of a process at its start."""
        self._environment = environment
        self._found: dict[Run, tuple[adopted.Pane | None, float]] = {}
        self._lock = threading.Lock()

    def of(self, run: Run) -> str | None:
        """The pane that it runs in, as people call it."""
        pane = self._pane(run)
        return f"{adopted.title(pane)} {pane.id}" if pane else None

    def forget(self, alive: frozenset[Run]) -> None:
        """Only these are of interest any more."""
        with self._lock:
            for run in self._found.keys() - alive:
                del self._found[run]

    def paste(self, run: Run, text: str) -> None:
        """Paste into its pane. Raises ``Refused``, ``Failed``."""
        # Every agent of ours turns bracketed paste on as soon as it can be typed at.
        adopted.paste(self._there(run), text, expects=run, takes_pastes=True)

    def keys(self, run: Run, keys: bytes) -> None:
        """Press keys in its pane. Raises ``Refused``, ``Failed``."""
        adopted.keys(self._there(run), keys, expects=run)

    def _there(self, run: Run) -> adopted.Pane:
        pane = self._pane(run)
        if pane is None:
            raise Failed("Its pane is not there any more.", "See: wakeline ls")
        return pane

    def _pane(self, run: Run) -> adopted.Pane | None:
        now = time.monotonic()
        with self._lock:
            known, at = self._found.get(run, (None, -_ASK_AGAIN))
        if known is not None or now - at < _ASK_AGAIN:
            return known
        tty = adopted.terminal_of(run.pid)
        pane = adopted.find(tty, self._environment(run.pid)) if tty else None
        pane = pane if pane and adopted.types(pane) else None
        with self._lock:
            self._found[run] = (pane, now)
        return pane
