"""A reader that repeats what it was given, and an ordinary user's folder."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from supervisor.core.model import Entry, EntryKind, Facts, Record, Role, Sign
from supervisor.transcripts.reading import Reader

NOBODY = 65534


@pytest.fixture
def ordinary_user(tmp_path: Path) -> Iterator[Path]:
    """Be a user to whom file permissions apply; give a folder of theirs."""
    if sys.platform == "win32" or os.geteuid() != 0:
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # tmp_path is closed to others
    os.chown(folder, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        os.seteuid(0)
        shutil.rmtree(folder)


@pytest.fixture
def echo() -> Callable[[], Reader]:
    """Make readers that say what they read: a record's ``says`` become its entries."""
    return new_echo


def new_echo() -> Reader:
    """Read one record after the other; each entry's id counts the records that were read."""
    read = 0

    def reader(fields: Mapping[str, Any]) -> Record:
        nonlocal read
        read += 1
        return Record(
            entries=_entries(fields.get("says", []), read),
            facts=Facts(title=fields.get("title"), cwd=fields.get("cwd")) if len(fields) > 1 else None,
            sign=Sign(fields["sign"]) if "sign" in fields else None,
            at=fields.get("at"),
        )

    return reader


def _entries(texts: Sequence[str], read: int) -> tuple[Entry, ...]:
    return tuple(
        Entry(seq=place, id=str(read), at=None, role=Role.USER, kind=EntryKind.TEXT, text=text)
        for place, text in enumerate(texts)
    )
