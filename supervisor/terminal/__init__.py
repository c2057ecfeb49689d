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

_FIRST_WITH_CONSOLES = 17_763


class Order(NamedTuple):
    """What to hold: a command, its folder, its whole environment, and a name for people."""

    argv: Sequence[str]
    cwd: str
    environment: Sequence[tuple[str, str]]
    name: str = ""


class State(NamedTuple):
    """How a held terminal is. *modes*: what brings a fresh terminal into its modes.

    *screens*: how many persons may be before it. *draft*: one of them has begun a line and not sent
    it. *paused*: see ``Roll.pause``. *idle_seconds*: since a person's last key; ``None``: there was none.
    """

    rows: int
    columns: int
    modes: bytes
    bracketed_paste: bool
    application_cursor: bool
    alternate_screen: bool
    screens: int
    turn: int
    remote: bool
    draft: bool
    paused: bool
    idle_seconds: float | None


class Roll(Protocol):
    """All terminals that are held, as the supervisor knows them.

    All that names a terminal raises ``NoSuchSession`` when it is not held, ``Failed`` when it ends
    meanwhile or nothing is confirmed within ten seconds, ``Refused`` where it cannot be.
    """

    def hosted(self) -> "Sequence[Hosted]":
        """Those whose command runs. From any thread."""
        ...

    async def look(self) -> None:
        """Find new ones; returns when they have introduced themselves."""
        ...

    async def start(self, order: Order, nursery: Callable[[int], object]) -> str:
        """Hold a command that nobody looks at yet; the terminal's id. For *nursery* see ``start`` below."""
        ...

    async def take(self, terminal: str) -> int:
        """Take the turn to type, from whoever has it; its number."""
        ...

    async def give(self, terminal: str) -> None:
        """Give it back, if it is ours still. Whoever dies has given it back."""
        ...

    async def type(self, terminal: str, own_id: str, turn: int, keys: bytes) -> None:
        """Type *keys* in that turn; returns when they are in the terminal.

        What came with the same *own_id* before is not typed again. Raises ``Refused`` when the turn
        is over: a person has pressed a key there.
        """
        ...

    async def ask(self, terminal: str) -> State:
        """How it is."""
        ...

    async def fit(self, terminal: str, rows: int, columns: int) -> None:
        """Give it a size from 1 to 1000, unless somebody looks at it at a screen of another."""
        ...

    async def pause(self, terminal: str) -> None:
        """Its processes are about to be stopped: its screens only say so, and are not suspended."""
        ...

    async def resume(self, terminal: str) -> None:
        """Its processes go on."""
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
    check()
    from supervisor.terminal import screen

    return screen.start(folder, nursery, order, detach_key=detach_key, detached=detached)


def attach(folder: "Path", terminal: str, *, detach_key: str) -> Parted:
    """Be a screen of a terminal that is held. Raises ``WakelineError``."""
    from supervisor.terminal import screen

    return screen.attach(folder, terminal, detach_key=detach_key)


def nursery() -> int:
    """Be the parent of all holders; see ``terminal.nest``. Without fork: be a holder."""
    if sys.platform == "win32":
        from supervisor.terminal import windows_begin

        return windows_begin.main()
    else:
        from supervisor.terminal import nest

        return nest.main()


def held(folder: "Path") -> Sequence[tuple[str, str]]:
    """Id and name of every terminal that is held."""
    from supervisor.terminal import calling

    return tuple(calling.held(folder))


def open_roll(
    folder: "Path",
    *,
    started_at: Callable[[int], float | None],
    changed: Callable[[], None],
    ended: Callable[[str, int | None], None],
    turned: Callable[[str, bool, bool], None] = lambda *_: None,
) -> Roll:
    """Make the roll. *changed*: there is a new one; *ended*: its exit code, ``None`` if its holder died.

    *turned*: whether it is typed into from afar, and whether a person at a screen has begun a line.
    """
    if not _is_possible():
        from supervisor.terminal.nothing import Nobody

        return Nobody()
    from supervisor.terminal.roll import Holders

    return Holders(folder, started_at=started_at, changed=changed, ended=ended, turned=turned)


def _is_possible() -> bool:
    """Windows has pseudo-consoles since its version 1809; pywinpty is their way to us."""
    if sys.platform == "win32":
        from importlib.util import find_spec

        return sys.getwindowsversion().build >= _FIRST_WITH_CONSOLES and find_spec("winpty") is not None
    return True


def check() -> None:
    """Raise ``Refused`` where no terminal can be held."""
    if not _is_possible():
        from supervisor.terminal.nothing import not_here

        raise not_here()
