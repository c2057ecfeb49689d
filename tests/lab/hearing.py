"""An ear that remembers what it was told."""

from collections.abc import Callable

from supervisor.core.model import Sign
from supervisor.core.steering import Approval

Turn = tuple[str, Sign, str | None]


class Ear:
    """Keeps turns, open questions and answered ones, in the order in which they were told."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        """*then* is called after each word."""
        self.turns: list[Turn] = []
        self.asked: dict[str, Approval] = {}
        self.over: list[str] = []
        self._then = then

    def turn(self, session_id: str, sign: Sign, waiting_for: str | None) -> None:
        """How a turn stands."""
        self.turns.append((session_id, sign, waiting_for))
        self._then()

    def asks(self, approval: Approval) -> None:
        """A question."""
        self.asked[approval.id] = approval
        self._then()

    def answered(self, approval_id: str) -> None:
        """It is over."""
        self.over.append(approval_id)
        self._then()
