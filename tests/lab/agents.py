"""The real agents, in the versions the tests were written for: found in a cache, else installed.

The cache is ``$WAKELINE_TEST_CACHE`` or ``.cache/agents``. Fill it beforehand with
``python -m tests.lab.agents [NAME…]``: some are hundreds of megabytes.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.lab.nobody import REAL

#: Longest time that the installation of one agent may take, in seconds.
INSTALLATION = 600.0


class Missing(Exception):
    """The agent cannot be had here; the text says in one line what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One agent: its npm package, its version, and where the native program lies in it."""

    package: str
    version: str
    programs: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """Package and version as npm wants them."""
        return f"{self.package}@{self.version}"


PINS = {
    "claude": Pin(
        package="@anthropic-ai/claude-code",
        version="2.1.329",
        programs=("@anthropic-ai/claude-code-*/claude", "@anthropic-ai/claude-code-*/claude.exe"),
    ),
    "codex": Pin(
        package="@openai/codex",
        version="0.169.0",
        programs=("@openai/codex-*/vendor/*/bin/codex", "@openai/codex-*/vendor/*/bin/codex.exe"),
    ),
    "opencode": Pin(
        package="opencode-ai",
        version="1.18.33",
        programs=("opencode-*-*/bin/opencode", "opencode-*-*/bin/opencode.exe"),
    ),
}


def cache() -> Path:
    """Where the agents are kept between runs."""
    if named := os.environ.get("WAKELINE_TEST_CACHE"):
        return Path(named)
    return Path(__file__).parents[2] / ".cache" / "agents"


def program(name: str) -> Path:
    """The native program of one agent; installs it first if need be. Raises Missing."""
    pin, folder = PINS[name], cache() / name
    if installed_version(folder, pin) != pin.version:
        install(name)
    for pattern in pin.programs:
        # The shortest name is the plain build; longer ones are for older processors or other libcs.
        if found := sorted((folder / "node_modules").glob(pattern), key=lambda path: len(str(path))):
            return found[0]
    raise Missing(f"{pin.wanted} has no program for this machine")


def installed_version(folder: Path, pin: Pin) -> str | None:
    """The version that lies in the cache, or None."""
    try:
        package = json.loads((folder / "node_modules" / pin.package / "package.json").read_bytes())
    except (OSError, ValueError):
        return None
    version = package.get("version")
    return version if isinstance(version, str) else None


def install(name: str) -> None:
    """Install one agent into the cache, beside it first, so that half of one is never found."""
    pin, folder = PINS[name], cache() / name
    npm = shutil.which("npm")
    if npm is None:
        raise Missing(f"install Node.js with npm to test with {pin.wanted}")
    beside = folder.with_name(f".{name}-{os.getpid()}")
    beside.mkdir(parents=True, exist_ok=True)
    flags = ("--no-audit", "--no-fund", "--ignore-scripts", "--include=optional")
    command = [npm, "install", *flags, "--prefix", str(beside), pin.wanted]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALLATION, env=REAL)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except (OSError, subprocess.SubprocessError) as problem:
        raise Missing(f"npm could not install {pin.wanted}: {problem}") from problem
    finally:
        shutil.rmtree(beside, ignore_errors=True)


if __name__ == "__main__":
    for wished in sys.argv[1:] or PINS:
        print(wished, program(wished))
