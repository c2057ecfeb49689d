"""Processes to look at."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

Spawn = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Starts Python programs that have said a line, and ends them all."""
    with ExitStack() as stack:

        def start(program: str, *arguments: str, **more: Any) -> subprocess.Popen[str]:
            argv = [sys.executable, "-c", program, *arguments]
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            child = subprocess.Popen(argv, text=True, **pipes, **more)
            stack.callback(_end, child)
            return child

        yield start


def _end(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()
