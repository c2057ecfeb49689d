"""Shows notices on this desktop, by desktop-notifier: one thread with a loop of its own.

What is shown is written down: the tray that comes after a crash knows which popups are still there,
takes back what was answered meanwhile, and shows nothing twice. Without anybody who shows popups,
it is silent.
"""

import asyncio
import functools
import html
import json
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tray import icon, words
from tray.lines import Action
from tray.notices import Popup

if TYPE_CHECKING:
    from desktop_notifier import DesktopNotifier

#: So many are remembered as shown.
SEEN = 200

Work = Callable[[], Awaitable[None]]


class Popups:
    """Owner of the thread, of what is shown, and of the file that says so."""

    def __init__(self, act: Callable[[Action], None], record: Path) -> None:
        """*act* is called, in the thread of popups, with what a click means. ``start`` begins."""
        self._act = act
        self._record = record
        self._loop: asyncio.AbstractEventLoop | None = None
        self._works: asyncio.Queue[Work | None] | None = None
        self._ready = threading.Event()
        self._notifier: DesktopNotifier | None = None
        #: Whoever shows them reads ``<b>`` as bold, and hides what looks like it.
        self._markup = False
        #: Notices that are on the screen, each with the number that the desktop gave it.
        self._shown: dict[str, int] = {}
        self._popups: dict[str, Popup] = {}
        self._seen: list[str] = []
        #: What an earlier life of ours left on the screen, and who showed it.
        self._left: dict[str, int] = {}
        self._left_with = ""
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
        self._read()
        self._ready.set()
        while (work := await self._works.get()) is not None:
            try:
                await work()
            except Exception:  # noqa: BLE001  # three desktops' libraries below: a popup is never worth a crash
                self._let_go()

    async def _show(self, popup: Popup) -> None:
        notifier = await self._open()
        if notifier is None:
            return
        there = popup.id in await notifier.get_current_notifications()
        if there and _seen_of(self._popups.get(popup.id)) == _seen_of(popup):
            # Put up again, it would be told twice. What its buttons mean may be another thing by now.
            self._popups[popup.id] = popup
            return
        if popup.silent and not there:
            return
        if there:
            await self._take_away(popup.id)
        await self._put_up(notifier, popup)

    async def _put_up(self, notifier: "DesktopNotifier", popup: Popup) -> None:
        notice = self._notification(popup)
        await notifier.send_notification(notice)
        if popup.id not in await notifier.get_current_notifications():
            self._let_go()  # it was not taken: whoever showed them has gone
            return
        self._popups[popup.id] = popup
        self._shown[popup.id] = _number(notifier, popup.id)
        self._seen = [*(one for one in self._seen if one != popup.id), popup.id][-SEEN:]
        await self._write()

    def _notification(self, popup: Popup) -> Any:
        from desktop_notifier import Button, Notification, Urgency

        buttons = tuple(
            Button(title=button.label, on_pressed=functools.partial(self._pressed, popup.id, place))
            for place, button in enumerate(popup.buttons)
        )
        return Notification(
            title=popup.title,
            message=html.escape(popup.text, quote=False) if self._markup else popup.text,
            # Never critical: that would break through "do not disturb".
            urgency=Urgency.Normal if popup.urgent else Urgency.Low,
            buttons=buttons,
            on_clicked=lambda: self._pressed(popup.id, None),
            on_dismissed=lambda: self._forget(popup.id),
            timeout=0 if popup.urgent else -1,
            identifier=popup.id,
        )

    def _pressed(self, notice_id: str, place: int | None) -> None:
        """The button at this place; none: the popup itself."""
        popup, number = self._popups.get(notice_id), self._shown.get(notice_id, 0)
        self._forget(notice_id)
        self._give(lambda: self._close(notice_id, number))
        if popup:
            self._act(popup.click if place is None else popup.buttons[place].action)

    async def _close(self, notice_id: str, number: int) -> None:
        """Not every desktop closes what was chosen from, and the library has forgotten it by now."""
        if notifier := self._notifier:
            _take_over(notifier, notice_id, number, self._notification(_nobody(notice_id)))
            await notifier.clear(notice_id)

    def _forget(self, notice_id: str) -> None:
        self._popups.pop(notice_id, None)
        if self._shown.pop(notice_id, None) is not None:
            self._give(self._write)

    async def _take_away(self, notice_id: str) -> None:
        if notice_id not in self._shown:
            return
        notifier = await self._open()
        if notifier and notice_id in await notifier.get_current_notifications():
            await notifier.clear(notice_id)
        self._forget(notice_id)

    async def _take_all_away(self) -> None:
        for notice_id in list(self._shown):
            await self._take_away(notice_id)

    async def _keep_only(self, notice_ids: frozenset[str]) -> None:
        if self._shown:
            await self._open()
        for notice_id in set(self._shown) - notice_ids:
            await self._take_away(notice_id)

    async def _catch_up(self, popups: Callable[[frozenset[str]], Sequence[Popup]]) -> None:
        wanted = popups(frozenset(self._seen) - set(self._shown))
        for popup in wanted:
            # One that stands there from an earlier life gets its buttons back.
            await self._show(popup)

    # The desktop.

    async def _open(self) -> "DesktopNotifier | None":
        """Whoever shows popups here; ``None`` as long as there is nobody."""
        if self._notifier is not None:
            return self._notifier
        try:
            from desktop_notifier import DesktopNotifier, Icon

            picture = Icon(path=icon.folder() / "app" / "wakeline-512.png")
            notifier = DesktopNotifier(app_name=words.NAME, app_icon=picture)
            await notifier.get_capabilities()
        except Exception:  # noqa: BLE001  # no bus, nobody on it, no library: all mean that nothing is shown
            return None
        self._markup = await _reads_markup(notifier)
        await self._adopt(notifier)
        self._notifier = notifier
        return notifier

    def _let_go(self) -> None:
        """Begin anew with the next one; what is on the screen is taken over again."""
        bus = getattr(getattr(self._notifier, "_backend", None), "bus", None)
        self._notifier, self._left = None, dict(self._shown)
        if bus is not None:
            bus.disconnect()

    async def _adopt(self, notifier: "DesktopNotifier") -> None:
        """Take over the popups that an earlier life of ours left on the screen."""
        left, self._left = self._left, {}
        if not left or await _owner(notifier) != self._left_with:
            self._shown.clear()
            return
        for notice_id, number in left.items():
            _take_over(notifier, notice_id, number, self._notification(_nobody(notice_id)))

    # What is written down.

    def _read(self) -> None:
        try:
            told = json.loads(self._record.read_text(encoding="utf-8"))
            self._left = {str(key): int(number) for key, number in told["shown"].items()}
            self._left_with = str(told["by"])
            self._seen = [str(one) for one in told["seen"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._left, self._left_with = {}, ""
        self._shown = dict(self._left)

    async def _write(self) -> None:
        if self._notifier:
            self._left_with = await _owner(self._notifier)
        told = {"by": self._left_with, "shown": self._shown, "seen": self._seen}
        new = self._record.with_suffix(".new")
        new.write_text(json.dumps(told), encoding="utf-8")
        os.replace(new, self._record)  # noqa: PTH105  # the one that replaces on every system


def _seen_of(popup: Popup | None) -> tuple[Any, ...] | None:
    """What of a popup can be seen."""
    return popup and (popup.title, popup.text, popup.urgent, [button.label for button in popup.buttons])


def _nobody(notice_id: str) -> Popup:
    from tray.lines import ShowDetails

    return Popup(id=notice_id, title="", text="", click=ShowDetails())


# On Linux the desktop gives numbers, and only the library's own parts know them. Everywhere else a
# popup is known to the desktop by our id, and there is nothing to remember.


def _numbers(notifier: "DesktopNotifier") -> Any:
    backend = notifier._backend  # noqa: SLF001
    return getattr(backend, "_platform_to_interface_notification_identifier", None)


def _number(notifier: "DesktopNotifier", notice_id: str) -> int:
    numbers = _numbers(notifier)
    return int(numbers.inverse.get(notice_id, 0)) if numbers is not None else 0


def _take_over(notifier: "DesktopNotifier", notice_id: str, number: int, notification: Any) -> None:
    numbers = _numbers(notifier)
    if numbers is not None:
        numbers[number] = notice_id
    notifier._backend._notification_cache[notice_id] = notification  # noqa: SLF001


def _interface(notifier: "DesktopNotifier") -> Any:
    return getattr(notifier._backend, "interface", None)  # noqa: SLF001


async def _reads_markup(notifier: "DesktopNotifier") -> bool:
    interface = _interface(notifier)
    if interface is None or not hasattr(interface, "call_get_capabilities"):
        return False
    return "body-markup" in await interface.call_get_capabilities()


async def _owner(notifier: "DesktopNotifier") -> str:
    """Who shows popups now: numbers of another one mean nothing to it."""
    bus = getattr(notifier._backend, "bus", None)  # noqa: SLF001
    if bus is None:
        return "here"
    from dbus_fast import Message

    ask = Message(
        destination="org.freedesktop.DBus",
        path="/org/freedesktop/DBus",
        interface="org.freedesktop.DBus",
        member="GetNameOwner",
        signature="s",
        body=["org.freedesktop.Notifications"],
    )
    reply = await bus.call(ask)
    return str(reply.body[0]) if reply and reply.body else ""
