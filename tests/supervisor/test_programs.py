"""Starting the supervisor and the windows."""

import subprocess
import sys
from pathlib import Path

import pytest

from supervisor import programs
from tests.lab.waiting import until


def test_from_source_the_same_python_runs_everything() -> None:
    """A virtual environment stays in its environment."""
    assert programs.supervisor_command() == [sys.executable, "-P", "-m", "supervisor", "serve", "--quiet"]
    assert programs.painter_command(Path("/held"), "abc")[-3:] == ["painter", "/held", "abc"]
    assert programs.window_command("details", "--session=x") == [
        sys.executable,
        "-P",
        "-m",
        "tray.details",
        "--session=x",
    ]


def test_a_frozen_program_runs_its_sibling_and_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no ``python -m`` in a package for people."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/wakeline/wakeline-tray")

    assert programs.supervisor_command() == ["/opt/wakeline/wakeline", "serve", "--quiet"]
    assert programs.window_command("pairing") == ["/opt/wakeline/wakeline-tray", "pairing"]


def test_what_was_started_is_in_a_session_of_its_own_and_leaves_no_corpse() -> None:
    """Closing a terminal does not take the supervisor along."""
    started = programs.start(
        [sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"], stdout=subprocess.PIPE
    )

    assert started.stdout is not None
    with started.stdout as said:
        assert sys.platform == "win32" or said.read().strip() == b"True"
    until(lambda: started.returncode == 0)


def test_what_is_started_from_within_a_session_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopping that session with all that it left behind must not end the supervisor."""
    for name in programs.MARKS:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("MY_OWN", "kept")

    program = "import os; print(sorted(os.environ.keys() & {'MY_OWN', 'WAKELINE_TERMINAL', 'CLAUDE_PID'}))"
    started = programs.start([sys.executable, "-c", program], stdout=subprocess.PIPE)

    assert started.stdout is not None
    with started.stdout as said:
        assert said.read().strip() == b"['MY_OWN']"
    until(lambda: started.returncode == 0)
