"""The project's rules, as its tools check them: style, types on three systems, who imports whom."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def passes(tool: str, *arguments: str) -> None:
    program = shutil.which(tool, path=str(Path(sys.executable).parent))
    assert program, f"{tool} is not installed beside this Python"
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_style_is_kept() -> None:
    """ruff finds nothing to say."""
    passes("ruff", "check", ".")
    passes("ruff", "format", "--check", ".")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_the_types_hold(system: str, tmp_path: Path) -> None:
    """mypy is content for Linux, macOS and Windows, from any machine; tests are checked for Linux."""
    what = () if system == "linux" else ("supervisor", "tray", "icons")
    passes("mypy", "--platform", system, "--cache-dir", str(tmp_path), *what)


def test_nobody_imports_across_the_borders() -> None:
    """The core only thinks, stations do not know each other, the tray is a client."""
    passes("lint-imports", "--no-cache", "--no-logo")
