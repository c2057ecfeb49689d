"""All terminals that are watched, and who looks at them. On the event loop."""

import asyncio
import contextlib
import os
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from supervisor.core.errors import Failed, NoSuchSession, Refused
from supervisor.terminal.view.picture import EMPTY, Frame, Modes, Page, Picture, frame, understood

#: How terminals are called.
_ID: Final = re.compile("[0-9a-f]+")
#: Seconds within which a terminal is painted for the first time, or a page of lines comes.
_WITHIN: Final = 20.0
#: A painter waits so long for somebody else to look: a page that is loaded anew.
_LINGER: Final = 2.0
#: A painter that has not answered for so long hangs.
_ANSWERS_WITHIN: Final = 10.0
#: Pauses before a painter that died is started anew; when they are used up, within a minute, it is given up.
_PAUSES: Final = (0.0, 0.1, 0.5, 1.0, 2.0)
_FORGIVEN_AFTER: Final = 60.0
#: Longest line of a painter: a row with the most there can be in it.
_LONGEST: Final = 2**20
#: It says no more rows or lines at once.
_MOST: Final = 1000


class Views:
    """Owns a painting for each terminal that somebody looks at."""

    def __init__(
        self,
        folder: Path,
        painter: Callable[[Path, str], Sequence[str]],
        *,
        linger: float = _LINGER,
        answers_within: float = _ANSWERS_WITHIN,
    ) -> None:
        """See ``view.open_views``. *linger*, *answers_within*: seconds."""
        self._folder = folder
        self._painter = painter
        self._linger = linger
        self._answers_within = answers_within
        self._paintings: dict[str, _Painting] = {}
        #: Those too whose painters are about to go.
        self._all: set[_Painting] = set()

    async def open(self, terminal: str) -> "View":
        """Look at one. Raises ``NoSuchSession``, ``Refused``, ``Failed``."""
        if not _ID.fullmatch(terminal):
            raise _nobody_holds()
        painting = self._paintings.get(terminal)
        if painting is None or painting.is_over:
            painting = self._paintings[terminal] = self._begun(terminal)
        view = View(painting, lambda: self._left(terminal, painting))
        painting.viewers.add(view)
        try:
            await painting.begun()
        except BaseException:
            await view.close()
            raise
        return view

    async def close(self) -> None:
        """Nobody looks any more."""
        self._paintings.clear()
        await asyncio.gather(*(painting.stop() for painting in self._all))

    def _begun(self, terminal: str) -> "_Painting":
        painting = _Painting(self._painter(self._folder, terminal), self._answers_within)
        self._all.add(painting)
        painting.task.add_done_callback(lambda _: self._all.discard(painting))
        return painting

    def _left(self, terminal: str, painting: "_Painting") -> None:
        if not painting.viewers:
            asyncio.get_running_loop().call_later(self._linger, self._drop, terminal, painting)

    def _drop(self, terminal: str, painting: "_Painting") -> None:
        if painting.viewers:
            return
        if self._paintings.get(terminal) is painting:
            del self._paintings[terminal]
        painting.let_go()


