"""Those who look at terminals: real painters, real holders."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal of Unix", allow_module_level=True)
assert sys.platform != "win32"

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psutil

from supervisor import programs
from supervisor.core.errors import Failed, NoSuchSession, Refused
from supervisor.terminal import view
from supervisor.terminal.view.views import View, Views
from tests.lab.held import Caller, Held

pytestmark = pytest.mark.anyio

#: A painter that dies at once, and notes how it was called.
DIES = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + '\\n')"


class Phone:
    """Somebody who looks, and does what frames say. Owns its view."""

    def __init__(self, looking: View) -> None:
        """It has seen nothing."""
        self.view = looking
        self.frames: list[dict[str, Any]] = []
        self.rows: list[Any] = []
        self._coming = looking.frames()

    @property
    def screen(self) -> str:
        """All that stands there."""
        return "\n".join("".join(run[0] for run in row[0]) for row in self.rows)

    async def next(self) -> dict[str, Any]:
        """Take one frame."""
        async with asyncio.timeout(40):
            said: dict[str, Any] = json.loads((await anext(self._coming)).encoded())
        if said["whole"]:
            self.rows = [[[]] for _ in range(said["size"][0])]
        self.rows = self.rows[said["scrolled"] :] + [[[]] for _ in range(said["scrolled"])]
        for number, *row in said["rows"]:
            self.rows[number] = row
        self.frames.append(said)
        return said

    async def wait_for(self, words: str) -> dict[str, Any]:
        """Take frames until that is on the screen."""
        while words not in self.screen:
            await self.next()
        return self.frames[-1]

    async def ends(self) -> None:
        """Take frames until there are no more."""
        with contextlib.suppress(StopAsyncIteration):
            while await self.next():
                pass


class Room:
    """Where phones look at held terminals. Owns the views."""

    def __init__(self, folder: Path, answers_within: float = 10.0) -> None:
        """Nobody looks yet."""
        self.views = Views(folder, programs.painter_command, linger=0.2, answers_within=answers_within)

    async def look(self, caller: Caller) -> Phone:
        """One more phone."""
        return Phone(await self.views.open(caller.hello.id.decode()))

    @property
    def painters(self) -> list[psutil.Process]:
        """The processes that paint."""
        return [child for child in psutil.Process().children() if "painter" in child.cmdline()]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Closes what the test has opened."""
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
async def room(held: Held, stack: AsyncExitStack) -> Room:
    """For phones."""
    made = Room(held.folder)
    stack.push_async_callback(made.views.close)
    return made


async def until(question: Callable[[], object], seconds: float = 60.0) -> None:
    """Ask until it is true, and let others go on."""
    async with asyncio.timeout(seconds):
        while not question():  # noqa: ASYNC110 -- other programs tell nobody
            await asyncio.sleep(0.02)


async def test_everybody_gets_the_whole_first_and_then_what_changes(held: Held, room: Room) -> None:
    """Two phones, one painter; who comes later misses nothing."""
    caller = held.run("sh", "-c", "seq 30; printf 'ready '; cat")
    one = await room.look(caller)
    await one.wait_for("ready")

    caller.type(b"first ")
    await one.wait_for("ready first")
    two = await room.look(caller)
    await two.wait_for("ready first")
    caller.type(b"second")
    await one.wait_for("first second")
    await two.wait_for("first second")

    assert one.screen == two.screen
    assert (
        [frame["whole"] for frame in one.frames][:1] == [frame["whole"] for frame in two.frames][:1] == [True]
    )
    assert not any(frame["whole"] for frame in one.frames[1:] + two.frames[1:])
    assert [row for row, *_ in two.frames[-1]["rows"]] == [23]
    assert len(room.painters) == 1


async def test_who_is_slow_gets_the_newest_and_nothing_else(held: Held, room: Room) -> None:
    """No queue: of all that was printed meanwhile there is one frame."""
    count = "for i in $(seq 20); do printf '\\rstep %s' $i; sleep 0.04; done"
    caller = held.run("sh", "-c", f"printf ready; read x; {count}; printf ' done'; cat")
    slow, quick = await room.look(caller), await room.look(caller)
    await slow.wait_for("ready")
    taken = len(slow.frames)

    caller.type(b"\n")
    await quick.wait_for("done")
    await slow.wait_for("done")

    assert len(slow.frames) - taken <= 2
    assert len(quick.frames) > 5


async def test_lines_above_are_given_to_who_asks(held: Held, room: Room) -> None:
    """Page by page, by their numbers."""
    caller = held.run("sh", "-c", "seq 100; printf ready; cat")
    phone = await room.look(caller)
    end = (await phone.wait_for("ready"))["history"][1]

    newest = await phone.view.history(end, 10)
    earlier = await phone.view.history(newest.first, 10)

    said = json.loads(earlier.encoded())
    assert (said["first"], said["history"]) == (end - 20, [0, end])
    assert [row[0][0][0] for row in said["rows"]] == [str(n + 1) for n in range(end - 20, end - 10)]


async def test_keys_look_as_the_program_asked(held: Held, room: Room) -> None:
    """The modes are those of the newest picture."""
    phone = await room.look(held.run("sh", "-c", "printf '\\033[?1h\\033[?2004hready'; cat"))
    await phone.wait_for("ready")

    assert phone.view.modes.application_cursor
    assert phone.view.modes.bracketed_paste


async def test_the_end_is_the_last_frame(held: Held, room: Room) -> None:
    """With the exit code; then the stream ends."""
    caller = held.run("sh", "-c", "printf ready; read x; exit 7")
    phone = await room.look(caller)
    await phone.wait_for("ready")

    caller.type(b"\n")
    await phone.ends()

    assert phone.frames[-1]["ended"] == 7


