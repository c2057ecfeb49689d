"""``wakeline hooks``: put into shells and agents, and taken away without a trace."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import homes
from tests.lab.wakeline import ROOT

if sys.platform == "win32":
    pytest.skip("shells of Unix", allow_module_level=True)

SETTINGS = '{\n  // mine\n  "model": "opus",\n}\n'
RC = b"alias x='y'  # \xff without an end"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user of bash with settings of Claude Code, whose program says its version."""
    (tmp_path / ".bashrc").write_bytes(RC)
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "settings.json").write_text(SETTINGS)
    claude = tmp_path / "bin" / "claude"
    claude.parent.mkdir()
    claude.write_text("#!/bin/sh\necho '2.1.329 (Claude Code)'\n")
    claude.chmod(0o755)
    return tmp_path


def hooks(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, as that user gives it."""
    environment = {
        **homes.environment(home),
        "PATH": f"{home / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "PYTHONPATH": str(ROOT),
        "WAKELINE_HOME": str(home / "w"),
    }
    return subprocess.run(
        [sys.executable, "-m", "supervisor", "hooks", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def states(home: Path) -> dict[str, str]:
    """What ``status`` says of each."""
    told = json.loads(hooks(home, "status", "--json").stdout)
    return {row["what"]: row["state"] for row in told["hooks"]}


def test_what_is_put_in_is_taken_away_byte_for_byte(home: Path) -> None:
    """Twice in is once in; away is as if it had never been there, backups included."""
    assert hooks(home, "install").returncode == 0
    first = (home / ".bashrc").read_bytes(), (home / ".claude" / "settings.json").read_text()
    assert hooks(home, "install").returncode == 0
    assert ((home / ".bashrc").read_bytes(), (home / ".claude" / "settings.json").read_text()) == first
    assert states(home) == {"bash": "installed", "Claude Code": "installed"}

    assert hooks(home, "remove").returncode == 0

    assert (home / ".bashrc").read_bytes() == RC
    assert (home / ".claude" / "settings.json").read_text() == SETTINGS
    assert states(home) == {"bash": "absent", "Claude Code": "absent"}
    left = [path.name for path in (*home.iterdir(), *(home / ".claude").iterdir())]
    assert not [name for name in left if "wakeline" in name]


def test_the_users_own_words_stay_in_the_settings(home: Path) -> None:
    """Comments, commas and order survive; the hook is one entry more."""
    hooks(home, "install")

    text = (home / ".claude" / "settings.json").read_text()

    assert '  // mine\n  "model": "opus",\n}\n' in text
    assert '"PermissionRequest"' in text


def test_a_file_that_cannot_be_read_keeps_nobody_from_the_others(home: Path) -> None:
    """Broken settings are left as they are, said so, and the shell is done all the same."""
    (home / ".claude" / "settings.json").write_text("{ no json")

    done = hooks(home, "install")

    assert done.returncode == 4
    assert (home / ".claude" / "settings.json").read_text() == "{ no json"
    assert states(home)["bash"] == "installed"


def test_nothing_is_made_for_agents_that_are_not_there(home: Path) -> None:
    """Without the program no settings appear."""
    (home / "bin" / "claude").unlink()
    (home / ".claude" / "settings.json").unlink()

    hooks(home, "install")

    assert not (home / ".claude" / "settings.json").exists()
