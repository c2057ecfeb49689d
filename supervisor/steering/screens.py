"""Terminals of ours, shown on other screens."""

from collections.abc import AsyncIterator

from supervisor.core.desk import Desk
from supervisor.core.errors import Refused
from supervisor.steering.living import terminal_of
from supervisor.terminal import Roll
from supervisor.terminal.view.views import Views


class Screens:
    """Shows terminals, and gives them a size."""

    def __init__(self, desk: Desk, roll: Roll, views: Views) -> None:
        """*views*: the terminals as state, painted while somebody looks."""
        self._desk = desk
        self._roll = roll
        self._views = views

    async def screen(self, session_id: str) -> AsyncIterator[bytes]:
        """Its terminal, as frames of JSON: the newest whenever one is asked for."""
        view = await self._views.open(terminal_of(self._desk, session_id))

        async def frames() -> AsyncIterator[bytes]:
            async with view:
                async for frame in view.frames():
                    yield frame.encoded()

        return frames()

    async def fit(self, session_id: str, rows: int, columns: int) -> None:
        """Give its terminal this size."""
        terminal = terminal_of(self._desk, session_id)
        if (await self._roll.ask(terminal)).screens:
            raise Refused("A screen at the desk shows this terminal.", "It keeps that screen's size.")
        await self._roll.fit(terminal, rows, columns)

    async def scrollback(self, session_id: str, before: int, count: int) -> bytes:
        """Lines above the screen, as JSON."""
        view = await self._views.open(terminal_of(self._desk, session_id))
        async with view:
            return (await view.history(before, count)).encoded()
