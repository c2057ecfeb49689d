"""Painters run from this source."""

import pytest

from tests.lab.held import ROOT


@pytest.fixture(autouse=True)
def from_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed beside it."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
