"""What is not loaded before it is needed: each of these costs memory all day, or time at each command."""

import os
import subprocess
import sys

import pytest

LOADED = "import sys; import {}; print(*sys.modules)"


def loaded_by(module: str) -> set[str]:
    """All modules that a fresh interpreter has loaded with that one."""
    told = subprocess.run(
        [sys.executable, "-c", LOADED.format(module)], capture_output=True, text=True, check=True, timeout=60
    )
    return set(told.stdout.split())


@pytest.mark.parametrize("verb", ["sessions", "up", "steer", "run"])
def test_a_command_loads_neither_event_loop_nor_server(verb: str) -> None:
    """A command is at the prompt again before it is noticed: it asks, and prints the answer."""
    loaded = loaded_by(f"supervisor.commands.{verb}")

    heavy = {"asyncio", "aiohttp", "ssl", "sqlite3", "cryptography", "psutil", "http.client", "tenacity"}
    assert not heavy & loaded
    assert not {name for name in loaded if name.startswith(("supervisor.app", "supervisor.remote"))}


def test_a_supervisor_without_phones_is_light() -> None:
    """What phones, notices to elsewhere, tries and mistakes need is loaded when there are some."""
    loaded = loaded_by("supervisor.app")

    rare = {"cryptography", "zeroconf", "segno", "apprise", "tenacity", "websockets", "PIL", "pyghostty"}
    assert not (rare | {"argparse", "difflib", "tomllib", "aiohttp.web"}) & loaded


def test_which_authorities_are_trusted_is_as_it_was_after_loading() -> None:
    """The server's library is loaded without any; what asks for models trusts whom the user trusts."""
    told = subprocess.run(
        [sys.executable, "-c", "import os, supervisor.remote.lane; print(os.environ['SSL_CERT_FILE'])"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "SSL_CERT_FILE": "mine.pem"},
    )

    assert told.stdout.strip() == "mine.pem"
