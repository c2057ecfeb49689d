"""A whole server for every test that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A server behind a real local socket; its LAN listener is off until asked for."""
    with House(tmp_path) as house:
        yield house
