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
    assert programs.painter_command(Path("/held"), "abc")[-3:] == ["painter", str(Path("/held")), "abc"]
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
    tray, wakeline = (str(Path("/opt/wakeline") / name) for name in ("wakeline-tray", "wakeline"))
    monkeypatch.setattr(sys, "executable", tray)

    assert programs.supervisor_command() == [wakeline, "serve", "--quiet"]
    assert programs.window_command("pairing") == [tray, "pairing"]


def test_what_was_started_is_in_a_session_of_its_own_and_leaves_no_corpse() -> None:
    """Closing a terminal does not take the supervisor along."""
    # Windows has no such sessions; what ends with a window there is whoever has it as its console.
    is_its_own = (
        "os.getsid(0) == os.getpid()"
        if sys.platform != "win32"
        else "ctypes.windll.kernel32.GetConsoleProcessList((ctypes.c_ulong * 9)(), 9) == 1"
    )
    program = f"import ctypes, os; print({is_its_own})"
    started = programs.start([sys.executable, "-c", program], stdout=subprocess.PIPE)

    assert started.stdout is not None
    with started.stdout as said:
        assert said.read().strip() == b"True"
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
