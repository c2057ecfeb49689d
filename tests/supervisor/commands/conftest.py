"""A supervisor in memory behind the real local socket, where the command line looks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.house import House


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Verbs of this process ask this one."""
    monkeypatch.setenv("WAKELINE_HOME", str(tmp_path))
    with House(tmp_path) as served:
        yield served
