"""Terminals as ps tells them, on any Unix; it tells less than /proc does."""

import sys

assert sys.platform != "win32"

import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from supervisor.core.model import Run
from supervisor.terminal.adopted.asking import told
from supervisor.terminal.adopted.ttys.base import Leader

_COLUMNS: Final = "pid=,ppid=,pgid=,tpgid=,stat=,tty=,lstart=,comm="
_LINE: Final = re.compile(r"\s*(\d+)\s+(\d+)\s+(\d+)\s+(-?\d+)\s+(\S+)\s+(\S+)\s+(.{24})\s+(.*)")
_VARIABLE: Final = re.compile(r" ([A-Z_][A-Z0-9_]*)=(\S*)")
#: It tells whole seconds, and the clock may have been set.
_TOLERANCE_SECONDS: Final = 2.0


class _Line(NamedTuple):
    pid: int
    parent: int
    group: int
    front: int
    leads: bool
    tty: str | None
    started_at: float
    name: str


def terminal_of(pid: int) -> str | None:
    """The device that this process is controlled by, such as ``/dev/ttys003``."""
    return next((line.tty for line in _lines("-p", str(pid))), None)


def leaders() -> Iterator[Leader]:
    """Of every terminal; ``login`` leads many, and belongs to root."""
    everyone = {line.pid: line for line in _lines("-ax")}
    for line in everyone.values():
        if line.leads and line.tty:
            parent = everyone.get(line.parent)
            name = Path(parent.name).name if parent else ""
            yield Leader(pid=line.pid, tty=line.tty, parent=line.parent, parent_name=name)


def leader(tty: str) -> Leader | None:
    """Of this terminal."""
    return next((each for each in leaders() if each.tty == tty), None)


def environment(pid: int) -> Mapping[str, str]:
    """Its environment at its start, without what has blanks in it; empty when it may not be known."""
    everything = "-Eww" if sys.platform == "darwin" else "eww"
    line = told(("ps", everything, "-o", "command=", "-p", str(pid)), environment={"LC_ALL": "C"})
    return dict(_VARIABLE.findall(line or ""))


def in_front(run: Run, tty: str) -> bool:
    """Whether this very process gets what is typed there."""
    line = next(_lines("-p", str(run.pid)), None)
    if line is None or abs(line.started_at - run.started_at) > _TOLERANCE_SECONDS:
        return False
    first = leader(tty)
    return (
        first is not None and line.tty == tty and _session(run.pid) == first.pid and line.group == line.front
    )


def bytes_read(_tty: str) -> int | None:
    """Not told here."""
    return None


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _lines(*which: str) -> Iterator[_Line]:
    for text in (told(("ps", *which, "-o", _COLUMNS), environment={"LC_ALL": "C"}) or "").splitlines():
        if (found := _LINE.fullmatch(text)) and not found[5].startswith("Z"):
            yield _line(*found.groups())


def _line(*columns: str) -> _Line:
    pid, parent, group, front, status, tty, started, name = columns
    started_at = time.mktime(time.strptime(" ".join(started.split()), "%a %b %d %H:%M:%S %Y"))
    device = None if tty.startswith(("?", "-")) else f"/dev/{tty}"
    return _Line(int(pid), int(parent), int(group), int(front), "s" in status, device, started_at, name)
