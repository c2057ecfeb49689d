"""Types into a held terminal from afar, and asks how it is."""

import asyncio
from collections.abc import Callable
from typing import Final

from supervisor.core.errors import Failed, Refused, WrongUse
from supervisor.terminal import State, wire
from supervisor.terminal.modes import Modes

#: Seconds within which a holder confirms what it is told.
_WITHIN: Final = 10.0
#: More is no prompt; and no frame.
_MOST: Final = 512 * 1024
_PASTE, _CURSOR_KEYS = 2004, 1
_OTHER_SCREENS: Final = (47, 1047, 1049)


class Hands:
    """Owns those who wait for the word of one holder. On the event loop."""

    def __init__(
        self, hello: wire.Hello, writer: asyncio.StreamWriter, turned: Callable[[bool, bool], None]
    ) -> None:
        """*turned*: whether it is typed from afar now, and whether a person has begun a line."""
        self._version = hello.version
        self._writer = writer
        self._turned = turned
        self._turn = wire.Turn(0, remote=False, draft=False)
        self._waiting: list[tuple[Callable[[wire.Message], bool], asyncio.Future[wire.Message]]] = []
        self._one_at_a_time = asyncio.Lock()

    def hear(self, message: wire.Message) -> None:
        """The holder said this."""
        for is_answer, answered in self._waiting:
            if not answered.done() and is_answer(message):
                answered.set_result(message)
        if isinstance(message, wire.Turn):
            before, self._turn = self._turn, message
            if before[1:] != message[1:]:
                self._turned(message.remote, message.draft)

    def lost(self) -> None:
        """Nothing more comes."""
        for _, answered in self._waiting:
            if not answered.done():
                answered.set_exception(_gone())

    async def take(self) -> int:
        """Take the turn; its number. Raises ``Failed``, ``Refused``."""
        async with self._one_at_a_time:
            before = self._turn.turn
            answer = await self._ask(
                wire.Take(), lambda m: isinstance(m, wire.Turn) and m.remote and m.turn > before
            )
        assert isinstance(answer, wire.Turn)
        return answer.turn

    async def give(self) -> None:
        """Give it back, if it is ours still."""
        await self._say(wire.Give())

    async def type(self, own_id: str, turn: int, keys: bytes) -> None:
        """Type in that turn; returns when it is in the terminal. What came before is not typed again.

        Raises ``Refused`` when the turn is over, ``Failed`` when it is not known to be typed.
        """
        if not own_id or len(keys) > _MOST:
            raise WrongUse("That cannot be typed at once.", f"At most {_MOST // 1024} KiB, with an id.")
        wanted = own_id.encode()
        answer = await self._ask(
            wire.Remote(wanted, turn, keys),
            lambda m: isinstance(m, wire.Written | wire.Refused) and m.id == wanted,
        )
        if isinstance(answer, wire.Refused):
            raise Refused("Somebody else types in this terminal now.", "Take it over, and type again.")

    async def ask(self) -> State:
        """How things are there."""
        answer = await self._ask(wire.Ask(), lambda m: isinstance(m, wire.State))
        assert isinstance(answer, wire.State)
        modes = Modes()
        modes.feed(answer.modes)
        return State(
            rows=answer.rows,
            columns=answer.columns,
            modes=answer.modes,
            bracketed_paste=modes.is_on(_PASTE),
            application_cursor=modes.is_on(_CURSOR_KEYS),
            alternate_screen=any(map(modes.is_on, _OTHER_SCREENS)),
            screens=answer.screens,
            turn=answer.turn,
            remote=answer.remote,
            draft=answer.draft,
            paused=answer.paused,
            idle_seconds=answer.idle if answer.idle >= 0 else None,
        )

    async def fit(self, rows: int, columns: int) -> None:
        """Give the terminal this size, if no screen is there."""
        await self._say(wire.Fit(rows, columns))

    async def pause(self) -> None:
        """Its screens are not to be suspended with it; returns when they are told."""
        await self._ask(wire.Pause(), lambda m: m == wire.Paused(paused=True))

    async def resume(self) -> None:
        """They are again; returns when they are told."""
        await self._ask(wire.Continue(), lambda m: m == wire.Paused(paused=False))

    async def _ask(self, message: wire.Message, is_answer: Callable[[wire.Message], bool]) -> wire.Message:
        answered: asyncio.Future[wire.Message] = asyncio.get_running_loop().create_future()
        waiting = (is_answer, answered)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(_WITHIN):
                await self._say(message)
                return await answered
        except TimeoutError as late:
            raise Failed(
                f"The terminal has not taken it within {_WITHIN:g} seconds.",
                "The program in it may be stopped.",
            ) from late
        finally:
            self._waiting.remove(waiting)

    async def _say(self, message: wire.Message) -> None:
        if self._version < wire.TURNS:
            raise Refused(
                "An earlier Wakeline holds this terminal: it can be typed into at its own screens only.",
                "What is started from now on can be typed into from everywhere.",
            )
        try:
            self._writer.write(wire.encode(message))
            await self._writer.drain()
        except OSError as trouble:
            raise _gone() from trouble


def _gone() -> Failed:
    return Failed("The line to that terminal was cut.", "Look whether it goes on: wakeline ls")
