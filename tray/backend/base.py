"""What an icon on any system can do, and what it is given to show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tray.lines import Action, Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything that can be seen of the icon at one moment."""

    picture: str
    tooltip: str
    menu: tuple[Entry, ...]
    #: Somebody has to come; a desktop may move the icon to where it is seen.
    attention: bool = False


#: What is called, in any thread and not for long, when a line of the menu was chosen.
Act = Callable[[Action], None]


class Icon(Protocol):
    """An icon in the tray. All methods but ``run`` may be called in any thread."""

    def run(self) -> None:
        """Show the icon and serve it until ``stop``. On macOS only in the main thread."""
        ...

    def show(self, look: Look) -> None:
        """Show this from now on."""
        ...

    def tell(self, title: str, text: str) -> None:
        """Show a short notice, if the desktop can."""
        ...

    def stop(self) -> None:
        """Take the icon away; ``run`` returns. Safe in a signal handler."""
        ...
