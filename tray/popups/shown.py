"""Shows notices on this desktop: one thread with a loop of its own.

What is shown is written down: the tray that comes after a crash knows which popups are still there,
takes back what was answered meanwhile, and shows nothing twice. Without anybody who shows popups,
it is silent.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from tray.lines import Action, ShowDetails
from tray.notices import Popup
from tray.popups import record
from tray.popups.record import Record
from tray.popups.screen import Heard, Open, Screen

#: So many are remembered as shown.
SEEN = 200

Work = Callable[[], Awaitable[None]]


class Popups:
    """Owner of the thread, of what is shown, and of the file that says so."""

    def __init__(self, act: Callable[[Action], None], file: Path, open_screen: Open) -> None:
        """*act* is called, in the thread of popups, with what a click means. ``start`` begins."""
        self._act, self._file, self._open_screen = act, file, open_screen
        self._loop: asyncio.AbstractEventLoop | None = None
        self._works: asyncio.Queue[Work | None] | None = None
        self._ready = threading.Event()
        self._screen: Screen | None = None
        #: Notices that are on the screen, each with the number that the desktop gave it.
        self._shown: dict[str, int] = {}
        self._shown_by = ""
        #: Those of them that were put up since the screen was opened; what is left stands there
        #: from before, and nobody hears of its buttons.
        self._popups: dict[str, Popup] = {}
        self._seen: list[str] = []
        self._thread = threading.Thread(target=self._live, name="popups", daemon=True)

    def start(self) -> None:
        """Begin; ends with the process, or with ``stop``."""
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        """Take everything away that is shown, and end."""
        self._give(self._take_all_away)
        if self._loop and self._works:
            self._loop.call_soon_threadsafe(self._works.put_nowait, None)
            self._thread.join(2.0)

    def show(self, popup: Popup) -> None:
        """Show this, or what has become of it. Returns at once."""
        self._give(lambda: self._show(popup))

    def withdraw(self, notice_id: str) -> None:
        """It is over: nobody need look at it."""
        self._give(lambda: self._take_away(notice_id))

    def keep_only(self, notice_ids: Sequence[str]) -> None:
        """All others are over."""
        self._give(lambda: self._keep_only(frozenset(notice_ids)))

    def catch_up(self, popups: Callable[[frozenset[str]], Sequence[Popup]]) -> None:
        """Show what *popups* finds worth showing, given what was shown before."""
        self._give(lambda: self._catch_up(popups))

    # In its thread.

    def _give(self, work: Work) -> None:
        if self._loop and self._works:
            self._loop.call_soon_threadsafe(self._works.put_nowait, work)

    def _live(self) -> None:
        # Whatever it says to a log, it says at every single notice.
        logging.getLogger("desktop_notifier").setLevel(logging.CRITICAL + 1)
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._works = asyncio.get_running_loop(), asyncio.Queue()
        told = record.read(self._file)
        self._shown, self._shown_by, self._seen = dict(told.shown), told.by, list(told.seen)
        self._ready.set()
        while (work := await self._works.get()) is not None:
            try:
                await work()
            except Exception:  # noqa: BLE001  # three desktops' libraries below: a popup is never worth a crash
                self._let_go()

    async def _show(self, popup: Popup) -> None:
        screen = await self._open()
        if screen is None:
            return
        before, standing = self._popups.get(popup.id), await screen.standing()
        stands = popup.id in (standing if before else self._shown)
        if stands and before and _seen_of(before) == _seen_of(popup):
            # Put up again, it would be told twice. What its buttons mean may be another thing by now.
            self._popups[popup.id] = popup
        elif stands or not popup.silent:
            await self._put_up(screen, popup, self._shown.get(popup.id, 0) if stands else 0)

    async def _put_up(self, screen: Screen, popup: Popup, place: int) -> None:
        number = await screen.put(popup, place)
        if number is None:
            self._let_go()  # it was not taken: whoever showed them has gone
            return
        self._popups[popup.id], self._shown[popup.id] = popup, number
        self._seen = [*(one for one in self._seen if one != popup.id), popup.id][-SEEN:]
        self._write()

    async def _pressed(self, notice_id: str, place: int | None) -> None:
        popup = self._popups.get(notice_id)
        # Not every desktop closes what was chosen from.
        await self._take_away(notice_id)
        if popup is None:
            self._act(ShowDetails())
        elif place is None or place >= len(popup.buttons):
            self._act(popup.click)
        else:
            self._act(popup.buttons[place].action)

    async def _closed(self, notice_id: str) -> None:
        self._popups.pop(notice_id, None)
        if self._shown.pop(notice_id, None) is not None:
            self._write()

    async def _take_away(self, notice_id: str) -> None:
        number = self._shown.get(notice_id)
        if number is not None and (screen := await self._open()):
            # Whoever showed it may have gone, and all with it.
            if notice_id in self._shown:
                await screen.clear(notice_id, number)
            await self._closed(notice_id)

    async def _take_all_away(self) -> None:
        await self._keep_only(frozenset())

    async def _keep_only(self, notice_ids: frozenset[str]) -> None:
        for notice_id in set(self._shown) - notice_ids:
            await self._take_away(notice_id)

    async def _catch_up(self, popups: Callable[[frozenset[str]], Sequence[Popup]]) -> None:
        # One that stands there from an earlier life gets its buttons back.
        for popup in popups(frozenset(self._seen) - set(self._shown)):
            await self._show(popup)

    # The desktop.

    async def _open(self) -> Screen | None:
        """Whoever shows popups here now; what another one has shown went with that one."""
        if self._screen and not await self._screen.is_there():
            self._let_go()
        if self._screen is None:
            self._screen = await self._found()
            if self._screen and self._screen.by != self._shown_by:
                self._shown.clear()
                self._shown_by = self._screen.by
        return self._screen

    async def _found(self) -> Screen | None:
        try:
            return await self._open_screen(Heard(pressed=self._hear_press, closed=self._hear_close))
        except Exception:  # noqa: BLE001  # no bus, nobody on it, no library: all mean that nothing is shown
            return None

    def _let_go(self) -> None:
        """Begin anew with the next one; what is on the screen is taken over again."""
        screen, self._screen = self._screen, None
        self._popups.clear()
        if screen:
            screen.leave()

    def _hear_press(self, notice_id: str, place: int | None) -> None:
        self._give(lambda: self._pressed(notice_id, place))

    def _hear_close(self, notice_id: str) -> None:
        self._give(lambda: self._closed(notice_id))

    def _write(self) -> None:
        record.write(self._file, Record(shown=self._shown, by=self._shown_by, seen=self._seen))


def _seen_of(popup: Popup) -> tuple[Any, ...]:
    """What of a popup can be seen."""
    return popup.title, popup.text, popup.urgent, [button.label for button in popup.buttons]
