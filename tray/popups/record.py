"""What is on the screen, and what ever was, written down for the tray that comes after this one."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """*shown*: notices on the screen, with the number that the desktop gave each. *by*: who shows them."""

    shown: Mapping[str, int] = field(default_factory=dict)
    by: str = ""
    seen: Sequence[str] = ()


def read(path: Path) -> Record:
    """What was written; nothing if that cannot be read."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        shown = {str(key): int(number) for key, number in told["shown"].items()}
        return Record(shown=shown, by=str(told["by"]), seen=[str(one) for one in told["seen"]])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Record()


def write(path: Path, record: Record) -> None:
    """Write it; whoever reads meanwhile finds the old one or the new one."""
    told = {"by": record.by, "shown": dict(record.shown), "seen": list(record.seen)}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(told), encoding="utf-8")
    os.replace(new, path)  # noqa: PTH105  # the one that replaces on every system
