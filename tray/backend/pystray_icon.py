"""The icon by pystray: on Windows and macOS, and on Linux where only its appindicator can help.

pystray connects to the display when it is imported, and picks its system then: ``load`` imports it.
Its menus are touched in its own thread only, and on Windows never while one is open: both crash or
close the menu under the user's hand.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tray import icon as pictures
from tray import words
from tray.backend.base import Act, Look
from tray.lines import Action, Entry, Separator

#: Windows refuses longer ones.
TOOLTIP, NOTICE = 127, 255

#: Runs a function in the thread of the icon.
InItsThread = Callable[[Callable[[], None]], None]


class Icon:
    """Owner of pystray's icon, and of what was last shown."""

    def __init__(self, pystray: Any, panel: str, act: Act, *, double_ampersands: bool = False) -> None:
        self._pystray, self._panel, self._act = pystray, panel, act
        self._double = double_ampersands
        self._look = Look(picture="offline", tooltip=words.NAME, menu=())
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self.icon = pystray.Icon(
            words.NAME, self._image("offline"), words.NAME, menu=pystray.Menu(self._entries)
        )
        self.in_its_thread: InItsThread = lambda work: work()

    def run(self) -> None:
        """Show the icon until ``stop``."""
        self.icon.run(setup=self._set_up)

    def show(self, look: Look) -> None:
        """Show this from now on."""
        with self._lock:
            before, self._look = self._look, look
        if self._ready.is_set():
            self.in_its_thread(lambda: self._apply(before, look))

    def tell(self, title: str, text: str) -> None:
        """Show a notice, cut to what Windows takes."""
        self.in_its_thread(lambda: self.icon.notify(words.plain(text, NOTICE), words.plain(title, 60)))

    def stop(self) -> None:
        """Take the icon away."""
        self.icon.stop()

    def _set_up(self, icon: Any) -> None:
        """Called by pystray, in a thread of its own, when the icon may be shown."""
        self._ready.set()
        self.in_its_thread(lambda: self._appear(icon))

    def _appear(self, icon: Any) -> None:
        self._apply(Look(picture="", tooltip="", menu=()), self._look)
        icon.visible = True

    def _apply(self, before: Look, look: Look) -> None:
        if before.picture != look.picture:
            self.icon.icon = self._image(look.picture)
        if before.tooltip != look.tooltip:
            self.icon.title = look.tooltip[:TOOLTIP]
        if before.menu != look.menu:
            self.icon.update_menu()

    def _image(self, name: str) -> Any:
        from PIL import Image

        with Image.open(_largest(pictures.files(name, self._panel))) as image:
            return image.copy()

    def _entries(self) -> Iterator[Any]:
        yield from self._converted(self._look.menu)

    def _converted(self, menu: Iterable[Entry]) -> Iterator[Any]:
        for entry in menu:
            if isinstance(entry, Separator):
                yield self._pystray.Menu.SEPARATOR
                continue
            checked = None if entry.checked is None else _always(entry.checked)
            below = self._pystray.Menu(*self._converted(entry.children)) if entry.children else None
            yield self._pystray.MenuItem(
                entry.label.replace("&", "&&") if self._double else entry.label,
                below or self._chosen(entry.action),
                checked=checked,
                radio=entry.checked is not None,
                default=entry.default,
                enabled=entry.enabled,
            )

    def _chosen(self, action: Action | None) -> Callable[[], None]:
        def choose() -> None:
            if action is not None:
                self._act(action)

        return choose


def _always(value: bool) -> Callable[[Any], bool]:
    return lambda _: value


def _largest(files: dict[int, Path]) -> Path:
    return files[max(files)]


def load(backend: str) -> Any:
    """pystray on one of its backends; ``ImportError`` or ``ValueError`` if that cannot be had here."""
    os.environ["PYSTRAY_BACKEND"] = backend
    import pystray

    return pystray
