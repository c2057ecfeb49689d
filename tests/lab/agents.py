"""The real agents, in the versions the tests were written for: found in a cache, else installed.

The cache is ``$WAKELINE_TEST_CACHE`` or ``.cache/agents``. Fill it beforehand with
``python -m tests.lab.agents [NAME…]``: some are hundreds of megabytes.
"""

import json
import os
import platform
import re
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
    #: A script for a Node.js at least this old, if it is one.
    node: int | None = None
    #: Whether what it can do without is left out: then it is a fraction of its size.
    lean: bool = False

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
    "qwen": Pin(
        package="@qwen-code/qwen-code",
        version="0.24.4",
        programs=(".bin/qwen", ".bin/qwen.cmd"),
        node=22,
        lean=True,
    ),
    "gemini": Pin(
        package="@google/gemini-cli",
        version="0.61.0",
        programs=(".bin/gemini", ".bin/gemini.cmd"),
        node=20,
        lean=True,
    ),
    "copilot": Pin(
        package="@github/copilot",
        version="1.0.102",
        programs=("@github/copilot-*-*/copilot", "@github/copilot-*-*/copilot.exe"),
    ),
    "kimi": Pin(
        package="@moonshot-ai/kimi-code",
        version="2.1.0",
        programs=(".bin/kimi", ".bin/kimi.cmd"),
        node=22,
        lean=True,
    ),
    "opencode": Pin(
        package="opencode-ai",
        version="1.18.33",
        programs=("opencode-*-*/bin/opencode", "opencode-*-*/bin/opencode.exe"),
    ),
}

#: No agent: what looks through a page for whom it shuts out.
PINS["axe"] = Pin(package="axe-core", version="4.14.1", programs=("axe-core/axe.min.js",))

_SYSTEM = {"Linux": "linux", "Darwin": "darwin", "Windows": "win"}.get(platform.system(), "linux")
_PROCESSOR = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x64"
#: Node.js by npm, where the machine's own is too old: what the package ``node`` would bring.
PINS["node"] = Pin(
    package=f"node-{_SYSTEM}-{_PROCESSOR}",
    version="22.22.0",
    programs=("node-*/bin/node", "node-*/bin/node.exe", "node-*/node.exe"),
)


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


def node(name: str) -> Path | None:
    """The folder of the Node.js that this agent runs on; None: it needs none. Raises Missing."""
    least = PINS[name].node
    if least is None:
        return None
    own = shutil.which("node", path=REAL.get("PATH"))
    if own and _major(own) >= least:
        return Path(own).parent
    return program("node").parent


def _major(path: str) -> int:
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.match(r"v([0-9]+)", told.stdout)
    return int(found[1]) if found else 0


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
    optional = "--omit=optional" if pin.lean else "--include=optional"
    flags = ("--no-audit", "--no-fund", "--ignore-scripts", optional)
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
