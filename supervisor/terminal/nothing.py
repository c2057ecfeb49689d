"""A system on which no terminal can be held: a Windows before 1809, or one without pywinpty."""

from collections.abc import Callable, Sequence
from typing import NoReturn

from supervisor.core.errors import Refused
from supervisor.core.model import Hosted
from supervisor.terminal import Order, State


class Nobody:
    """The roll of nobody."""

    def hosted(self) -> Sequence[Hosted]:
        """None."""
        return ()

    async def look(self) -> None:
        """There is nothing to find."""

    async def start(self, order: Order, nursery: Callable[[int], object]) -> str:
        """Nothing can be started."""
        _refuse(order, nursery)

    async def take(self, terminal: str) -> int:
        """Nobody's turn."""
        _refuse(terminal)

    async def give(self, terminal: str) -> None:
        """Nobody has it."""
        _refuse(terminal)

    async def type(self, terminal: str, own_id: str, turn: int, keys: bytes) -> None:
        """Nowhere."""
        _refuse(terminal, own_id, turn, keys)

    async def ask(self, terminal: str) -> State:
        """Nobody."""
        _refuse(terminal)

    async def fit(self, terminal: str, rows: int, columns: int) -> None:
        """Nothing."""
        _refuse(terminal, rows, columns)

    async def pause(self, terminal: str) -> None:
        """Nothing."""
        _refuse(terminal)

    async def resume(self, terminal: str) -> None:
        """Nothing."""
        _refuse(terminal)

    def close(self) -> None:
        """There is nothing to let go of."""


def _refuse(*_: object) -> NoReturn:
    raise not_here()


def not_here() -> Refused:
    """Why nothing is held."""
    return Refused(
        "Wakeline cannot hold a terminal on this Windows.",
        "It needs Windows 10 from 1809 on, and pywinpty. Start the agent as usual: Wakeline sees it, "
        "and it ends with its window.",
    )
