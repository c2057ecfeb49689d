"""Typing into sessions key by key, and who may."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final

from supervisor.agents.steering import Line, Steering
from supervisor.chores import Chores
from supervisor.core import effects, events
from supervisor.core.desk import Desk
from supervisor.core.errors import NoSuchSession, Refused
from supervisor.core.model import EntryKind, Role, Run, Session, State
from supervisor.core.steering import DESK, Focus
from supervisor.remote.backend import Who
from supervisor.steering.living import live
from supervisor.steering.typist import Typist
from supervisor.system import tree
from supervisor.terminal import Roll
from supervisor.terminal.view import keys
from supervisor.terminal.view.picture import Modes

#: Seconds within which an agent that was interrupted is at its prompt again.
_RESTS_WITHIN: Final = 20.0
_LOOK_EVERY: Final = 0.1


class Keyboard:
    """Gives and takes focus, presses keys, interrupts. On the event loop."""

    def __init__(
        self,
        *,
        desk: Desk,
        post: Callable[[events.Event], None],
        line: Callable[[str], Line],
        steering: Callable[[str], Steering],
        typist: Typist,
        roll: Roll,
        chores: Chores,
    ) -> None:
        """*line*: an agent's own channel, by its name; *steering*: all else that is special about it."""
        self._desk = desk
        self._post = post
        self._line = line
        self._steering = steering
        self._typist = typist
        self._roll = roll
        self._chores = chores

    async def take_focus(self, session_id: str, who: Who) -> Focus:
        """This screen types from now on."""
        session = live(self._desk, session_id)
        if not session.reachable:
            raise Refused("Nothing can be typed into this session's terminal.", "Take it over first.")
        if who.name != DESK:
            await self._typist.take(session)
        self._post(events.Focused(session_id=session_id, holder=who.name, label=who.label, at=time.time()))
        focus = self._desk.helm.focus(session_id)
        if focus is None:
            raise Refused("The session has just ended.")
        return focus

    async def give_focus(self, session_id: str, who: Who) -> None:
        """This screen types no more."""
        self._post(events.FocusGiven(session_id=session_id, holder=who.name, at=time.time()))

    def focus_lost(self, wish: effects.FocusLost) -> None:
        """Its terminal is the desk's again."""
        self._chores.begin(self._typist.give(wish.session), f"give back {wish.session.id}")

    def turned(self, terminal: str, remote: bool, draft: bool) -> None:
        """Who may type into a terminal has changed; *draft* changes when prompts may go."""
        if not remote:
            self.desk_typed(terminal)
        session = next((s for s in self._desk.sessions.values() if s.terminal == terminal), None)
        if session:
            self._post(events.Drafted(session_id=session.id, draft=draft, at=time.time()))

    def desk_typed(self, terminal: str) -> None:
        """Somebody pressed a key at a local screen: the desk has the focus."""
        if not self._typist.lost(terminal):
            return
        session = next((s for s in self._desk.sessions.values() if s.terminal == terminal), None)
        if session and session.focus and session.focus.holder != DESK:
            self._post(events.Focused(session_id=session.id, holder=DESK, label="the desk", at=time.time()))

    async def keys(self, session_id: str, pressed: Sequence[str], who: Who) -> None:
        """Press these in its terminal; they are there when this returns."""
        session = live(self._desk, session_id)
        if who.name == DESK:
            raise Refused("Keys are for phones.", "At the desk: wakeline attach")
        if not has_focus(session, who):
            raise Refused("Another screen types into this session.", "Take the focus first.")
        if not session.terminal and not session.pane:
            raise Refused("This session has no terminal that we can type into.", "Take it over first.")
        modes = await self._modes(session)
        data = b"".join(_key(name, modes) for name in pressed)
        try:
            await self._typist.press(session, data, secrets.token_hex(8))
        except Refused:
            self.desk_typed(session.terminal or "")
            raise
        self._post(events.Typed(session_id=session_id, at=time.time()))

    async def _modes(self, session: Session) -> Modes:
        """How its terminal wants keys to be spelled."""
        if session.terminal is None:
            return Modes()
        state = await self._roll.ask(session.terminal)
        return Modes(application_cursor=state.application_cursor)

    async def interrupt(self, session_id: str) -> None:
        """End the turn."""
        session = live(self._desk, session_id)
        if session.state is State.PAUSED:
            raise Refused("This session is paused.", "Continue it first.")
        if await self._line(session.agent).interrupt(session):
            return
        order = secrets.token_hex(8)
        await self._typist.interrupt(session, order)
        # What is said next would be added to it.
        if forgets_when_interrupted(session, self._steering(session.agent)) and await self._rests(session_id):
            await self._typist.empty(session, f"{order}.empty")

    async def _rests(self, session_id: str) -> bool:
        """Wait until its agent is back at its prompt; whether it is."""
        with contextlib.suppress(TimeoutError, Refused, NoSuchSession):
            async with asyncio.timeout(_RESTS_WITHIN):
                while live(self._desk, session_id).state is not State.IDLE:  # noqa: ASYNC110 -- nobody's event
                    await asyncio.sleep(_LOOK_EVERY)
            return True
        return False

    async def interrupt_silent(self, session: Session) -> None:
        """End a turn in which nothing moves. Raises ``Refused`` while a command of that turn runs."""
        begun = await asyncio.to_thread(_has_begun_since, session.run, session.since)
        if begun:
            raise Refused("A command of this turn still runs.", "Interrupt it by hand, if that is meant.")
        await self.interrupt(session.id)


def _has_begun_since(run: Run | None, since: float) -> bool:
    return run is not None and any(one.started_at > since for one in tree.family(run) if one != run)


def forgets_when_interrupted(session: Session, steering: Steering) -> bool:
    """Whether an interrupt now makes its agent take back what it was asked last."""
    last = session.last_entry
    unanswered = last is not None and last.role is Role.USER and last.kind is EntryKind.TEXT
    return bool(steering.typing.empties) and session.state is State.WORKING and unanswered


def has_focus(session: Session, who: Who) -> bool:
    """Whether this screen types into it."""
    return session.focus is not None and session.focus.holder == who.name


def _key(name: str, modes: Modes) -> bytes:
    kind, mark, text = name.partition(":")
    return keys.text(text) if mark and kind == "text" else keys.encode(name, modes)
