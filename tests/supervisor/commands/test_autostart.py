"""Starting at login, on the command line."""

import json
import sys
from pathlib import Path

import pytest

from supervisor.commands import parser

if sys.platform == "win32":
    pytest.skip("it would be the user's own registry", allow_module_level=True)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of our own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("WAKELINE_HOME", raising=False)
    return tmp_path


def test_on_off_and_how_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    """No supervisor is needed for it."""
    parser.run(["autostart", "on"])
    parser.run(["autostart"])
    parser.run(["autostart", "off"])

    told = capsys.readouterr().out
    assert told.count("Wakeline starts at login.") == 2
    assert told.endswith("Wakeline does not start at login.\n")


def test_it_starts_this_wakeline(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the folder that it has now, and both supervisor and tray."""
    monkeypatch.setenv("WAKELINE_HOME", str(home / "w"))

    parser.run(["autostart", "on", "--json"])

    told = json.loads(capsys.readouterr().out)
    assert told["on"]
    assert told["command"][:2] == ["/usr/bin/env", f"WAKELINE_HOME={home / 'w'}"]
    assert told["command"][-1] == "up"
