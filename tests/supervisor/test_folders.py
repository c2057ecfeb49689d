"""Where our own files are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.folders import folders


def test_one_variable_puts_everything_below_one_folder(tmp_path: Path) -> None:
    """WAKELINE_HOME is all that a test or a second installation needs."""
    places = folders({"WAKELINE_HOME": str(tmp_path)})

    assert {place.parent for place in (places.config, places.state, places.cache, places.runtime)} == {
        tmp_path
    }


def test_without_a_runtime_folder_nothing_of_ours_is_in_the_common_one(tmp_path: Path) -> None:
    """Over SSH or in cron the socket is in a folder of the user's own, always the same, without a warning."""
    if sys.platform != "linux":
        pytest.skip("only there it may be missing")
    environment = {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    code = "from supervisor.folders import folders; print(*{folders().runtime for _ in range(3)})"
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    ours = f"{tmp_path}/.local/state/wakeline/run"
    assert told.stdout.strip() in {ours, f"/run/user/{os.getuid()}/wakeline"}
    assert told.stderr == ""


def test_a_relative_folder_means_the_same_from_everywhere() -> None:
    """Supervisor and tray may be started in different folders."""
    assert folders({"WAKELINE_HOME": "here"}).socket == Path.cwd() / "here" / "run" / "api.sock"
