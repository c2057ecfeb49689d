"""Who shows notices on this desktop."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("elsewhere the system does", allow_module_level=True)
assert sys.platform == "linux"

from supervisor.system.popups import shown_by
from tests.lab import popups as lab_popups
from tests.lab.desktop import Desktop, missing
from tests.lab.fixtures import do_without
from tests.lab.popups import Popups


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    """A desktop on which nobody shows anything."""
    if lacking := missing() or lab_popups.missing():
        do_without(lacking)
    with Desktop(tmp_path) as started:
        yield started


def test_whoever_shows_notices_is_named(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nobody, where there is nobody."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.env["DBUS_SESSION_BUS_ADDRESS"])
    before = shown_by()
    popups = Popups(desktop)
    now = shown_by()
    popups.end()

    assert (before, now) == (None, "dunst")


def test_without_a_bus_there_is_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As on a server."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")

    assert shown_by() is None
