"""Terminals to hold commands in."""

import sys
from collections.abc import Iterator

import pytest

if sys.platform == "win32":
    collect_ignore_glob = ["test_[bchnprs]*.py", "test_keyboard.py", "test_kills.py", "test_typist.py"]
else:
    from tests.lab.held import Held

    @pytest.fixture
    def held() -> Iterator[Held]:
        """A nursery and its holders; all of them end with the test."""
        with Held() as running:
            yield running
