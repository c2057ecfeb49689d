"""What the supervisor knows of held terminals."""

import asyncio
import os
import signal
import socket
import sys

import pytest

assert sys.platform != "win32"

from supervisor.core.errors import Failed, NoSuchSession
from supervisor.terminal.nothing import Nobody
from supervisor.terminal.roll import Holders
from tests.fakes.waiting import Seen
from tests.lab.held import Held

pytestmark = pytest.mark.anyio


def roll(held: Held, ended: Seen) -> Holders:
    """A roll that notes every end."""
    return Holders(
        held.folder,
        started_at=lambda _: 5.0,
        changed=lambda: None,
        ended=lambda terminal, code: ended.add((terminal, code)),
        turned=lambda *_: None,
    )


async def test_who_is_held_is_known_after_one_look(held: Held) -> None:
    """Its command, folder, name and process; each of them once."""
    cat = held.run("cat", "-u")
    known = roll(held, Seen())

    await known.look()
    await known.look()

    (one,) = known.hosted()
    assert (one.id, one.run.pid) == (cat.hello.id.decode(), cat.hello.child)
    assert (one.argv, one.cwd, one.name) == (("cat", "-u"), str(held.folder), "named")
    known.close()


async def test_an_end_is_told_with_its_code(held: Held) -> None:
    """And then the holder may go."""
    cat = held.run("cat")
    ended = Seen()
    known = roll(held, ended)
    await known.look()

    cat.type(b"\x04")

    await ended.wait_for((cat.hello.id.decode(), 0))
    assert known.hosted() == ()


async def test_an_end_that_nobody_saw_is_told_later(held: Held) -> None:
    """The exit status waits for a supervisor that was away."""
    done = held.run("sh", "-c", "exit 9")
    assert done.code() == 9
    done.close()
    ended = Seen()

    await roll(held, ended).look()

    await ended.wait_for((done.hello.id.decode(), 9))


async def test_a_killed_holder_is_an_end_without_code(held: Held) -> None:
    """Told at once."""
    cat = held.run("cat")
    ended = Seen()
    known = roll(held, ended)
    await known.look()

    os.kill(cat.hello.holder, signal.SIGKILL)

    await ended.wait_for((cat.hello.id.decode(), None), 1)


async def asked(known: Holders, terminal: str) -> int:
    """How many look at it, once its line is there again."""
    async with asyncio.timeout(60):
        while True:
            try:
                return (await known.ask(terminal)).screens
            except (Failed, NoSuchSession):
                await asyncio.sleep(0.02)


async def test_a_line_that_was_cut_is_no_end(held: Held) -> None:
    """The holder lives: it is called again, and what it is asked then is answered."""
    cat = held.run("cat")
    terminal, ended = cat.hello.id.decode(), Seen()
    known = roll(held, ended)
    await known.look()

    known._hands[terminal]._writer.write(b"\xff" * 10)
    with pytest.raises(Failed):
        await known.ask(terminal)

    assert await asked(known, terminal) == 1
    cat.type(b"\x04")
    await ended.wait_for((terminal, 0))
    assert len(ended.all) == 1


async def test_who_was_never_introduced_has_not_ended(held: Held) -> None:
    """An order that could not be obeyed: nothing is told of it."""
    place = held.folder / "0123456789.sock"
    ended = Seen()
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(place))
        mute.listen()
        looking = asyncio.create_task(roll(held, ended).look())
        connection, _ = await asyncio.to_thread(mute.accept)
        connection.close()

        await looking

    assert ended.all == []


async def test_what_a_killed_holder_left_is_cleared_away(held: Held) -> None:
    """A socket where nobody will ever answer."""
    left = held.folder / "0123456789.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(left))

    await roll(held, Seen()).look()

    assert not left.exists()


async def test_where_nothing_can_be_held_the_roll_is_empty() -> None:
    """Windows, for now."""
    nobody = Nobody()

    await nobody.look()

    assert nobody.hosted() == ()
    nobody.close()
