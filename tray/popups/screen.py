"""Where popups are shown, and as what: what all systems have in common."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tray import icon
from tray.notices import Popup

if TYPE_CHECKING:
    from desktop_notifier import Icon, Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is called, in any thread, when somebody has looked at a popup."""

    #: The button at this place; none: the popup itself.
    pressed: Callable[[str, int | None], None]
    closed: Callable[[str], None]


class Screen(Protocol):
    """Whoever shows popups here. Only for one thread, on the loop that it was opened on."""

    @property
    def by(self) -> str:
        """Who that is: numbers of another one mean nothing to it."""
        ...

    async def is_there(self) -> bool:
        """Whether it is still the same one."""
        ...

    async def standing(self) -> Collection[str]:
        """The popups put up since it was opened that nobody has closed."""
        ...

    async def put(self, popup: Popup, number: int) -> int | None:
        """Show it where the popup with this number stands (0: anew). Its number; ``None``: nobody took it."""
        ...

    async def clear(self, notice_id: str, number: int, /) -> None:
        """Take it away, whoever put it up."""
        ...

    def leave(self) -> None:
        """Speak to it no more; what stands there stays."""
        ...


#: Finds whoever shows popups; raises as long as there is nobody.
Open = Callable[[Heard], Awaitable[Screen]]


def picture() -> "Icon":
    """Whose popups these are."""
    from desktop_notifier import Icon

    return Icon(path=icon.folder() / "app" / "wakeline-512.png")


def notification(popup: Popup, text: str) -> "Notification":
    """The popup as the library wants it, with *text* as it is to be sent."""
    from desktop_notifier import Button, Notification, Urgency

    return Notification(
        title=popup.title,
        message=text,
        # Never critical: that would break through "do not disturb".
        urgency=Urgency.Normal if popup.urgent else Urgency.Low,
        buttons=tuple(
            Button(title=button.label, identifier=str(place)) for place, button in enumerate(popup.buttons)
        ),
        timeout=0 if popup.urgent else -1,
        identifier=popup.id,
    )


def place(button: str) -> int | None:
    """Which button that is, by what ``notification`` called it."""
    return int(button) if button.isdecimal() else None
