"""What it means to hold the machine awake: the contract between the holder and the systems."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Held:
    """Whether the system is really kept from sleeping, and by what.

    *problem*: one sentence. With *held* it says what the hold does not cover; without, why there
    is none.
    """

    held: bool
    mechanism: str | None = None
    problem: str | None = None


class Grip(Protocol):
    """One system's way to hold. All calls come from one thread, and may block for seconds."""

    @property
    def every(self) -> float | None:
        """Seconds between two checks of a hold; ``None``: this system cannot lose one."""
        ...

    def take(self, why: str) -> Held:
        """Hold, or hold anew: what was held before is let go after that."""
        ...

    def lost(self) -> str | None:
        """How the hold was lost, in words; ``None`` while it is in place."""
        ...

    def outdated(self, why: str) -> bool:
        """Whether to take it anew: a better way turned up, or the system shows another reason."""
        ...

    def release(self) -> None:
        """Let go of everything, also of connections."""
        ...

    def watched(self) -> Sequence[int]:
        """File descriptors that tell something worth a look when they are ready."""
        ...

    def news(self) -> bool:
        """Whether something worth a look has been read already."""
        ...