class View:
    """One who looks at a terminal. It is never owed more than one frame."""

    def __init__(self, painting: "_Painting", left: Callable[[], None]) -> None:
        """*left*: called once when it does not look any more."""
        self._painting = painting
        self._left = left
        self.is_open = True
        self.news = asyncio.Event()

    @property
    def modes(self) -> Modes:
        """What keys are to look like now; see ``view.keys``."""
        return self._painting.picture.modes if self._painting.picture else Modes()

    def frames(self) -> AsyncIterator[Frame]:
        """What changes, from the whole picture on; ends with the command, or its terminal.

        Waiting for the next one may be given up and begun again. Raises ``Failed`` when the terminal
        cannot be painted any more.
        """
        return _Frames(self, self._painting)

    async def history(self, before: int, count: int) -> Page:
        """At most *count* lines from above the screen, before that number. Raises ``Failed``."""
        return await self._painting.lines(before, count)

    async def close(self) -> None:
        """Look no more."""
        if not self.is_open:
            return
        self.is_open = False
        self.news.set()
        self._painting.viewers.discard(self)
        self._left()

    async def __aenter__(self) -> Self:
        """It looks already."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """It looks no more."""
        await self.close()


class _Frames:
    """Owns what a viewer was shown."""

    def __init__(self, viewer: View, painting: "_Painting") -> None:
        self._viewer = viewer
        self._painting = painting
        self._epoch = self._number = -1
        self._picture: Picture | None = None
        self._rows: Sequence[bytes] = ()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        while self._viewer.is_open:
            self._viewer.news.clear()
            if self._number != self._painting.number:
                return self._next()
            if self._painting.trouble:
                raise self._painting.trouble
            if self._painting.is_over:
                break
            await self._viewer.news.wait()
        raise StopAsyncIteration

    def _next(self) -> Frame:
        painting = self._painting
        assert painting.picture is not None
        before = self._picture if self._epoch == painting.epoch else None
        made = frame(painting.picture, painting.rows, before, self._rows)
        self._picture, self._rows = painting.picture, painting.rows
        self._epoch, self._number = painting.epoch, painting.number
        return made


class _Painting:
    """Owns one painter, the newest picture, and who is to be told of it."""

    def __init__(self, command: Sequence[str], answers_within: float) -> None:
        self._command = command
        self._answers_within = answers_within
        self.viewers: set[View] = set()
        self.picture: Picture | None = None
        #: Never changed, only replaced: viewers keep what they were shown.
        self.rows: Sequence[bytes] = ()
        #: The painter that made the picture, and the number of the picture.
        self.epoch = 0
        self.number = -1
        self._painters = 0
        self.is_over = False
        self.trouble: Failed | Refused | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._new_rows: dict[int, bytes] = {}
        self._lines: list[bytes] = []
        self._asked: deque[asyncio.Future[Page]] = deque()
        self._answered = asyncio.Event()
        self._deaths: deque[float] = deque()
        self._begun = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self._run(), name="painting")

    async def begun(self) -> None:
        """Wait for the first picture. Raises ``NoSuchSession``, ``Refused``, ``Failed``."""
        try:
            async with asyncio.timeout(_WITHIN):
                await asyncio.shield(self._begun)
        except TimeoutError:
            raise Failed("The terminal cannot be shown: its painter does not answer.") from None
        if self.trouble:
            raise self.trouble
        if self.picture is None:
            raise _nobody_holds()

    async def lines(self, before: int, count: int) -> Page:
        """See ``View.history``."""
        answer: asyncio.Future[Page] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self._say(b"lines %d %d\n" % (before, count))
        if self._process is None:
            self._answer_nobody()
        try:
            async with asyncio.timeout(_WITHIN):
                return await answer
        except TimeoutError:
            raise Failed("The terminal's earlier lines did not come.", "Try again.") from None

    def let_go(self) -> None:
        """Nobody needs it any more."""
        self.task.cancel()

    async def stop(self) -> None:
        """The same, and wait for its end."""
        self.task.cancel()
        await asyncio.wait([self.task])

    # -- the painter's life -----------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            while not self.is_over:
                await self._paint()
                if not self.is_over:
                    await self._mourn()
        finally:
            self._end()

    async def _paint(self) -> None:
        """Have one painter, as long as it lives."""
        # What killed one may kill the next: from the second death on, the past is not looked at.
        fresh = ("fresh",) if len(self._deaths) > 1 else ()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                *fresh,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=os.sep,
                limit=_LONGEST,
                start_new_session=True,
            )
        except OSError as trouble:
            self.trouble = Failed(f"The terminal cannot be shown: {trouble.strerror or trouble}.")
            self.is_over = True
            return
        self._process = process
        self._painters += 1
        watching = asyncio.create_task(self._watch_over(process))
        try:
            await self._listen(process)
        finally:
            watching.cancel()
            self._process = None
            self._answer_nobody()
            await _buried(process)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        with contextlib.suppress(ValueError):
            while line := await process.stdout.readline():
                self._take(line)
                if line.startswith(b"picture"):
                    # A painter that has much to say is not the only one to be heard.
                    await asyncio.sleep(0)

    async def _watch_over(self, process: asyncio.subprocess.Process) -> None:
        # Loading takes its time on a busy machine; a painter that works is quicker.
        within = max(self._answers_within, _WITHIN)
        while True:
            self._answered.clear()
            self._say(b"ping\n")
            try:
                async with asyncio.timeout(within):
                    await self._answered.wait()
            except TimeoutError:
                _kill(process)
                return
            within = self._answers_within
            await asyncio.sleep(within)

    async def _mourn(self) -> None:
        now = time.monotonic()
        while self._deaths and self._deaths[0] < now - _FORGIVEN_AFTER:
            self._deaths.popleft()
        if len(self._deaths) >= len(_PAUSES):
            self.trouble = Failed("The terminal cannot be shown: its painter dies again and again.")
            self.is_over = True
            return
        pause = _PAUSES[len(self._deaths)]
        self._deaths.append(now)
        await asyncio.sleep(pause)

    def _end(self) -> None:
        self.is_over = True
        if not self._begun.done():
            self._begun.set_result(None)
        self._tell()

    # -- what it says -----------------------------------------------------------------------------

    def _take(self, line: bytes) -> None:
        """One line of the painter. Raises ``ValueError`` for nonsense."""
        self._answered.set()
        kind, _, rest = line.rstrip(b"\n").partition(b" ")
        match kind:
            case b"row":
                number, _, runs = rest.partition(b" ")
                if 0 <= int(number) < _MOST:
                    self._new_rows[int(number)] = runs
            case b"picture":
                self._show(understood(rest))
            case b"line" if len(self._lines) < _MOST:
                self._lines.append(rest)
            case b"page":
                self._turn_page(rest)
            case b"gone":
                self._end()
            case b"old":
                self.trouble = Refused(
                    "This terminal is held by an older version of Wakeline, which cannot show it.",
                    "It can be shown when its session has been started anew.",
                )
                self._end()
            case b"unable":
                self.trouble = Refused("Terminals cannot be shown on this system.")
                self._end()
            case _:
                pass

    def _show(self, picture: Picture) -> None:
        count = min(max(picture.size[0], 0), _MOST)
        rows = [*self.rows[:count], *[EMPTY] * (count - len(self.rows))]
        for number, runs in self._new_rows.items():
            if number < count:
                rows[number] = runs
        self._new_rows = {}
        self.rows, self.picture = rows, picture
        self.number += 1
        self.epoch = self._painters
        self.is_over = self.is_over or picture.ended is not None
        if not self._begun.done():
            self._begun.set_result(None)
        self._tell()

    def _tell(self) -> None:
        for viewer in self.viewers:
            viewer.news.set()

    def _turn_page(self, said: bytes) -> None:
        first, begin, end = map(int, said.split())
        page = Page(first=first, history=(begin, end), rows=tuple(self._lines))
        self._lines = []
        if self._asked:
            answer = self._asked.popleft()
            if not answer.done():
                answer.set_result(page)

    def _answer_nobody(self) -> None:
        while self._asked:
            answer = self._asked.popleft()
            if not answer.done():
                answer.set_exception(Failed("The terminal's earlier lines did not come.", "Try again."))

    def _say(self, words: bytes) -> None:
        if self._process and self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(words)


def _nobody_holds() -> NoSuchSession:
    return NoSuchSession("Nobody holds that terminal any more.", "See: wakeline ls")


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


async def _buried(process: asyncio.subprocess.Process) -> None:
    """Its end, whatever it takes."""
    _kill(process)
    if process.stdin:
        process.stdin.close()
    await process.wait()
