"""A launch agent, as far as files go: launchd itself is macOS's."""

import plistlib
from pathlib import Path

import pytest

from supervisor.system.autostart import macos


def test_the_agent_is_a_property_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is started at login with each word as it is, and what it starts outlives it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    command = ["/Applications/Wake line/wakeline", "up", "<&>"]

    place = macos.turn_on(command)

    told = plistlib.loads(Path(place).read_bytes())
    assert (told["ProgramArguments"], told["RunAtLoad"], told["AbandonProcessGroup"]) == (command, True, True)
    assert macos.command() == command
    macos.turn_off()
    assert macos.command() is None
