"""Brings prompts and keys into terminals: those that we hold, and panes of other programs."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from supervisor.agents.steering import Steering
from supervisor.core.errors import NotNow, NotYet, Refused
from supervisor.core.model import Session
from supervisor.core.steering import DESK, Prompt
from supervisor.steering.panes import Panes
from supervisor.terminal import Roll

_ENTER: Final = b"\r"
_PASTE: Final = b"\x1b[200~", b"\x1b[201~"


class Typist:
    """Owns the turns: who was given which terminal to type into. On the event loop."""

    def __init__(self, roll: Roll, panes: Panes, steering: Callable[[str], Steering]) -> None:
        """*steering*: of an agent, by its name."""
        self._roll = roll
        self._panes = panes
        self._steering = steering
        self._turns: dict[str, int] = {}

    async def take(self, session: Session) -> None:
        """A device types into it from now on; the local screens know."""
        if session.terminal:
            self._turns[session.terminal] = await self._roll.take(session.terminal)

    async def give(self, session: Session) -> None:
        """Its terminal is the desk's again."""
        if session.terminal and self._turns.pop(session.terminal, None) is not None:
            await self._roll.give(session.terminal)

    def lost(self, terminal: str) -> bool:
        """Somebody pressed a key at the desk; whether a device had the focus."""
        return self._turns.pop(terminal, None) is not None

    async def press(self, session: Session, keys: bytes, order: str) -> None:
        """What a device with focus pressed. Raises ``Refused``, ``Failed``."""
        if session.pane and session.run:
            await asyncio.to_thread(self._panes.keys, session.run, keys)
            return
        turn = self._turns.get(session.terminal or "")
        if session.terminal is None or turn is None:
            raise Refused("The desk types now.", "Take the focus again.")
        await self._roll.type(session.terminal, order, turn, keys)

    async def interrupt(self, session: Session, order: str) -> None:
        """The agent's own key, whoever has the focus."""
        typing = self._steering(session.agent).typing
        for press in range(typing.interrupt_presses):
            await self._in_between(session, [(f"{order}.{press}", typing.interrupt)], settle=0.1)

    async def empty(self, session: Session, order: str) -> None:
        """Throw away the prompt that an interrupt has put back; what somebody types at the desk stays."""
        if session.terminal and (await self._roll.ask(session.terminal)).draft:
            return
        await self._in_between(session, [(order, self._steering(session.agent).typing.empties)], settle=0.0)

    async def deliver(self, prompt: Prompt, session: Session) -> None:
        """Paste it, and when that is taken in, Enter. Raises ``NotNow``, ``Refused``, ``Failed``."""
        text = self._text(prompt)
        settle = self._steering(session.agent).typing.settle
        if session.terminal is None:
            await self._deliver_to_pane(session, text, settle)
            return
        keys = await self._pasted(session.terminal, text, self._steering(session.agent))
        steps = [(f"{prompt.id}.text", keys), (f"{prompt.id}.enter", _ENTER)]
        turn = self._turns.get(session.terminal)
        if turn is not None and session.focus and session.focus.holder == prompt.by:
            await self._steps(session.terminal, turn, steps, settle)
        else:
            await self._in_between(session, steps, settle)

    def _text(self, prompt: Prompt) -> str:
        """Commands to the agent itself are for the desk: a phone's words are words."""
        steering = self._steering(prompt.agent)
        if prompt.by == DESK and prompt.text.startswith("/"):
            return prompt.text
        text = steering.as_text(prompt.text)
        if text is None:
            raise Refused(
                f"{prompt.text[:1]!r} at the beginning is a command to this agent.", "Begin with a word."
            )
        return text

    async def _pasted(self, terminal: str, text: str, steering: Steering) -> bytes:
        state = await self._roll.ask(terminal)
        if state.draft:
            raise NotNow("Somebody has typed something at the desk that is not sent yet.")
        if state.bracketed_paste:
            return b"".join(_PASTE[0] + part.encode() + _PASTE[1] for part in steering.pastes(text))
        if steering.typing.shows_prompts:
            # Agents turn it on as soon as they can be typed at; what came before would be lost.
            raise NotYet("The agent is not ready to be typed at yet.")
        if "\n" in text:
            raise Refused("This program does not take several lines at once.", "Send them one by one.")
        return text.encode()

    async def _deliver_to_pane(self, session: Session, text: str, settle: float) -> None:
        if session.pane is None or session.run is None:
            raise Refused("Nothing can be typed into this session's terminal.", "Take it over first.")
        await asyncio.to_thread(self._panes.paste, session.run, text)
        await asyncio.sleep(settle)
        await asyncio.to_thread(self._panes.keys, session.run, _ENTER)

    async def _in_between(self, session: Session, steps: Sequence[tuple[str, bytes]], settle: float) -> None:
        """Type without anybody's focus: the terminal is taken for that moment only."""
        if session.terminal is None:
            for _, keys in steps:
                await self._to_pane(session, keys)
            return
        terminal, theirs = session.terminal, session.terminal in self._turns
        turn = await self._roll.take(terminal)
        try:
            await self._steps(terminal, turn, steps, settle)
        finally:
            if theirs:
                self._turns[terminal] = turn
            else:
                await self._roll.give(terminal)

    async def _to_pane(self, session: Session, keys: bytes) -> None:
        if session.pane is None or session.run is None:
            raise Refused("Nothing can be typed into this session's terminal.", "Take it over first.")
        await asyncio.to_thread(self._panes.keys, session.run, keys)

    async def _steps(
        self, terminal: str, turn: int, steps: Sequence[tuple[str, bytes]], settle: float
    ) -> None:
        for number, (order, keys) in enumerate(steps):
            if number:
                await asyncio.sleep(settle)
            await self._roll.type(terminal, order, turn, keys)
