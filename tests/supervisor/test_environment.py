"""What agents get of the environment."""

import os
import sys
from pathlib import Path

import pytest

from supervisor import environment
from supervisor.environment import clean, of_login


def test_nothing_of_us_is_passed_on() -> None:
    """Our own variables are nobody's business."""
    assert clean({"WAKELINE_HOME": "/w", "PATH": "/bin"}) == {"PATH": "/bin"}


def test_an_agent_around_us_is_not_passed_on() -> None:
    """A session started from within another one is no child of that one, and keeps the user's choices."""
    told = {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "s", "CLAUDE_CONFIG_DIR": "/c", "HOME": "/h"}

    assert clean(told) == {"CLAUDE_CONFIG_DIR": "/c", "HOME": "/h"}
    assert clean({"CLAUDE_EFFORT": "high"}) == {"CLAUDE_EFFORT": "high"}


@pytest.mark.skipif(sys.platform == "win32", reason="shells of Unix")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_users_own_shell_is_asked(shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor started by a desktop finds what the user's files set, whatever else they print."""
    place = next((p for d in os.get_exec_path() if (p := Path(d) / shell).exists()), None)
    if place is None:
        pytest.skip(f"needs {shell}: apt install {shell}")
    (tmp_path / ".config" / "fish").mkdir(parents=True)
    export = "export FROM_PROFILE='two words'; echo hello; echo A=B\n"
    for name in (".bash_profile", ".zshrc"):
        (tmp_path / name).write_text(export)
    (tmp_path / ".config" / "fish" / "config.fish").write_text(
        "set -gx FROM_PROFILE 'two words'; echo hello\n"
    )
    for name, value in {"SHELL": str(place), "HOME": str(tmp_path), "WAKELINE_X": "1"}.items():
        monkeypatch.setenv(name, value)
    environment._told_by.cache_clear()

    told = of_login()

    assert told["FROM_PROFILE"] == "two words"
    assert "WAKELINE_X" not in told


def test_a_shell_that_is_none_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no shell answers, there is our own environment."""
    monkeypatch.setenv("SHELL", "/nowhere/shell")
    monkeypatch.setenv("OURS", "1")

    assert of_login()["OURS"] == "1"
