"""Programs of macOS, asked in AppleScript: what is typed is an argument or in a file, never in a script."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from supervisor.terminal.adopted.asking import done, told

_FIELD: Final = "\t"


def rows(script: str, *arguments: str) -> Sequence[Sequence[str]]:
    """What a script returned, line by line, cut at tabs; nothing when it failed."""
    answer = told(("osascript", "-", *arguments), script.encode()) or ""
    return [line.split(_FIELD) for line in answer.splitlines() if line]


def said(script: str, *arguments: str) -> str | None:
    """What a script returned, or ``None``."""
    answer = told(("osascript", "-", *arguments), script.encode())
    return None if answer is None else answer.removesuffix("\n")


def tell(script: str, *arguments: str) -> str:
    """Insist that the script worked. Raises ``Failed``."""
    return done(("osascript", "-", *arguments), script.encode()).removesuffix("\n")


@contextmanager
def private_file(content: bytes) -> Iterator[str]:
    """A file that only this user can read, as long as it takes."""
    with tempfile.TemporaryDirectory(prefix="wakeline-") as folder:
        path = Path(folder, "text")
        path.write_bytes(content)
        yield os.fspath(path)
