"""Terminals to hold commands in."""

import sys
from collections.abc import Iterator

import pytest

from tests.lab.held import Held

if sys.platform == "win32":
    # What these try with shells, signals and socket files, the contract tries for every system.
    collect_ignore_glob = ["test_[bchnprs]*.py", "test_keyboard.py", "test_kills.py", "test_typist.py"]
else:
    collect_ignore_glob = ["test_windows.py", "console/test_windows.py"]


@pytest.fixture
def held() -> Iterator[Held]:
    """A nursery and its holders; all of them end with the test."""
    with Held() as running:
        yield running
