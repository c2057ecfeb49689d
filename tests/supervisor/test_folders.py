"""Where our own files are."""

import os
import subprocess
import sys
from pathlib import Path

from supervisor.folders import folders


def test_one_variable_puts_everything_below_one_folder(tmp_path: Path) -> None:
    """WAKELINE_HOME is all that a test or a second installation needs."""
    places = folders({"WAKELINE_HOME": str(tmp_path)})

    assert {place.parent for place in (places.config, places.state, places.cache, places.runtime)} == {
        tmp_path
    }


def test_without_a_runtime_folder_nothing_of_ours_is_in_the_common_one(tmp_path: Path) -> None:
    """Over SSH or in cron the socket is in the user's own state folder, and nobody is warned of it."""
    if sys.platform != "linux" or Path(f"/run/user/{os.getuid()}").exists():
        return
    environment = {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    code = "from supervisor.folders import folders; print(folders().runtime)"
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == str(tmp_path / ".local" / "state" / "wakeline" / "run")
    assert told.stderr == ""
