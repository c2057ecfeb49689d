"""The process that a terminal program started in a terminal."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Leader:
    """The first process of a terminal's session, and who started it."""

    pid: int
    tty: str
    parent: int
    #: The name of the parent's program: ``tmux: server``, ``screen``, ``kitty``, …
    parent_name: str
