"""How prompts and keys get into terminals of ours: real holders, and a program that records all it gets."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

import ast
import asyncio
from collections.abc import Mapping
from contextlib import asynccontextmanager
from typing import Any

from supervisor.agents import plain
from supervisor.agents.steering import Steering
from supervisor.core.errors import NotNow, NotYet, Refused
from supervisor.core.model import Run, Session, State
from supervisor.core.steering import DESK, Focus, Prompt, Typing
from supervisor.steering.panes import Panes
from supervisor.steering.typist import Typist
from supervisor.terminal import Roll, open_roll
from tests.lab.held import Caller, Held

pytestmark = pytest.mark.anyio

#: Says what it gets, byte for byte, after the mode that was asked for.
RECORD = (
    "import os, sys, tty; tty.setraw(0); sys.stdout.write(sys.argv[1] + 'ready'); sys.stdout.flush()\n"
    "while (got := os.read(0, 65536)): os.write(1, repr(got).encode() + b'\\r\\n')"
)
PASTES = "\x1b[?2004h"


class Quick(Steering):
    """Takes a paste in at once."""

    typing = Typing(settle=0.05)


def no_environment(_pid: int) -> Mapping[str, str]:
    return {}


@asynccontextmanager
async def typing_into(held: Held, *modes: str) -> Any:
    """A recording program, the typist, and the session that it is."""
    caller = held.run(sys.executable, "-c", RECORD, "".join(modes))
    await asyncio.to_thread(caller.wait_for, b"ready")
    roll: Roll = open_roll(
        held.folder, started_at=lambda _: None, changed=lambda: None, ended=lambda *_: None
    )
    await roll.look()
    terminal = caller.hello.id.decode()
    session = Session(id="s", agent="quick", state=State.IDLE, terminal=terminal, run=Run(1, 1.0))
    try:
        yield caller, Typist(roll, Panes(no_environment), lambda _: Quick()), session
    finally:
        roll.close()


def prompt(text: str, by: str = DESK) -> Prompt:
    return Prompt(id="p1", session_id="s", agent="quick", text=text, when="now", by=by, at=1.0)


def got(caller: Caller) -> bytes:
    """All that it was given; how much of it at once is the system's affair."""
    lines = caller.output.partition(b"ready")[2].split(b"\r\n")[:-1]
    return b"".join(ast.literal_eval(line.decode()) for line in lines)


async def recorded(caller: Caller, *wanted: bytes) -> None:
    """Until this was given to it, and nothing else."""
    await asyncio.to_thread(caller.hear, lambda: len(got(caller)) >= len(b"".join(wanted)))
    assert got(caller) == b"".join(wanted)


async def test_a_prompt_is_a_paste_and_then_enter() -> None:
    """Enter comes in a write of its own, when the paste has been taken in."""
    with Held() as held:
        async with typing_into(held, PASTES) as (caller, typist, session):
            await typist.deliver(prompt("one\ntwo"), session)

            await recorded(caller, b"\x1b[200~one\ntwo\x1b[201~", b"\r")


async def test_the_same_prompt_twice_is_typed_once() -> None:
    """After a crash it is sent again under its own id, and the holder knows it."""
    with Held() as held:
        async with typing_into(held, PASTES) as (caller, typist, session):
            await typist.deliver(prompt("once"), session)
            await typist.deliver(prompt("once"), session)
            await typist.take(session)
            await typist.press(session, b"x", "k1")

            await recorded(caller, b"\x1b[200~once\x1b[201~", b"\r", b"x")


async def test_several_lines_are_refused_where_they_would_be_several_orders() -> None:
    """A program that does not know pastes would run each line: it gets none."""
    with Held() as held:
        async with typing_into(held) as (caller, typist, session):
            typist._steering = lambda _: plain.steering
            with pytest.raises(Refused, match="several lines"):
                await typist.deliver(prompt("one\ntwo"), session)

            await typist.deliver(prompt("one"), session)
            await recorded(caller, b"one", b"\r")


async def test_an_agent_that_only_starts_is_waited_for() -> None:
    """What is typed before an agent can be typed at would be lost."""
    with Held() as held:
        async with typing_into(held) as (caller, typist, session):
            with pytest.raises(NotYet):
                await typist.deliver(prompt("hello"), session)

            assert got(caller) == b""


async def test_half_a_line_at_the_desk_is_left_alone() -> None:
    """A prompt waits while somebody is in the middle of a line."""
    with Held() as held:
        async with typing_into(held, PASTES) as (caller, typist, session):
            caller.type(b"half a li")
            await recorded(caller, b"half a li")
            with pytest.raises(NotNow):
                await typist.deliver(prompt("hello"), session)

            caller.type(b"\r")
            await recorded(caller, b"half a li", b"\r")
            await typist.deliver(prompt("hello"), session)


async def test_keys_without_focus_go_nowhere() -> None:
    """Whoever has not taken the terminal, or has lost it to the desk, is refused visibly."""
    with Held() as held:
        async with typing_into(held, PASTES) as (caller, typist, session):
            with pytest.raises(Refused):
                await typist.press(session, b"a", "k1")
            await typist.take(session)
            await typist.press(session, b"b", "k2")
            caller.type(b"c")
            await recorded(caller, b"b", b"c")

            with pytest.raises(Refused):
                await typist.press(session, b"d", "k3")

            assert got(caller) == b"bc"


async def test_a_phone_that_has_the_focus_keeps_it_over_its_prompt() -> None:
    """Its own prompt does not take the terminal away from it."""
    with Held() as held:
        async with typing_into(held, PASTES) as (caller, typist, session):
            await typist.take(session)
            mine = Session(
                id="s",
                agent="quick",
                terminal=session.terminal,
                focus=Focus(holder="phone", label="My phone", since=1.0),
            )

            await typist.deliver(prompt("hello", by="phone"), mine)
            await typist.press(session, b"x", "k1")

            await recorded(caller, b"\x1b[200~hello\x1b[201~", b"\r", b"x")


@pytest.mark.parametrize("text", ["/clear", "!rm -rf x", "#note"])
async def test_commands_to_the_agent_itself_are_for_the_desk(text: str) -> None:
    """A phone's words are words to the model, never an order to the program around it."""
    with Held() as held:
        async with typing_into(held, PASTES) as (caller, typist, session):
            with pytest.raises(Refused, match="command to this agent"):
                await typist.deliver(prompt(text, by="phone"), session)

            assert text.encode() not in caller.output


async def test_an_interruption_needs_no_focus() -> None:
    """The agent's own key, pressed as often as it wants."""

    class Twice(Steering):
        typing = Typing(interrupt=b"\x1b", interrupt_presses=2)

    with Held() as held:
        async with typing_into(held, PASTES) as (caller, typist, session):
            typist._steering = lambda _: Twice()

            await typist.interrupt(session, "i1")

            await recorded(caller, b"\x1b", b"\x1b")
