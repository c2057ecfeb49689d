"""Popups on Linux: the desktop gives each a number, by which it can be changed in its place.

The library always asks for a new one, and tells nobody its number: the one call that it makes is
wrapped for that. Nothing else of it is touched but what it offers.
"""

import sys

assert sys.platform == "linux"

import contextlib
import html
from collections.abc import Collection
from typing import Any

from dbus_fast import DBusError, Message
from dbus_fast.aio import MessageBus
from desktop_notifier.backends.dbus import DBusDesktopNotifier

from tray import words
from tray.notices import Popup
from tray.popups.screen import Heard, notification, picture, place

NOTICES = "org.freedesktop.Notifications"
BUS, BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"


async def open_screen(heard: Heard) -> "Screen":
    """Whoever has the name of notices on the session bus; raises if there is nobody."""
    notifier = DBusDesktopNotifier(words.NAME, picture())
    notifier.on_clicked = lambda notice_id: heard.pressed(notice_id, None)
    notifier.on_button_pressed = lambda notice_id, key: heard.pressed(notice_id, place(key))
    notifier.on_dismissed = heard.closed
    await notifier.get_capabilities()  # it connects by that
    interface: Any = notifier.interface
    markup = "body-markup" in await interface.call_get_capabilities()
    return Screen(notifier, heard, await _owner(notifier.bus), markup=markup)


class Screen:
    """Owner of one connection to whoever shows popups."""

    def __init__(self, notifier: DBusDesktopNotifier, heard: Heard, by: str, *, markup: bool) -> None:
        """*markup*: ``<b>`` is read as bold there, and hides what looks like it."""
        self.by, self._heard = by, heard
        self._notifier, self._markup = notifier, markup
        # Its methods are made from what that one says of itself.
        interface: Any = notifier.interface
        self._interface = interface
        self._notify = self._interface.call_notify
        self._interface.call_notify = self._notify_in_place
        self._place = self._number = 0
        # The library drops what is pressed before it has taken in the number: on a slow machine
        # both are read at once.
        self._known: set[int] = set()
        self._early: dict[int, str] | None = None
        if hasattr(interface, "on_action_invoked"):
            interface.on_action_invoked(self._pressed)

    async def is_there(self) -> bool:
        """See ``Screen``."""
        return await _owner(self._notifier.bus) == self.by

    async def standing(self) -> Collection[str]:
        """See ``Screen``."""
        return await self._notifier.get_current_notifications()

    async def put(self, popup: Popup, number: int) -> int | None:
        """See ``Screen``."""
        self._place, self._number, self._early = number, 0, {}
        text = html.escape(popup.text, quote=False) if self._markup else popup.text
        await self._notifier.send(notification(popup, text))
        early, self._early = self._early.get(self._number), None
        self._known.add(self._number)
        if early is not None:
            self._heard.pressed(popup.id, place(early))
        return self._number or None

    def _pressed(self, number: int, button: str) -> None:
        if self._early is not None and number not in self._known:
            self._early[number] = button

    async def clear(self, _notice_id: str, number: int) -> None:
        """See ``Screen``."""
        with contextlib.suppress(DBusError):  # it is closed already
            await self._interface.call_close_notification(number)

    def leave(self) -> None:
        """See ``Screen``."""
        self._notifier.bus.disconnect()

    async def _notify_in_place(self, program: str, _anew: int, *more: Any) -> int:
        self._number = int(await self._notify(program, self._place, *more))
        return self._number


async def _owner(bus: MessageBus) -> str:
    ask = Message(
        destination=BUS, path=BUS_PATH, interface=BUS, member="GetNameOwner", signature="s", body=[NOTICES]
    )
    reply = await bus.call(ask)
    return str(reply.body[0]) if reply and reply.body else ""
