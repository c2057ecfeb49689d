"""The registry's list of what is started after the login."""

import sys

import pytest

assert sys.platform == "win32"

from supervisor.core.errors import Failed
from supervisor.system.autostart import windows


def test_it_is_on_and_off_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word comes back as it was; off leaves nothing behind."""
    monkeypatch.setattr(windows, "_NAME", "Wakeline test")

    windows.turn_on([r"C:\Wake line\wakeline.exe", "up"])

    assert windows.command() == [r"C:\Wake line\wakeline.exe", "up"]
    windows.turn_off()
    windows.turn_off()
    assert windows.command() is None


def test_what_would_not_be_started_is_refused() -> None:
    """Explorer leaves out what is too long, and says nothing."""
    with pytest.raises(Failed, match="too long"):
        windows.turn_on(["x" * 300])
