"""What is asked of a system about processes that came from a session."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from supervisor.core.model import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a process uses: seconds of CPU, those of its ended children too, and bytes of memory."""

    cpu_seconds: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The file that a process writes its standard output to; *file*: its device and inode."""

    path: str
    file: tuple[int, int]
    bytes: int


class Details(Protocol):
    """What can be known of one process of this user."""

    def environment(self, pid: int, names: Collection[str]) -> Mapping[str, str]:
        """Those of its variables that have these names; none for another user's."""
        ...

    def use(self, pid: int) -> Use:
        """What it uses now."""
        ...

    def output(self, pid: int) -> Output | None:
        """Where its standard output goes, if that is a regular file of this user."""
        ...

    def tail(self, run: Run, size: int) -> tuple[bytes, int, int] | None:
        """The last bytes of that file, from which byte on, and its size; ``None``: there is none."""
        ...