async def test_a_holder_that_is_killed_ends_the_stream(held: Held, room: Room) -> None:
    """There is no exit code to tell."""
    caller = held.run("sh", "-c", "printf ready; cat")
    phone = await room.look(caller)
    await phone.wait_for("ready")

    os.kill(caller.hello.holder, signal.SIGKILL)
    await phone.ends()

    assert phone.frames[-1]["ended"] is None


async def test_a_painter_that_was_killed_is_replaced(held: Held, room: Room) -> None:
    """The next frame is the whole picture again, and it goes on."""
    caller = held.run("sh", "-c", "seq 50; printf ready; cat")
    phone = await room.look(caller)
    await phone.wait_for("ready")
    before = phone.screen

    room.painters[0].kill()
    frame = await phone.next()

    assert frame["whole"]
    assert phone.screen == before
    caller.type(b" goes on")
    await phone.wait_for("ready goes on")


async def test_a_painter_that_hangs_is_replaced(held: Held, stack: AsyncExitStack) -> None:
    """It is asked now and then, and must answer."""
    room = Room(held.folder, answers_within=2.0)
    stack.push_async_callback(room.views.close)
    caller = held.run("sh", "-c", "printf ready; cat")
    phone = await room.look(caller)
    await phone.wait_for("ready")
    (hanging,) = room.painters

    hanging.suspend()
    caller.type(b" goes on")
    await phone.wait_for("ready goes on")

    assert not hanging.is_running()


async def test_lines_are_refused_while_a_painter_dies(held: Held, room: Room) -> None:
    """Who asked is told, and may ask again."""
    caller = held.run("sh", "-c", "seq 100; printf ready; cat")
    phone = await room.look(caller)
    await phone.wait_for("ready")
    room.painters[0].suspend()

    asking = asyncio.create_task(phone.view.history(50, 10))
    await asyncio.sleep(0)
    room.painters[0].kill()

    with pytest.raises(Failed):
        await asking
    await phone.next()
    assert (await phone.view.history(50, 10)).first == 40


async def test_a_painter_that_dies_again_and_again_is_given_up(tmp_path: Path, stack: AsyncExitStack) -> None:
    """From the second death on it is not to look at what may have killed it."""
    notes = tmp_path / "notes"
    views = Views(tmp_path, lambda _, terminal: [sys.executable, "-c", DIES, str(notes), terminal])
    stack.push_async_callback(views.close)

    with pytest.raises(Failed):
        await views.open("abc")

    assert notes.read_text().splitlines() == ["abc", "abc", *["abc fresh"] * 4]


@pytest.mark.parametrize(
    ("command", "trouble"),
    [
        (["/nowhere/to/be/found"], Failed),
        ([sys.executable, "-c", "print('unable')"], Refused),
        ([sys.executable, "-c", "print('old')"], Refused),
        ([sys.executable, "-c", "print('gone')"], NoSuchSession),
    ],
)
async def test_what_cannot_be_shown_is_said(
    command: Sequence[str], trouble: type[Exception], tmp_path: Path, stack: AsyncExitStack
) -> None:
    """In words, and at once."""
    views = view.open_views(tmp_path, lambda *_: command)
    stack.push_async_callback(views.close)

    with pytest.raises(trouble):
        await views.open("abc")


@pytest.mark.parametrize("terminal", ["", "../secret", "ABC", "abc\n", "abc.sock"])
async def test_names_that_no_terminal_has_go_nowhere(terminal: str, tmp_path: Path) -> None:
    """They become no paths, and no arguments."""
    with pytest.raises(NoSuchSession):
        await Views(tmp_path, lambda *_: ["/nowhere"]).open(terminal)


async def test_what_a_mad_painter_says_does_no_harm(tmp_path: Path, stack: AsyncExitStack) -> None:
    """Nonsense is passed over, or is its end; the terminal is given up when nothing else comes."""
    mad = "print('row 99999999 []\\nrow -1 []\\nwhat\\npage 1\\npicture {}', flush=True)"
    views = Views(tmp_path, lambda *_: [sys.executable, "-c", mad])
    stack.push_async_callback(views.close)

    with pytest.raises(Failed):
        await views.open("abc")


async def test_the_painter_goes_with_the_last_who_looks(held: Held, room: Room) -> None:
    """A little later: a page that is loaded anew finds it still there."""
    caller = held.run("sh", "-c", "printf ready; cat")
    one, two = await room.look(caller), await room.look(caller)
    (painter,) = room.painters

    await one.view.close()
    await two.view.close()
    three = await room.look(caller)
    await three.wait_for("ready")
    assert [each.pid for each in room.painters] == [painter.pid]
    async with three.view:
        pass

    await until(lambda: not painter.is_running())
    assert caller.state().screens == 1


async def test_who_stops_looking_hears_no_more(held: Held, room: Room) -> None:
    """Closing a view ends its frames, wherever they are waited for."""
    phone = await room.look(held.run("sh", "-c", "printf ready; cat"))
    await phone.wait_for("ready")
    waiting = asyncio.create_task(phone.next())
    await asyncio.sleep(0)

    await phone.view.close()

    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_waiting_can_be_given_up_and_begun_again(held: Held, room: Room) -> None:
    """Who sends a sign of life now and then misses nothing by it."""
    caller = held.run("sh", "-c", "printf ready; cat")
    phone = await room.look(caller)
    await phone.wait_for("ready")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await phone.next()
    caller.type(b" again")

    await phone.wait_for("ready again")


async def test_nothing_is_left_when_all_is_closed(held: Held, room: Room) -> None:
    """No painter, no task."""
    phones = [await room.look(held.run("cat")) for _ in range(3)]
    painters = room.painters

    await room.views.close()

    assert len(phones) == len(painters) == 3
    assert not any(painter.is_running() for painter in painters)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "painting"]
