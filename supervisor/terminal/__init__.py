"""A terminal that a command runs in, and that outlives everybody who looks at it.

``start`` and ``attach`` are the local screen; ``open_roll`` is how the supervisor knows of all
terminals that are held. What they need is loaded when they are used: holders load this too.
"""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from supervisor.core.model import Hosted


class Order(NamedTuple):
    """What to hold: a command, its folder, its whole environment, and a name for people."""

    argv: Sequence[str]
    cwd: str
    environment: Sequence[tuple[str, str]]
    name: str = ""


class Roll(Protocol):
    """All terminals that are held, as the supervisor knows them."""

    def hosted(self) -> "Sequence[Hosted]":
        """Those whose command runs. From any thread."""
        ...

    async def look(self) -> None:
        """Find new ones; returns when they have introduced themselves."""
        ...

    def close(self) -> None:
        """Know nothing more; they live on."""
        ...


class Parted(NamedTuple):
    """How a screen and its terminal parted. *code*: what our own exit code is to be."""

    terminal: str
    code: int
    #: The user left; the command goes on.
    left: bool


def start(
    folder: "Path", nursery: Callable[[int], object], order: Order, *, detach_key: str, detached: bool
) -> Parted:
    """Hold a command, and be its screen until it ends or the user leaves.

    *folder*: private, for the sockets. *nursery* starts that program with a socket, given by number,
    as its standard input. *detached*: leave at once. Raises ``WakelineError``.
    """
    if sys.platform != "win32":
        from supervisor.terminal import screen

        return screen.start(folder, nursery, order, detach_key=detach_key, detached=detached)
    raise _not_here()


def attach(folder: "Path", terminal: str, *, detach_key: str) -> Parted:
    """Be a screen of a terminal that is held. Raises ``WakelineError``."""
    if sys.platform != "win32":
        from supervisor.terminal import screen

        return screen.attach(folder, terminal, detach_key=detach_key)
    raise _not_here()


def nursery() -> int:
    """Be the parent of all holders; see ``terminal.nest``."""
    if sys.platform != "win32":
        from supervisor.terminal import nest

        return nest.main()
    raise _not_here()


def held(folder: "Path") -> Sequence[tuple[str, str]]:
    """Id and name of every terminal that is held."""
    if sys.platform == "win32":
        return ()
    else:
        from supervisor.terminal import calling

        return tuple(calling.held(folder))


def open_roll(
    folder: "Path",
    *,
    started_at: Callable[[int], float | None],
    changed: Callable[[], None],
    ended: Callable[[str, int | None], None],
) -> Roll:
    """Make the roll. *changed*: there is a new one; *ended*: its exit code, ``None`` if its holder died."""
    if sys.platform == "win32":
        from supervisor.terminal.nothing import Nobody

        return Nobody()
    else:
        from supervisor.terminal.roll import Holders

        return Holders(folder, started_at=started_at, changed=changed, ended=ended)


def _not_here() -> Exception:
    from supervisor.core.errors import Refused

    return Refused(
        "Wakeline cannot hold a terminal on this system yet.",
        "Start the agent as usual: Wakeline sees it, and it ends with its terminal.",
    )
