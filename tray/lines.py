"""What a menu is made of, and what choosing a line of it means: plain data.

Every entry has a *key* that stays the same while its label changes, so that an open menu can be
changed in place and a click never reaches another session than the one under the mouse.
"""

from dataclasses import dataclass

from supervisor.core.model import AwakeMode


@dataclass(frozen=True, slots=True)
class CopyResume:
    """Put this command on the clipboard."""

    command: str
    session_id: str


@dataclass(frozen=True, slots=True)
class ShowDetails:
    """Open the window with everything about a session, or about all of them."""

    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Decide:
    """Answer exactly the question that was shown; *digest* names it."""

    approval_id: str
    digest: str
    session_id: str
    allow: bool


@dataclass(frozen=True, slots=True)
class SendPrompt:
    """Open the window in which a prompt is written."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Order:
    """Have something done to a session: ``interrupt``, ``pause``, ``continue`` or ``stop``."""

    session_id: str
    what: str


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Try ``now`` to bring a session back, ``wait`` until that can be done, or ``stop`` trying."""

    session_id: str
    what: str


@dataclass(frozen=True, slots=True)
class Recover:
    """Resume these sessions, or all that were lost."""

    session_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAwake:
    """Change what the user wants of keep-awake; *seconds*: for how long, ``None`` for good."""

    mode: AwakeMode
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ConnectPhone:
    """Open the pairing window."""


@dataclass(frozen=True, slots=True)
class RemoveDevice:
    """Take a device's access away."""

    device_id: str


@dataclass(frozen=True, slots=True)
class StartSupervisor:
    """Start the supervisor."""


@dataclass(frozen=True, slots=True)
class StopSupervisor:
    """Stop the supervisor, and the tray with it."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Take the icon away; everything else goes on."""


Action = (
    CopyResume
    | ShowDetails
    | Decide
    | SendPrompt
    | Order
    | Reconnect
    | Recover
    | SetAwake
    | ConnectPhone
    | RemoveDevice
    | StartSupervisor
    | StopSupervisor
    | Quit
)


@dataclass(frozen=True, slots=True)
class Separator:
    """A thin line between groups."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line. *checked*: ``None`` for a line that is no choice. *default*: what a left click does."""

    key: str
    label: str
    action: Action | None = None
    checked: bool | None = None
    enabled: bool = True
    default: bool = False
    children: tuple["Entry", ...] = ()


Entry = Item | Separator


def line(key: str, label: str) -> Item:
    """A line that only tells something."""
    return Item(key=key, label=label, enabled=False)
