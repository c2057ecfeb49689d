"""Popups on Windows and macOS: the system knows each by our own id, and replaces it by that."""

from collections.abc import Collection

from desktop_notifier import DesktopNotifier

from tray import words
from tray.notices import Popup
from tray.popups.screen import Heard, notification, picture, place


class Screen:
    """Owner of the library's own notifier."""

    by = "here"

    def __init__(self, heard: Heard) -> None:
        self._notifier = DesktopNotifier(app_name=words.NAME, app_icon=picture())
        self._notifier.on_clicked = lambda notice_id: heard.pressed(notice_id, None)
        self._notifier.on_button_pressed = lambda notice_id, key: heard.pressed(notice_id, place(key))
        self._notifier.on_dismissed = heard.closed

    async def is_there(self) -> bool:
        """The system is always there."""
        return True

    async def standing(self) -> Collection[str]:
        """See ``Screen``."""
        return await self._notifier.get_current_notifications()

    async def put(self, popup: Popup, number: int) -> int | None:
        """See ``Screen``."""
        await self._notifier.send_notification(notification(popup, popup.text))
        return number

    async def clear(self, notice_id: str, _number: int) -> None:
        """See ``Screen``."""
        await self._notifier.clear(notice_id)

    def leave(self) -> None:
        """There is nothing to leave."""
