"""Holding by wakepy alone: Windows (SetThreadExecutionState), macOS (caffeinate), other Unixes."""

import contextlib
from collections.abc import Sequence

from wakepy import Mode, keep

from supervisor.system.awake.grip import Held


class PlainGrip:
    """One wakepy mode, entered and left in the thread that owns this."""

    every: float | None = None

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._mode: Mode | None = None

    def take(self, why: str) -> Held:  # noqa: ARG002  # wakepy shows its own name and reason
        """Enter the mode; wakepy chooses how."""
        self.release()
        mode = keep.running(on_fail="pass")
        mode.__enter__()
        self._mode = mode
        if mode.result.real_success and mode.method is not None:
            return Held(held=True, mechanism=mode.method.name)
        self.release()
        return Held(held=False, problem=f"cannot hold here: {mode.result.get_failure_text(style='inline')}")

    def lost(self) -> str | None:
        """Nobody here can take it away."""
        return None

    def outdated(self, why: str) -> bool:  # noqa: ARG002  # no reason is shown
        """There is one way only."""
        return False

    def release(self) -> None:
        """Leave the mode."""
        if self._mode is not None:
            # wakepy raises RuntimeError when what it held is gone already.
            with contextlib.suppress(RuntimeError):
                self._mode.__exit__(None, None, None)
            self._mode = None

    def watched(self) -> Sequence[int]:
        """Nothing to watch."""
        return ()

    def news(self) -> bool:
        """Never."""
        return False
