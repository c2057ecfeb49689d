"""The supervisor's hands on a held terminal."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator

import psutil
import pytest

assert sys.platform != "win32"

from supervisor.core.errors import Failed, NoSuchSession, Refused, WrongUse
from supervisor.terminal import hands, wire
from supervisor.terminal.roll import Holders
from tests.fakes.waiting import Seen
from tests.lab.held import Held
from tests.lab.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def turned() -> Seen:
    """What was told of turns."""
    return Seen()


@pytest.fixture
async def roll(held: Held, turned: Seen) -> AsyncIterator[Holders]:
    """A supervisor's roll."""
    known = Holders(
        held.folder,
        started_at=lambda _: None,
        changed=lambda: None,
        ended=lambda *_: None,
        turned=lambda *told: turned.add(told),
    )
    yield known
    known.close()


async def test_a_prompt_is_typed_in_its_turn(held: Held, roll: Holders, turned: Seen) -> None:
    """Once, however often it is sent; and it is told whose turn it is."""
    cat = held.run("cat")
    await roll.look()
    terminal = cat.hello.id.decode()

    turn = await roll.take(terminal)
    await roll.type(terminal, "id-1", turn, b"prompt\r")
    await roll.type(terminal, "id-1", turn, b"prompt\r")
    await roll.give(terminal)

    await turned.wait_for((terminal, True, False))
    await turned.wait_for((terminal, False, False))
    cat.wait_for(b"prompt\r\nprompt\r\n")
    assert cat.output.count(b"prompt") == 2


async def test_a_person_at_the_screen_wins(held: Held, roll: Holders, turned: Seen) -> None:
    """What comes in the old turn is refused; taken anew, it is typed."""
    cat = held.run("cat")
    await roll.look()
    terminal = cat.hello.id.decode()
    turn = await roll.take(terminal)

    cat.type(b"mine")
    await turned.wait_for((terminal, False, True))

    with pytest.raises(Refused):
        await roll.type(terminal, "1", turn, b"theirs")
    assert await roll.take(terminal) == turn + 2
    await roll.type(terminal, "1", turn + 2, b"theirs")
    cat.wait_for(b"minetheirs")


async def test_takes_at_once_are_one_after_the_other(held: Held, roll: Holders) -> None:
    """Each has a number of its own; the last one counts."""
    cat = held.run("cat")
    await roll.look()

    turns = await asyncio.gather(*(roll.take(cat.hello.id.decode()) for _ in range(5)))

    assert turns == [1, 2, 3, 4, 5]


async def test_how_things_are_is_told(held: Held, roll: Holders) -> None:
    """As facts, not as sequences."""
    script = r"printf '\033[?2004h\033[?1049hready'; read x"
    caller = held.run("sh", "-c", script)
    caller.wait_for(b"ready")
    await roll.look()

    state = await roll.ask(caller.hello.id.decode())

    assert (state.rows, state.columns, state.screens) == (24, 80, 1)
    assert (state.bracketed_paste, state.application_cursor, state.alternate_screen) == (True, False, True)
    assert state.modes == b"\x1b[?1049h\x1b[?2004h"
    assert (state.turn, state.remote, state.draft, state.paused) == (0, False, False, False)
    assert state.idle_seconds is None


async def test_a_command_is_started_without_a_screen(held: Held, roll: Holders) -> None:
    """It is on the roll when its id is known, and takes a phone's size."""
    terminal = await roll.start(held.order("sh", "-c", "stty size; read x; stty size; read x"), held.start)

    assert [one.id for one in roll.hosted()] == [terminal]
    await roll.fit(terminal, 30, 42)
    assert (await roll.ask(terminal)).columns == 42
    await roll.type(terminal, "1", await roll.take(terminal), b"\r")
    viewer = held.look_at(terminal)
    viewer.wait_for(b"30 42")
    assert (await roll.ask(terminal)).screens == 0


async def test_what_cannot_be_started_is_said(held: Held, roll: Holders) -> None:
    """As at a screen."""
    with pytest.raises(Failed, match="no-such-program"):
        await roll.start(held.order("no-such-program"), held.start)

    assert roll.hosted() == ()


async def test_a_pause_reaches_the_screens(held: Held, roll: Holders) -> None:
    """They are told before it returns."""
    cat = held.run("cat")
    await roll.look()
    terminal = cat.hello.id.decode()

    await roll.pause(terminal)
    assert (await roll.ask(terminal)).paused
    await roll.resume(terminal)

    assert not (await roll.ask(terminal)).paused
    cat.hear(lambda: len(cat.told(wire.Paused)) == 2)


async def test_a_holder_that_dies_fails_what_waits(held: Held, roll: Holders) -> None:
    """At once; afterwards nobody is there."""
    cat = held.run("cat")
    await roll.look()
    terminal = cat.hello.id.decode()
    turn = await roll.take(terminal)
    psutil.Process(cat.hello.holder).suspend()
    typing = asyncio.create_task(roll.type(terminal, "1", turn, b"x"))
    await asyncio.sleep(0)

    os.kill(cat.hello.holder, signal.SIGKILL)

    with pytest.raises(Failed):
        await typing
    until(lambda: not psutil.pid_exists(cat.hello.child))
    with pytest.raises(NoSuchSession):
        await roll.ask(terminal)


async def test_what_is_not_confirmed_has_failed(
    held: Held, roll: Holders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that is stopped and reads nothing: after a while it is said."""
    monkeypatch.setattr(hands, "_WITHIN", 0.2)
    stopped = held.run("sh", "-c", "stty raw; echo ready; kill -STOP $$")
    stopped.hear(lambda: stopped.told(wire.Stopped))
    await roll.look()
    terminal = stopped.hello.id.decode()
    turn = await roll.take(terminal)

    with pytest.raises(Failed, match=r"0\.2 seconds"):
        await roll.type(terminal, "1", turn, b"x" * 100_000)


async def test_what_is_too_much_or_nameless_is_not_sent(held: Held, roll: Holders) -> None:
    """Before anything is typed of it."""
    cat = held.run("cat")
    await roll.look()
    terminal = cat.hello.id.decode()
    turn = await roll.take(terminal)

    for own_id, keys in (("", b"x"), ("1", b"x" * 600_000)):
        with pytest.raises(WrongUse):
            await roll.type(terminal, own_id, turn, keys)


async def test_who_is_not_held_is_not_found(roll: Holders) -> None:
    """For every verb."""
    with pytest.raises(NoSuchSession):
        await roll.take("0123456789")


async def test_an_earlier_holder_is_left_to_its_screens() -> None:
    """It would not understand; that is said and nothing is sent."""
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=ours)
    hello = wire.Hello(1, b"0", 0, 0, 0.0, b"", b"/", 0, (b"cat",))

    with pytest.raises(Refused, match="earlier"):
        await hands.Hands(hello, writer, lambda *_: None).take()

    writer.close()
    theirs.close()
