"""Agents under ``wakeline run`` in real terminals, and the supervisor that knows of them."""

import sys

assert sys.platform != "win32"

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from supervisor.core.errors import NoSuchSession
from tests.lab import homes
from tests.lab.held import end
from tests.lab.terminal import Terminal
from tests.lab.wakeline import Wakeline, entries, said

InTerminal = Callable[[homes.Launch], Terminal]


@contextmanager
def wakeline_in(**settings: str) -> Iterator[Wakeline]:
    """A running supervisor with a home of its own; whatever is started in its name ends with it."""
    # A short folder: the names of sockets have a limit.
    with tempfile.TemporaryDirectory(prefix="st-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "home").mkdir()
        # Agents are found by their names, as a user's shell finds them.
        (folder / "bin").mkdir()
        path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        running = Wakeline(
            folder / "w", folder / "home", WAKELINE_DISCOVER_BELOW_PID="0", PATH=path, **settings
        )
        with running:
            yield running
        for process in psutil.process_iter():
            if _is_ours(process, name):
                end(process.pid)


def _is_ours(process: psutil.Process, folder: str) -> bool:
    try:
        ours = process.environ()
    except psutil.Error:
        return False
    return process.pid != os.getpid() and any(
        ours.get(name, "").startswith(folder) for name in ("WAKELINE_HOME", "HOME")
    )


def home_of(wakeline: Wakeline) -> Path:
    """The agents' home."""
    return wakeline.folder.parent / "home"


def project_of(wakeline: Wakeline) -> Path:
    """The folder that agents work in."""
    return wakeline.folder.parent / "project"


def by_name(wakeline: Wakeline, launch: homes.Launch) -> str:
    """Make a program be found by its usual name, also by a shell that is started for its environment."""
    name = Path(launch.argv[0]).stem
    link = wakeline.folder.parent / "bin" / name
    if not link.exists():
        link.symlink_to(launch.argv[0])
    exports = "".join(f"export {k}='{v}'\n" for k, v in launch.env.items() if k not in {"HOME", "PATH"})
    (home_of(wakeline) / ".bash_profile").write_text(
        f"{exports}export PATH='{wakeline.environment['PATH']}'\n"
    )
    return name


class Held:
    """An agent under ``wakeline run`` in a real terminal. Owner: the test."""

    def __init__(self, wakeline: Wakeline, launch: homes.Launch, in_terminal: InTerminal) -> None:
        """Start it by its usual name."""
        self.wakeline = wakeline
        self.cwd = launch.cwd
        self.agent = by_name(wakeline, launch)
        env = {**launch.env, **wakeline.environment}
        argv = (sys.executable, "-m", "supervisor", "run", "--", self.agent, *launch.argv[1:])
        self.terminal = in_terminal(homes.Launch(argv=argv, env=env, cwd=launch.cwd))

    def session(self, seconds: float = 60.0, **wanted: Any) -> dict[str, Any]:
        """Its session, when it is as wanted."""
        return self.wakeline.wait_for(seconds, agent=self.agent, **wanted)

    def said(self, role: str) -> list[str]:
        """What one side said so far; nothing while its session is getting its own id."""
        try:
            return said(entries(self.wakeline, self.session()["id"]), role)
        except NoSuchSession:
            return []
