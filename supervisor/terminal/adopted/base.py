"""What every terminal program promises: which panes it has, and how to type into one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """A terminal that somebody else's program owns, and that it lets us type into."""

    #: The name of the program's module: ``tmux``, ``screen``, …
    program: str
    #: The program's own name for it.
    id: str
    #: The device that the command in it reads from: ``/dev/pts/7``.
    tty: str
    #: A socket, or what else names one of several servers; ``None``: the program has only one.
    server: str | None = None


class Program(Protocol):
    """The shape of a program's module, which *is* the program.

    All of it blocks; a program that is missing or hangs has nothing to tell. What types raises
    ``Failed`` when the program is missing or silent, or the pane is gone.
    """

    @property
    def name(self) -> str:
        """As in ``Pane.program``."""
        ...

    @property
    def title(self) -> str:
        """For people."""
        ...

    @property
    def types(self) -> bool:
        """Whether it can be typed into, or only be read."""
        ...

    def panes(self) -> Iterable[Pane]:
        """Those of every server of this user that can be reached."""
        ...

    def find(self, tty: str, environment: Mapping[str, str]) -> Pane | None:
        """The pane with that device. *environment*: of a process in it."""
        ...

    def ready(self, pane: Pane) -> bool | None:
        """Whether what runs there has asked for bracketed pastes; ``None``: the program does not tell.

        Raises ``Refused`` when typing would not reach it, or others as well.
        """
        ...

    def paste(self, pane: Pane, text: str, *, bracketed: bool) -> None:
        """Type a text that is ready to be sent. *bracketed*: by us, where the program does not do it."""
        ...

    def keys(self, pane: Pane, pressed: bytes) -> None:
        """Type these very bytes."""
        ...

    def screen_text(self, pane: Pane) -> str | None:
        """What it shows now, line by line."""
        ...

    def attended(self, pane: Pane) -> bool | None:
        """Whether somebody has it before their eyes."""
        ...


#: Around a text that is pasted, for programs that asked for it (xterm's mode 2004).
PASTE_BEGINS, PASTE_ENDS = b"\x1b[200~", b"\x1b[201~"


def in_brackets(text: str) -> bytes:
    """The text as a terminal pastes it. A text without control characters cannot end the paste."""
    return PASTE_BEGINS + text.encode() + PASTE_ENDS
