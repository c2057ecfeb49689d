"""Malformed input for every part that reads what others write: a small seed of ``python -m tests.fuzz``."""

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("pipes, devices and holders of Linux are among it", allow_module_level=True)
assert sys.platform == "linux"

import subprocess
import time
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.parts import PARTS
from tests.lab.held import ROOT

#: Seconds of the processor; the slowest input seen takes a twentieth of one.
PATIENCE = 10.0


@pytest.mark.parametrize("name", PARTS)
def test_what_is_malformed_is_borne(name: str, tmp_path: Path) -> None:
    """No crash and no long thought; what comes after it is read again."""
    with PARTS[name].begin(tmp_path) as take:

        @settings(
            max_examples=200,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.integers(0, 2**32))
        def hand_over(number: int) -> None:
            began = time.thread_time()
            take(Random(number))
            assert time.thread_time() - began < PATIENCE

        hand_over()


def test_the_command_counts_what_it_hands_over() -> None:
    """Each part in its lives, and the figures at the end."""
    command = (sys.executable, "-m", "tests.fuzz", "--only", "frames", "--examples", "600")

    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stderr
    assert "1000 inputs in " in done.stdout
