"""Knows every terminal that is held: one connection to each holder, which costs nothing while it waits."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from supervisor.core.errors import NoSuchSession
from supervisor.core.model import Hosted, Run
from supervisor.terminal import Order, State, calling, door, wire
from supervisor.terminal.hands import Hands

_CHUNK = 64 * 1024
#: Seconds within which a holder introduces itself.
_WITHIN = 5.0


class Holders:
    """Owns the connections. On the event loop; ``hosted`` may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        *,
        started_at: Callable[[int], float | None],
        changed: Callable[[], None],
        ended: Callable[[str, int | None], None],
        turned: Callable[[str, bool, bool], None],
    ) -> None:
        """See ``terminal.open_roll``."""
        self._folder = folder
        self._started_at = started_at
        self._changed = changed
        self._ended = ended
        self._turned = turned
        self._hosted: tuple[Hosted, ...] = ()
        self._lines: dict[str, asyncio.Task[None]] = {}
        self._hands: dict[str, Hands] = {}

    def hosted(self) -> Sequence[Hosted]:
        """Those whose command runs."""
        return self._hosted

    async def look(self) -> None:
        """Find new ones; returns when they have introduced themselves."""
        places = await asyncio.to_thread(self._places)
        greetings = []
        for terminal in [place.stem for place in places if place.stem not in self._lines]:
            greeted = asyncio.get_running_loop().create_future()
            greetings.append(greeted)
            task = asyncio.create_task(self._follow(terminal, greeted), name=f"holder {terminal}")
            self._lines[terminal] = task
            task.add_done_callback(partial(self._forget, terminal))
        if greetings:
            await asyncio.wait(greetings, timeout=_WITHIN)

    async def start(self, order: Order, nursery: Callable[[int], object]) -> str:
        """Hold a command that nobody looks at yet. See ``terminal.start``."""
        asked = calling.start(order)
        terminal = await asyncio.to_thread(_started, self._folder, nursery, asked)
        await self.look()
        return terminal

    async def take(self, terminal: str) -> int:
        """See ``terminal.Roll``, as for all that follow."""
        return await self._at(terminal).take()

    async def give(self, terminal: str) -> None:
        """Give it back."""
        await self._at(terminal).give()

    async def type(self, terminal: str, own_id: str, turn: int, keys: bytes) -> None:
        """Type in that turn."""
        await self._at(terminal).type(own_id, turn, keys)

    async def ask(self, terminal: str) -> State:
        """How things are there."""
        return await self._at(terminal).ask()

    async def fit(self, terminal: str, rows: int, columns: int) -> None:
        """Give it that size."""
        await self._at(terminal).fit(rows, columns)

    async def pause(self, terminal: str) -> None:
        """It is about to be stopped."""
        await self._at(terminal).pause()

    async def resume(self, terminal: str) -> None:
        """It goes on."""
        await self._at(terminal).resume()

    def _at(self, terminal: str) -> Hands:
        try:
            return self._hands[terminal]
        except KeyError:
            raise NoSuchSession(f"No terminal {terminal!r} is held.", "See: wakeline ls") from None

    def close(self) -> None:
        """Let go of all of them; they live on."""
        for task in tuple(self._lines.values()):
            task.cancel()

    def _forget(self, terminal: str, _task: "asyncio.Task[None]") -> None:
        del self._lines[terminal]

    def _places(self) -> Sequence[Path]:
        return tuple(self._folder.glob("[0-9a-f]*.sock"))

    async def _follow(self, terminal: str, greeted: "asyncio.Future[None]") -> None:
        place = self._folder / f"{terminal}.sock"
        code: int | None = None
        try:
            while code is None:
                code = await self._listen(terminal, place, greeted)
        except ConnectionRefusedError:
            # Its holder was killed: nobody will ever answer here.
            place.unlink(missing_ok=True)
        except (OSError, wire.Broken):
            pass
        finally:
            _answer(greeted)
        if terminal in self._hands:
            self._remove(terminal, code)

    async def _listen(self, terminal: str, place: Path, greeted: "asyncio.Future[None]") -> int | None:
        """The exit code; ``None`` when the line was cut before that: it is to be called again.

        Raises ``OSError`` when nobody answers there, ``Broken`` when it is nobody of ours.
        """
        reader, writer = await door.open_line(place)
        with contextlib.closing(writer):
            writer.write(wire.encode(wire.Watch(wire.VERSION)))
            frames, known = wire.Frames(), False
            while heard := await _read(reader):
                for message in frames.feed(heard):
                    if isinstance(message, wire.Hello):
                        self._greet(terminal, message, writer)
                        known = True
                        _answer(greeted)
                    elif isinstance(message, wire.Exit):
                        # It may go; and if that is not heard, it goes a minute later.
                        writer.write(wire.encode(wire.Taken()))
                        return message.code
                    elif hands := self._hands.get(terminal):
                        hands.hear(message)
        if not known:
            raise ConnectionResetError
        return None

    def _greet(self, terminal: str, hello: wire.Hello, writer: asyncio.StreamWriter) -> None:
        before = self._hands.pop(terminal, None)
        self._hands[terminal] = Hands(hello, writer, partial(self._turned, terminal))
        if before:
            before.lost()
        else:
            self._add(terminal, hello)

    def _add(self, terminal: str, hello: wire.Hello) -> None:
        run = Run(hello.child, self._started_at(hello.child) or hello.started_at)
        new = Hosted(
            id=terminal,
            run=run,
            argv=tuple(map(os.fsdecode, hello.argv)),
            cwd=os.fsdecode(hello.cwd),
            name=os.fsdecode(hello.name) or None,
        )
        self._hosted = (*self._hosted, new)
        self._changed()

    def _remove(self, terminal: str, code: int | None) -> None:
        if hands := self._hands.pop(terminal, None):
            hands.lost()
        self._hosted = tuple(one for one in self._hosted if one.id != terminal)
        self._ended(terminal, code)


async def _read(reader: asyncio.StreamReader) -> bytes:
    """What has come; nothing when the line was cut, however harshly."""
    try:
        return await reader.read(_CHUNK)
    except ConnectionError:
        return b""


def _started(folder: Path, nursery: Callable[[int], object], asked: wire.Start) -> str:
    line, hello = calling.hold(folder, nursery, asked, wire.Watch(wire.VERSION))
    line.connection.close()
    return hello.id.decode()


def _answer(greeted: "asyncio.Future[None]") -> None:
    if not greeted.done():
        greeted.set_result(None)
